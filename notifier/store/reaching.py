"""Households that were reached: by receipts, and by people."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount

# Every person whose lines are told has a delivered message: a household with two chains is reached when both are, and
# one that waits for its next retry to be composed is not.
_EVERY_CHAIN = (
    "{owed}.composed_step = 0 AND NOT EXISTS (SELECT 1 FROM message x WHERE x.owed_id = {owed}.id AND NOT EXISTS ("
    "SELECT 1 FROM message y WHERE y.owed_id = x.owed_id AND y.person_id = x.person_id AND y.retry = x.retry "
    "AND y.state = 'delivered'))"
)


async def reach(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], level: str, now: datetime) -> list[int]:
    """The owed of these delivered messages are reached, if all their chains are; open visits are overtaken.

    Gives the owed ids that moved. Empty is fine. Safe to repeat: what is reached or acknowledged stays.
    """
    if not message_ids:
        return []
    rows = await c.execute(
        text(f"SELECT DISTINCT owed_id FROM message WHERE {ledger.among('id', 'ids')}"),
        {"ids": ledger.listed(message_ids)},
    )
    return await reach_owed(c, ledger, [int(row.owed_id) for row in rows], level, now)


async def reach_owed(
    c: AsyncConnection, ledger: Ledger, owed_ids: Sequence[int], level: str, now: datetime
) -> list[int]:
    """As `reach`, by owed id. `acknowledged` needs no receipts: a person's word stands for the whole household."""
    chosen = {"ids": ledger.listed(owed_ids)}
    told = "1 = 1" if level == "acknowledged" else _EVERY_CHAIN
    open_to = "'pending', 'unreached', 'excused'" + (", 'reached'" if level == "acknowledged" else "")
    await uncount(
        c, "owed", f"{ledger.among('o.id', 'ids')} AND o.state IN ({open_to}) AND {told.format(owed='o')}", chosen
    )
    rows = await c.execute(
        text(
            "UPDATE owed SET state = 'reached', level = :level, state_at = :now "
            f"WHERE {ledger.among('id', 'ids')} AND state IN ({open_to}) AND {told.format(owed='owed')} RETURNING id"
        ),
        chosen | {"level": level, "now": stamp(now)},
    )
    moved = [int(row.id) for row in rows]
    if moved:
        reached = {"ids": ledger.listed(moved)}
        await count(c, "owed", ledger.among("o.id", "ids"), reached)
        await c.execute(
            text(
                f"UPDATE visit SET state = 'overtaken' WHERE {ledger.among('owed_id', 'ids')} "
                "AND state IN ('open', 'excuse_asked')"
            ),
            reached,
        )
    return moved
