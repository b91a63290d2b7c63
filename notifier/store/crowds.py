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
    """The active households that the rule holds for; the campaign itself does not count as telling."""
    condition, bound = compile_rule(rule)
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT id FROM campaign WHERE launched_at >= :since AND id <> :campaign"),
            {"since": stamp(since), "campaign": campaign_id},
        )
        lately = [int(row.id) for row in rows]
        # The few campaigns first, or every household would be looked up in all that it was ever owed.
        told = (
            f"EXISTS (SELECT 1 FROM owed o WHERE {ledger.among('o.campaign_id', 'lately')} "
            "AND o.household_id = h.id AND o.state <> 'excused' AND coalesce(o.reason, '') <> 'cancelled')"
        )
        if not lately:
            told = "1 = 0"
        row = (
            await c.execute(
                text(
                    f"SELECT COUNT(*) AS n, coalesce(SUM(CASE WHEN {told} THEN 1 ELSE 0 END), 0) AS n_lately "
                    f"FROM household h WHERE h.state = 'active' AND ({condition})"
                ),
                {**bound, "lately": ledger.listed(lately)} if lately else bound,
            )
        ).one()
    return Crowd(int(row.n), int(row.n_lately))
