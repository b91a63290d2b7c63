"""After a number was corrected: what the household is still owed is told to the new one, by itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.hearing import run_again
from notifier.store.ledger import Ledger
from notifier.store.setbacks import add_setbacks

_WAITING = (
    "SELECT o.id, o.campaign_id FROM owed o JOIN campaign k ON k.id = o.campaign_id WHERE {among} "
    "AND o.state IN ('pending', 'unreached') AND o.composed_step = 0 AND k.state IN ('running', 'paused', 'finished')"
)
# The last message of each chain; whether the chain is still alive is for composing to see.
_LAST_OF_CHAINS = (
    "SELECT m.id FROM message m WHERE {among} AND NOT EXISTS (SELECT 1 FROM message later WHERE "
    "later.owed_id = m.owed_id AND later.person_id = m.person_id AND later.retry = m.retry AND later.id <> m.id "
    "AND (later.step > m.step OR (later.step = m.step AND later.id > m.id)))"
)


async def resend_corrected(c: AsyncConnection, ledger: Ledger, household_id: int, now: datetime) -> int:
    """`resend_to` for one household."""
    return await resend_to(c, ledger, [household_id], now)


async def resend_to(c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int], now: datetime) -> int:
    """What the households wait for will be composed for their corrected numbers; how many notices. Empty is fine.

    Chains that came to their end get one more try, households that had no number get their first; a visit stays open
    until there is evidence. Finished campaigns run again. Safe to repeat: what was tried at a number is not again.
    """
    waiting = _WAITING.format(among=ledger.among("o.household_id", "homes"))
    rows = (await c.execute(text(waiting), {"homes": ledger.listed(household_ids)})).all()
    if not rows:
        return 0
    owed = {"ids": ledger.listed([row.id for row in rows])}
    last = await c.execute(text(_LAST_OF_CHAINS.format(among=ledger.among("m.owed_id", "ids"))), owed)
    await add_setbacks(c, ledger, [int(row.id) for row in last], corrected=True)
    await c.execute(
        text(
            f"UPDATE owed SET composed_step = -1 WHERE {ledger.among('id', 'ids')} AND NOT EXISTS "
            "(SELECT 1 FROM message m WHERE m.owed_id = owed.id)"
        ),
        owed,
    )
    campaigns = sorted({int(row.campaign_id) for row in rows})
    await run_again(c, ledger, campaigns)
    await c.execute(
        text(f"UPDATE campaign SET composed_at = NULL WHERE {ledger.among('id', 'ids')}"),
        {"ids": ledger.listed(campaigns)},
    )
    return len(rows)
