"""Households that were reached: by receipts, and by people."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.corrections import DISOWNED
from notifier.store.ledger import Ledger
from notifier.store.setbacks import add_setbacks
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount

# Every person whose lines are told has a delivered message: a household with two chains is reached when both are, and
# one that waits for its next retry to be composed is not. What a recorded retry tells again counts in its words alone.
_EVERY_CHAIN = (
    "{owed}.composed_step = 0 AND NOT EXISTS (SELECT 1 FROM message x WHERE x.owed_id = {owed}.id "
    "AND x.retry >= coalesce({owed}.retry, 0) AND NOT EXISTS ("
    "SELECT 1 FROM message y WHERE y.owed_id = x.owed_id AND y.person_id = x.person_id AND y.retry = x.retry "
    f"AND y.state = 'delivered' AND y.contact_id NOT IN {DISOWNED}))"
)


async def reach(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], level: str, now: datetime) -> list[int]:
    """The owed of these delivered messages are reached, if all their chains are; open visits are overtaken.

    What arrived at a number that is somebody else's reaches nobody; its household goes on.
    Gives the owed ids that moved. Empty is fine. Safe to repeat: what is reached or acknowledged stays.
    """
    if not message_ids:
        return []
    chosen = {"ids": ledger.listed(message_ids)}
    rows = await c.execute(
        text(f"SELECT id FROM message WHERE {ledger.among('id', 'ids')} AND contact_id IN {DISOWNED}"), chosen
    )
    await add_setbacks(c, ledger, [int(row.id) for row in rows])
    rows = await c.execute(text(f"SELECT DISTINCT owed_id FROM message WHERE {ledger.among('id', 'ids')}"), chosen)
    return await reach_owed(c, ledger, [int(row.owed_id) for row in rows], level, now)


async def disown_owed(c: AsyncConnection, ledger: Ledger, owed_ids: Sequence[int], now: datetime) -> list[int]:
    """Those reached by receipts alone whose evidence is not theirs any more are pending again; their ids.

    Call it after the number's correction task is open. What a person said or signed stands. Empty is fine.
    """
    where = "{owed}.state = 'reached' AND {owed}.level = 'handset' AND {owed}.composed_step = 0 AND NOT ({told})"
    chosen = {"ids": ledger.listed(owed_ids)}
    fallen = where.format(owed="o", told=_EVERY_CHAIN.format(owed="o"))
    await uncount(c, "owed", f"{ledger.among('o.id', 'ids')} AND {fallen}", chosen)
    fallen = where.format(owed="owed", told=_EVERY_CHAIN.format(owed="owed"))
    rows = await c.execute(
        text(
            "UPDATE owed SET state = 'pending', level = NULL, state_at = :now "
            f"WHERE {ledger.among('id', 'ids')} AND {fallen} RETURNING id"
        ),
        chosen | {"now": stamp(now)},
    )
    moved = [int(row.id) for row in rows]
    await count(c, "owed", ledger.among("o.id", "ids"), {"ids": ledger.listed(moved)})
    return moved


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
