"""Messages that wait: durably, in chunks of their own, and no longer than anybody would want the news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.gateway_state import is_route_error
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.outcomes import Reason
from notifier.store.dispatching import Claim, in_new_chunk
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, fail_messages, move_messages
from notifier.store.tables.columns import stamp

_LEAST_WAITS = 3


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when and why messages wait, since when they have (None: since now), and how long they may."""

    code: str
    until: datetime
    since: datetime | None
    most: timedelta


def wait_of(held: Claim, code: str, until: datetime, most: timedelta) -> Wait:
    """The next wait of a chunk's messages; what lies behind them counts once they have tried a few times: a holiday or
    a night is not theirs."""
    return Wait(code, until, held.waiting_since if held.n_waits >= _LEAST_WAITS else None, most)


async def postpone(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], wait: Wait, now: datetime
) -> list[int]:
    """The messages wait until then; those for whom that is too long have failed and go their ladder's way. Their ids.

    Call it by the owner of their chunk, after ids of chunks were taken (`take_ids(c, "chunk", 0)`). Empty is fine.
    """
    if wait.until - (wait.since or now) > wait.most:
        reason = Reason.GATEWAY if is_route_error("postponed", wait.code) else Reason.LIMITED
        return await fail_messages(c, ledger, message_ids, Cause(MessageEvent.REFUSE, wait.code, reason), now)
    moved = await move_messages(c, ledger, message_ids, Cause(MessageEvent.POSTPONE, wait.code), now)
    await in_new_chunk(c, ledger, moved, wait.until, now)
    return []


async def wait_for_gateway(c: AsyncConnection, ledger: Ledger, held: Claim, most: timedelta, now: datetime) -> bool:
    """None of the chunk's messages could leave, since every gateway is shut: they wait since the first time that it was
    so. True when that is too long: they have failed and go their ladder's way."""
    if held.waiting_since is None:
        await c.execute(
            text("UPDATE chunk SET waiting_since = :now WHERE id = :id"), {"now": stamp(now), "id": held.chunk_id}
        )
        return False
    if now - held.waiting_since <= most:
        return False
    ids = [one.message_id for one in held.waiting]
    await fail_messages(c, ledger, ids, Cause(MessageEvent.REFUSE, "no_gateway", Reason.GATEWAY), now)
    return True
