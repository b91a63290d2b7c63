"""The village officers' task list: open visits with what a person needs to go there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from notifier.domain.identity import mask_name, mask_phone
from notifier.domain.regions import span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant


@dataclass(frozen=True, slots=True)
class VisitTask:
    """A visit that waits for somebody. `householder` and `phones` are masked unless the list was asked for in clear.

    `state` is open or excuse_asked; then `asked_by` and `excuse` say who asked and why.
    """

    visit_id: int
    campaign_id: int
    campaign: str
    region_code: str
    group_name: str | None
    householder: str = field(repr=False)
    phones: Sequence[str] = field(repr=False)
    reason: str
    why: str
    state: str
    opened_at: datetime
    asked_by: str | None
    excuse: str | None


_LISTED = (
    "SELECT v.id AS visit_id, o.campaign_id, k.title AS campaign, v.region_code, h.id AS household_id, h.group_name, "
    "p.id AS person_id, p.name_sealed, v.reason, o.why, v.state, v.opened_at, v.by_user AS asked_by, v.excuse "
    # The page's visits first: everything that waits in a county would be joined, to be sorted and left out.
    "FROM (SELECT w.* FROM visit w WHERE w.state IN ('open', 'excuse_asked') "
    "AND w.region_code BETWEEN :first AND :last AND w.id > :after ORDER BY w.id LIMIT :most) v "
    "JOIN owed o ON o.id = v.owed_id JOIN campaign k ON k.id = o.campaign_id "
    "JOIN household h ON h.id = o.household_id JOIN person p ON p.id = h.householder_id ORDER BY v.id"
)


async def open_visits(
    ledger: Ledger, region_code: str, *, after: int = 0, most: int = 50, clear: bool = False
) -> Sequence[VisitTask]:
    """Up to `most` visits of the region that wait, by id from the one behind `after`; empty when all is done.

    `clear` opens names and phones: only for an officer's own tasks, and the caller leaves the audit entry.
    """
    first, last = span(region_code)
    bound = {"first": first, "last": last, "after": after, "most": most}
    async with ledger.reading() as c:
        rows = (await c.execute(text(_LISTED), bound)).all()
        phones = (
            await c.execute(
                text(
                    "SELECT id, household_id, value_sealed FROM contact WHERE kind = 'phone' "
                    f"AND state IN ('usable', 'landline') AND {ledger.among('household_id', 'ids')} ORDER BY id"
                ),
                {"ids": ledger.listed([row.household_id for row in rows])},
            )
        ).all()
    numbers: dict[int, list[str]] = {}
    for row in phones:
        number = ledger.vault.open_text("contact.value_sealed", row.id, bytes(row.value_sealed))
        numbers.setdefault(row.household_id, []).append(number if clear else mask_phone(number))
    return [_task(ledger, row, numbers, clear=clear) for row in rows]


def _task(ledger: Ledger, row: Any, numbers: Mapping[int, Sequence[str]], *, clear: bool) -> VisitTask:
    name = ledger.vault.open_text("person.name_sealed", row.person_id, bytes(row.name_sealed))
    return VisitTask(
        visit_id=row.visit_id,
        campaign_id=row.campaign_id,
        campaign=row.campaign,
        region_code=row.region_code,
        group_name=row.group_name,
        householder=name if clear else mask_name(name),
        phones=numbers.get(row.household_id, ()),
        reason=row.reason,
        why=row.why,
        state=row.state,
        opened_at=instant(int(row.opened_at)),
        asked_by=row.asked_by,
        excuse=row.excuse,
    )


async def count_visits(ledger: Ledger, region_code: str) -> int:
    """How many visits of the region wait for somebody."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        found = await c.execute(
            text(
                "SELECT COUNT(*) FROM visit WHERE state IN ('open', 'excuse_asked') "
                "AND region_code BETWEEN :first AND :last"
            ),
            {"first": first, "last": last},
        )
        return int(found.scalar_one())


@dataclass(frozen=True, slots=True)
class Waiting:
    """A village with its visits that wait for somebody; of `n`, `n_asked` ask to be excused."""

    region_code: str
    n: int
    n_asked: int


async def waiting_by_village(ledger: Ledger, region_code: str) -> Sequence[Waiting]:
    """The villages of the region where visits wait, in the order of codes; empty when all is done."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT region_code, COUNT(*) AS n, SUM(CASE WHEN state = 'excuse_asked' THEN 1 ELSE 0 END) AS n_asked "
                "FROM visit WHERE state IN ('open', 'excuse_asked') AND region_code BETWEEN :first AND :last "
                "GROUP BY region_code ORDER BY region_code"
            ),
            {"first": first, "last": last},
        )
        return [Waiting(row.region_code, int(row.n), int(row.n_asked)) for row in rows]


async def region_of_visit(ledger: Ledger, visit_id: int) -> str | None:
    """The village of a visit; None when there is no such visit."""
    async with ledger.reading() as c:
        found = await c.execute(text("SELECT region_code FROM visit WHERE id = :id"), {"id": visit_id})
        code: str | None = found.scalar()
    return code
