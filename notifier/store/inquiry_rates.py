"""办结率: how many inquiries came, were settled and are late, by kind and by the regions below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from notifier.domain.regions import level_of, span
from notifier.domain.shares import floored
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

_BELOW = {"province": 4, "city": 6, "county": 9, "township": 12, "village": 12}
"""How many digits name the regions right below one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Of one kind of inquiry at an instant: how many had come, were settled, and were late."""

    kind: str
    n_received: int
    n_closed: int
    n_overdue: int


async def count_settled(ledger: Ledger, region_code: str, as_of: datetime) -> list[Settled]:
    """The inquiries of a region by kind, as they stood at that instant; a kind that never came is not there."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT x.kind, COUNT(*) AS n, SUM(x.is_closed) AS closed, "
                "SUM(CASE WHEN x.is_closed = 0 AND x.due_at < :at THEN 1 ELSE 0 END) AS overdue FROM ("
                "SELECT i.kind, i.due_at, CASE WHEN (SELECT s.what FROM inquiry_step s WHERE s.inquiry_id = i.id "
                "AND s.what IN ('close', 'reopen') AND s.at <= :at ORDER BY s.id DESC LIMIT 1) = 'close' "
                "THEN 1 ELSE 0 END AS is_closed FROM inquiry i WHERE i.received_at <= :at "
                "AND i.region_code BETWEEN :first AND :last) x GROUP BY x.kind ORDER BY x.kind"
            ),
            {"at": stamp(as_of), "first": first, "last": last},
        )
        return [Settled(row.kind, int(row.n), int(row.closed), int(row.overdue)) for row in rows]


async def count_now(ledger: Ledger, region_code: str, now: datetime) -> list[Settled]:
    """As `count_settled`, as things stand: without reading what was done step by step."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT kind, COUNT(*) AS n, SUM(CASE WHEN state = 'closed' THEN 1 ELSE 0 END) AS closed, "
                "SUM(CASE WHEN state <> 'closed' AND due_at < :now THEN 1 ELSE 0 END) AS overdue FROM inquiry "
                "WHERE region_code BETWEEN :first AND :last GROUP BY kind ORDER BY kind"
            ),
            {"first": first, "last": last, "now": stamp(now)},
        )
        return [Settled(row.kind, int(row.n), int(row.closed), int(row.overdue)) for row in rows]


@dataclass(frozen=True, slots=True)
class RegionRate:
    """办结率 of one region below: settled / received, floored, "—" when nothing came."""

    region_code: str
    n_received: int
    n_closed: int
    n_overdue: int

    @property
    def rate(self) -> str:
        """The rate as it is printed."""
        return floored(self.n_closed, self.n_received)


async def rates_below(ledger: Ledger, region_code: str | None, now: datetime) -> Sequence[RegionRate]:
    """The regions right below this one that anything came to, by code; what the region itself answers under its own.

    Without a region, every township.
    """
    first, last = span(region_code) if region_code else ("0" * 12, "9" * 12)
    digits = _BELOW[level_of(region_code) if region_code else "county"]
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"SELECT substr(region_code, 1, {digits}) AS below, COUNT(*) AS n, "
                "SUM(CASE WHEN state = 'closed' THEN 1 ELSE 0 END) AS closed, "
                "SUM(CASE WHEN state <> 'closed' AND due_at < :now THEN 1 ELSE 0 END) AS overdue FROM inquiry "
                f"WHERE region_code BETWEEN :first AND :last GROUP BY substr(region_code, 1, {digits}) ORDER BY 1"
            ),
            {"first": first, "last": last, "now": stamp(now)},
        )
        return [RegionRate(row.below.ljust(12, "0"), int(row.n), int(row.closed), int(row.overdue)) for row in rows]
