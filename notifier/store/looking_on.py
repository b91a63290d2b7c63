"""What the people who watch campaigns run are shown: one look for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from notifier.store.ledger import Ledger
from notifier.store.reporting import Fact
from notifier.store.tables.columns import instant


@dataclass(frozen=True, slots=True)
class Look:
    """A campaign at one moment: where it stands, and its counts, without zeros."""

    campaign_id: int
    state: str
    paused_why: str | None
    launched_at: datetime | None
    finished_at: datetime | None
    facts: Sequence[Fact]

    @property
    def n_handed(self) -> int:
        """How many messages a gateway was handed, whatever came of them."""
        waiting = ("ready", "postponed", "withdrawn")
        return sum(one.n for one in self.facts if one.subject == "message" and one.state not in waiting)


_COUNTED = (
    "SELECT campaign_id, region_code, subject, medium, state, detail, CAST(SUM(n) AS BIGINT) AS n FROM tally "
    "WHERE {among} GROUP BY campaign_id, region_code, subject, medium, state, detail"
)


async def look_at(ledger: Ledger, campaign_ids: Sequence[int]) -> Mapping[int, Look]:
    """The campaigns of these ids as they are now, by id; one query, however many watch."""
    counted = _COUNTED.format(among=ledger.among("campaign_id", "ids"))
    async with ledger.reading() as c:
        rows = (
            await c.execute(
                text(
                    "SELECT k.id, k.state AS campaign_state, k.paused_why, k.launched_at, k.finished_at, "
                    "t.region_code, t.subject, t.medium, t.state, t.detail, t.n FROM campaign k "
                    f"LEFT JOIN ({counted}) t ON t.campaign_id = k.id WHERE {ledger.among('k.id', 'ids')}"
                ),
                {"ids": ledger.listed(campaign_ids)},
            )
        ).all()
    facts: dict[int, list[Fact]] = {int(row.id): [] for row in rows}
    for row in rows:
        if row.n:
            said = (row.region_code, row.subject, row.medium, row.state, row.detail)
            facts[row.id].append(Fact(int(row.id), *said, int(row.n)))
    return {
        int(row.id): Look(
            int(row.id),
            row.campaign_state,
            row.paused_why,
            None if row.launched_at is None else instant(int(row.launched_at)),
            None if row.finished_at is None else instant(int(row.finished_at)),
            facts[row.id],
        )
        for row in rows
    }
