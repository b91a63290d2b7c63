"""Who follows the official account: openids that can or can no longer be addressed."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import ContactKind
from notifier.store.ledger import Ledger


async def set_following_in(c: AsyncConnection, ledger: Ledger, openid: str, *, following: bool) -> int:
    """Contacts with this openid are usable, or unfollowed; how many changed. Safe to repeat; unknown ones are fine."""
    then, before = ("usable", "unfollowed") if following else ("unfollowed", "usable")
    changed = await c.execute(
        text("UPDATE contact SET state = :then WHERE value_hash = :hash AND kind = :kind AND state = :before"),
        {
            "then": then,
            "before": before,
            "hash": ledger.vault.blind("openid", openid),
            "kind": ContactKind.OPENID.value,
        },
    )
    return int(changed.rowcount)
