"""The county sheet's counts: 备案, 审核 and 发布惠民政策 by township, between two instants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from notifier.domain.benefits import AuditState
from notifier.domain.regions import level_of, span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

COUNTY_ITSELF = "县本级"


@dataclass(frozen=True, slots=True)
class TownshipCounts:
    """What one township did; code None is the county itself, whose projects and policies belong to no township."""

    code: str | None
    name: str
    n_filed: int
    """项目备案: projects that the last level filed."""
    n_audited: int
    """项目审核: projects that the last level audited."""
    n_returned: int
    """待整改: projects that stand sent back now."""
    n_published: int
    """发布惠民政策: policies that were approved to be told."""


_STEPS = (
    "SELECT b.region_code, COUNT(DISTINCT b.id) AS n FROM benefit b WHERE b.kind = 'disbursement' AND {inside} "
    "AND b.{state} IN ({passed}) AND EXISTS (SELECT 1 FROM filing_step s WHERE s.benefit_id = b.id "
    "AND s.deed = '{deed}' AND s.level IN ({passed}) AND s.at >= :since AND s.at < :until) GROUP BY b.region_code"
)
_RETURNED = (
    "SELECT b.region_code, COUNT(*) AS n FROM benefit b WHERE b.kind = 'disbursement' AND b.audit = 'returned' "
    "AND {inside} GROUP BY b.region_code"
)
_PUBLISHED = (
    "SELECT k.region_code, COUNT(DISTINCT k.benefit_id) AS n FROM campaign k WHERE k.kind = 'policy' "
    "AND k.launched_at >= :since AND k.launched_at < :until AND {inside} GROUP BY k.region_code"
)


async def count_by_township(
    ledger: Ledger, region_code: str, final: AuditState, since: datetime, until: datetime
) -> list[TownshipCounts]:
    """The counts of the region's townships in the order of codes, every one of them, and then the county's own.

    A project counts by when the level `final` or one above filed or audited it, and only while it still stands there.
    """
    passed = ", ".join(f"'{one}'" for one in _from(final))
    first, last = span(region_code)
    bound = {"first": first, "last": last, "since": stamp(since), "until": stamp(until)}
    above = level_of(region_code) in ("county", "city", "province")
    where = "({0}.region_code BETWEEN :first AND :last" + (" OR {0}.region_code IS NULL)" if above else ")")
    asked = {
        "n_filed": _STEPS.format(inside=where.format("b"), state="filed", passed=passed, deed="file"),
        "n_audited": _STEPS.format(inside=where.format("b"), state="audit", passed=passed, deed="audit"),
        "n_returned": _RETURNED.format(inside=where.format("b")),
        "n_published": _PUBLISHED.format(inside=where.format("k")),
    }
    counts: dict[str | None, dict[str, int]] = {}
    async with ledger.reading() as c:
        townships = await c.execute(
            text("SELECT code, name FROM region WHERE code BETWEEN :first AND :last ORDER BY code"),
            {"first": first, "last": last},
        )
        names: list[tuple[str | None, str]] = [(code, name) for code, name in townships if level_of(code) == "township"]
        for what, sql in asked.items():
            for code, n in await c.execute(text(sql), {name: bound[name] for name in bound if f":{name}" in sql}):
                place = counts.setdefault(_township(code), dict.fromkeys(asked, 0))
                place[what] += int(n)
    if above:
        names.append((None, COUNTY_ITSELF))
    nothing = dict.fromkeys(asked, 0)
    return [TownshipCounts(code, name, **counts.get(code, nothing)) for code, name in names]


def _from(final: AuditState) -> Sequence[str]:
    levels = (AuditState.VILLAGE, AuditState.TOWNSHIP, AuditState.COUNTY)
    return [level.value for level in levels[levels.index(final) :]]


def _township(code: str | None) -> str | None:
    return None if code is None or level_of(code) not in ("township", "village") else f"{code[:9]}000"
