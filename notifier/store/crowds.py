"""How many a draft would tell, before it does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from notifier.domain.rules import Rule
from notifier.store.ledger import Ledger
from notifier.store.rules import compile_rule
from notifier.store.tables.columns import stamp


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many households would be told, and how many of them something else told since a moment."""

    n: int
    n_told_lately: int


async def crowd(ledger: Ledger, campaign_id: int, rule: Rule, since: datetime) -> Crowd:
    """The active households that the rule holds for. One query; the campaign itself does not count as telling."""
    condition, bound = compile_rule(rule)
    lately = (
        "EXISTS (SELECT 1 FROM owed o JOIN campaign k ON k.id = o.campaign_id WHERE o.household_id = h.id "
        "AND k.id <> :campaign AND k.launched_at >= :since AND o.state <> 'excused' "
        "AND coalesce(o.reason, '') <> 'cancelled')"
    )
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text(
                    f"SELECT COUNT(*) AS n, coalesce(SUM(CASE WHEN {lately} THEN 1 ELSE 0 END), 0) AS n_lately "
                    f"FROM household h WHERE h.state = 'active' AND ({condition})"
                ),
                {**bound, "campaign": campaign_id, "since": stamp(since)},
            )
        ).one()
    return Crowd(int(row.n), int(row.n_lately))
