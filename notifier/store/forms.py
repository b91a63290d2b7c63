"""Forms that can be sent twice: each carries a token of its own, and only its first coming does anything."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp


async def is_first(c: AsyncConnection, ledger: Ledger, token: str | None, now: datetime) -> bool:
    """True the first time a form's token is seen, in the caller's transaction; without a token always."""
    if not token:
        return True
    kept = await c.execute(
        text(
            "INSERT INTO form_done (token_hash, at) VALUES (:hash, :now) ON CONFLICT (token_hash) DO NOTHING "
            "RETURNING token_hash"
        ),
        {"hash": ledger.vault.blind("form", token), "now": stamp(now)},
    )
    return kept.first() is not None


async def forget_forms(ledger: Ledger, now: datetime, keep: timedelta) -> int:
    """Tokens older than `keep` are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM form_done WHERE at < :before RETURNING token_hash"), {"before": stamp(now - keep)}
        )
        return len(gone.all())
