"""Failed logins by the address they come from, counted for all processes in slots of time."""

from datetime import datetime, timedelta

from sqlalchemy import text

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp


async def note_try(ledger: Ledger, address: str, now: datetime, window: timedelta) -> None:
    """One more failed login from there."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO source_try (source_hash, slot, n) VALUES (:source, :slot, 1) "
                "ON CONFLICT (source_hash, slot) DO UPDATE SET n = source_try.n + 1"
            ),
            {"source": ledger.vault.blind("source", address), "slot": stamp(now) // _length(window)},
        )


async def count_tries(ledger: Ledger, address: str, now: datetime, window: timedelta) -> int:
    """How many logins from there failed in the slot of now and, for the part of it that counts, in the one before."""
    slot, into = divmod(stamp(now), _length(window))
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT slot, n FROM source_try WHERE source_hash = :source AND slot IN (:slot, :before)"),
            {"source": ledger.vault.blind("source", address), "slot": slot, "before": slot - 1},
        )
        n = {row.slot: row.n for row in rows}
    return int(n.get(slot, 0)) + int(n.get(slot - 1, 0)) * (_length(window) - into) // _length(window)


async def forget_tries(ledger: Ledger, now: datetime, window: timedelta) -> int:
    """Counts that say nothing any more are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM source_try WHERE slot < :slot"), {"slot": stamp(now) // _length(window) - 1}
        )
        return gone.rowcount


def _length(window: timedelta) -> int:
    return window // timedelta(microseconds=1)
