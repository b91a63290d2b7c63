"""Numbers that are said not to exist: counted by distinct day, believed after some, forgotten when one is reached.

A carrier is sometimes wrong for a day (a number that moves, a gateway in trouble), and what is temporary never counts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.outcomes import Reason
from notifier.store.corrections import open_corrections
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

_DAY_US = 86_400_000_000
_BEIJING_US = 28_800_000_000
_COUNTED = timedelta(days=180)
"""A number can be given to somebody else; an older verdict says nothing of it."""


async def note_verdicts(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], code: str | None, now: datetime
) -> None:
    """The numbers of these messages were said not to exist today. Empty is fine. Safe to repeat: a day counts once."""
    if message_ids:
        await c.execute(
            text(
                "INSERT INTO number_verdict (address_hash, on_day, code) "
                "SELECT DISTINCT t.value_hash, CAST(:day AS BIGINT), CAST(:code AS VARCHAR) "
                f"FROM message m JOIN contact t ON t.id = m.contact_id WHERE {ledger.among('m.id', 'ids')} "
                "AND t.kind = 'phone' ON CONFLICT (address_hash, on_day) DO NOTHING"
            ),
            {"day": _day(now), "code": code or "", "ids": ledger.listed(message_ids)},
        )


async def forget_verdicts(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], now: datetime) -> None:
    """The numbers of these delivered messages exist: nothing is held against them, and no task asks to correct them.

    A number that a person disowned stays wrong. Empty is fine. Safe to repeat.
    """
    if not message_ids:
        return
    rows = await c.execute(
        text(
            "DELETE FROM number_verdict WHERE address_hash IN (SELECT t.value_hash FROM message m "
            f"JOIN contact t ON t.id = m.contact_id WHERE {ledger.among('m.id', 'ids')}) RETURNING address_hash"
        ),
        {"ids": ledger.listed(message_ids)},
    )
    reached = sorted({bytes(row.address_hash) for row in rows})
    if reached:
        await _restore(c, ledger, reached, now)


async def _restore(c: AsyncConnection, ledger: Ledger, hashes: Sequence[bytes], now: datetime) -> None:
    closed = await c.execute(
        text(
            "UPDATE correction_task SET state = 'dismissed', closed_at = :now WHERE state = 'open' "
            "AND reason = :dead AND contact_id IN (SELECT id FROM contact WHERE value_hash IN :hashes) "
            "RETURNING contact_id"
        ).bindparams(bindparam("hashes", expanding=True)),
        {"now": stamp(now), "dead": Reason.DEAD_NUMBER.value, "hashes": list(hashes)},
    )
    contact_ids = [int(row.contact_id) for row in closed]
    await c.execute(
        text(f"UPDATE contact SET state = 'usable' WHERE {ledger.among('id', 'ids')} AND state = 'wrong'"),
        {"ids": ledger.listed(contact_ids)},
    )


async def suppress_dead(ledger: Ledger, n_days: int, now: datetime) -> int:
    """Numbers that were said not to exist on `n_days` distinct days are used no more; how many contacts have one.

    Each has an open task for the village that owns the record. Safe to repeat.
    """
    dead = (
        "state = 'usable' AND kind = 'phone' AND value_hash IN (SELECT address_hash FROM number_verdict "
        "WHERE on_day > :since GROUP BY address_hash HAVING COUNT(*) >= :days)"
    )
    bound = {"since": _day(now - _COUNTED), "days": n_days}
    async with ledger.reading() as c:
        if (await c.execute(text(f"SELECT 1 FROM contact WHERE {dead} LIMIT 1"), bound)).first() is None:
            return 0
    async with ledger.writing() as c:
        rows = await c.execute(text(f"UPDATE contact SET state = 'wrong' WHERE {dead} RETURNING id"), bound)
        contact_ids = [int(row.id) for row in rows]
        await open_corrections(c, ledger, contact_ids, Reason.DEAD_NUMBER, now)
    return len(contact_ids)


async def purge_verdicts(ledger: Ledger, now: datetime) -> int:
    """Verdicts too old to count are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM number_verdict WHERE on_day <= :since"), {"since": _day(now - _COUNTED)}
        )
    return int(gone.rowcount)


def _day(at: datetime) -> int:
    return (stamp(at) + _BEIJING_US) // _DAY_US
