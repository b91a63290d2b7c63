"""The village officer's list by household: who lives there, what is to be told, and why it did not arrive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import mask_name, mask_phone, normal_name
from notifier.domain.regions import span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant

WAITS = "v.state IN ('open', 'excuse_asked')"
_MOST_NAMES = 2000
"""Names of a village that are opened to look for a part of one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which households: of a region, perhaps of one 组, for one reason, or of these ids only."""

    region_code: str
    group: str = ""
    reason: str = ""
    household_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody of the household with their numbers, each with its state (usable, landline, wrong)."""

    person_id: int
    name: str = field(repr=False)
    relation: str
    is_householder: bool
    phones: Sequence[tuple[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Errand:
    """One visit: what is to be told (`amount_fen` None for a policy), and why it did not arrive."""

    visit_id: int
    title: str
    summary: str
    why: str
    reason: str
    state: str
    opened_at: datetime
    asked_by: str | None
    excuse: str | None
    remark: str | None
    amount_fen: int | None
    n_lines: int


@dataclass(frozen=True, slots=True)
class Home:
    """A household that waits for somebody. Names and numbers are masked unless the list was asked for in clear."""

    household_id: int
    region_code: str
    group_name: str | None
    residents: Sequence[Resident] = field(repr=False)
    errands: Sequence[Errand]


def _where(wanted: Wanted, ledger: Ledger) -> tuple[str, dict[str, Any]]:
    first, last = span(wanted.region_code)
    where, bound = f"{WAITS} AND v.region_code BETWEEN :first AND :last", {"first": first, "last": last}
    if wanted.group:
        where, bound = f"{where} AND h.group_name = :group", bound | {"group": wanted.group}
    if wanted.reason:
        where, bound = f"{where} AND v.reason = :reason", bound | {"reason": wanted.reason}
    if wanted.household_ids is not None:
        where = f"{where} AND {ledger.among('o.household_id', 'homes')}"
        return where, {**bound, "homes": ledger.listed(wanted.household_ids)}
    return where, dict(bound)


_FROM = "FROM visit v JOIN owed o ON o.id = v.owed_id JOIN household h ON h.id = o.household_id"


async def count_homes(ledger: Ledger, wanted: Wanted) -> int:
    """How many households wait for somebody."""
    where, bound = _where(wanted, ledger)
    async with ledger.reading() as c:
        sql = f"SELECT COUNT(DISTINCT o.household_id) {_FROM} WHERE {where}"
        return int((await c.execute(text(sql), bound)).scalar_one())


async def groups_and_reasons(ledger: Ledger, region_code: str) -> tuple[Sequence[str], Mapping[str, int]]:
    """The 组 that have somebody waiting, in their order, and the visits by reason, most first."""
    where, bound = _where(Wanted(region_code), ledger)
    async with ledger.reading() as c:
        rows = (
            await c.execute(
                text(
                    f"SELECT COALESCE(h.group_name, '') AS name, v.reason, COUNT(*) AS n {_FROM} WHERE {where} "
                    "GROUP BY COALESCE(h.group_name, ''), v.reason"
                ),
                bound,
            )
        ).all()
    reasons: dict[str, int] = {}
    for row in rows:
        reasons[row.reason] = reasons.get(row.reason, 0) + int(row.n)
    groups = sorted({row.name for row in rows if row.name}, key=lambda name: (len(name), name))
    return groups, dict(sorted(reasons.items(), key=lambda item: -item[1]))


async def homes_to_visit(
    ledger: Ledger, wanted: Wanted, *, skip: int = 0, most: int = 20, clear: bool = False
) -> Sequence[Home]:
    """Up to `most` households behind the first `skip`, by village, 组 and number; empty when all is done.

    `clear` opens names and phones: only for an officer's own tasks, and the caller leaves the audit entry.
    """
    where, bound = _where(wanted, ledger)
    async with ledger.reading() as c:
        rows = (
            await c.execute(
                text(
                    f"SELECT o.household_id, v.region_code, h.group_name {_FROM} WHERE {where} "
                    "GROUP BY o.household_id, v.region_code, h.group_name ORDER BY v.region_code, "
                    "length(COALESCE(h.group_name, '')), h.group_name, o.household_id LIMIT :most OFFSET :skip"
                ),
                bound | {"most": most, "skip": skip},
            )
        ).all()
        ids = [int(row.household_id) for row in rows]
        residents = await _residents(c, ledger, ids, clear=clear)
        errands = await _errands(c, ledger, ids, wanted.reason)
    return [
        Home(i, row.region_code, row.group_name, residents.get(i, ()), errands.get(i, ()))
        for i, row in zip(ids, rows, strict=True)
    ]


_RESIDENTS = (
    "SELECT p.id, p.household_id, p.name_sealed, p.relation, h.householder_id, t.id AS contact_id, t.value_sealed, "
    "t.state FROM person p JOIN household h ON h.id = p.household_id LEFT JOIN contact t ON t.household_id = "
    "p.household_id AND t.person_id = p.id AND t.kind = 'phone' AND t.state IN ('usable', 'landline', 'wrong') "
    "WHERE {among} ORDER BY p.household_id, CASE WHEN p.id = h.householder_id THEN 0 ELSE 1 END, p.id, t.id"
)


async def _residents(
    c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int], *, clear: bool
) -> Mapping[int, Sequence[Resident]]:
    sql = _RESIDENTS.format(among=ledger.among("p.household_id", "ids"))
    rows = (await c.execute(text(sql), {"ids": ledger.listed(household_ids)})).all()
    found: dict[int, list[Resident]] = {}
    for _, group in groupby(rows, key=lambda row: int(row.id)):
        of = list(group)
        name = ledger.vault.open_text("person.name_sealed", of[0].id, bytes(of[0].name_sealed))
        phones = [
            (ledger.vault.open_text("contact.value_sealed", row.contact_id, bytes(row.value_sealed)), row.state)
            for row in of
            if row.contact_id is not None
        ]
        head = of[0].id == of[0].householder_id
        shown = phones if clear else [(mask_phone(number), state) for number, state in phones]
        who = Resident(of[0].id, name if clear else mask_name(name), of[0].relation or "", head, shown)
        found.setdefault(int(of[0].household_id), []).append(who)
    return found


async def _errands(
    c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int], reason: str
) -> Mapping[int, Sequence[Errand]]:
    rows = await c.execute(
        text(
            "SELECT v.id, o.household_id, k.title, COALESCE(k.free_text, k.summary) AS summary, o.why, "
            "v.reason, v.state, v.opened_at, "
            "v.by_user AS asked_by, v.excuse, v.remark, "
            "(SELECT SUM(p.amount_fen) FROM payment p WHERE p.household_id = o.household_id "
            "AND p.benefit_id = k.benefit_id AND p.state = k.purpose) AS amount_fen, "
            "(SELECT COUNT(*) FROM payment p WHERE p.household_id = o.household_id "
            "AND p.benefit_id = k.benefit_id AND p.state = k.purpose) AS n_lines "
            "FROM owed o JOIN visit v ON v.owed_id = o.id JOIN campaign k ON k.id = o.campaign_id "
            f"WHERE {WAITS} AND {ledger.among('o.household_id', 'ids')} "
            "AND (CAST(:reason AS VARCHAR) = '' OR v.reason = :reason) ORDER BY v.opened_at, v.id"
        ),
        {"ids": ledger.listed(household_ids), "reason": reason},
    )
    found: dict[int, list[Errand]] = {}
    for row in rows:
        found.setdefault(int(row.household_id), []).append(
            Errand(
                row.id,
                row.title,
                row.summary,
                row.why,
                row.reason,
                row.state,
                instant(int(row.opened_at)),
                row.asked_by,
                row.excuse,
                row.remark,
                None if row.amount_fen is None else int(row.amount_fen),
                int(row.n_lines),
            )
        )
    return found


async def find_homes(ledger: Ledger, region_code: str, said: str) -> Sequence[int]:
    """The waiting households of a region with this name or phone; within one village also with a part of the name."""
    where, bound = _where(Wanted(region_code), ledger)
    vault, name = ledger.vault, normal_name(said)
    digits = "".join(letter for letter in said if letter.isascii() and letter.isdigit())
    # From who it is to what waits: the other way round reads every household that waits.
    exact = (
        f"SELECT DISTINCT o.household_id {_FROM} WHERE o.household_id IN (SELECT p.household_id FROM person p "
        "WHERE p.name_hash = :name UNION SELECT t.household_id FROM contact t WHERE t.value_hash = :phone "
        f"AND t.kind = 'phone') AND {where}"
    )
    in_village = (
        f"SELECT DISTINCT p.id, p.household_id, p.name_sealed {_FROM} JOIN person p ON p.household_id = h.id "
        f"WHERE {where} ORDER BY p.id LIMIT {_MOST_NAMES}"
    )
    async with ledger.reading() as c:
        hashes = {"name": vault.blind("name", name), "phone": vault.blind("phone", digits)}
        found = {int(row.household_id) for row in await c.execute(text(exact), bound | hashes)}
        if name and first_is_village(region_code):
            for row in await c.execute(text(in_village), bound):
                if name in normal_name(vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed))):
                    found.add(int(row.household_id))
    return sorted(found)


def first_is_village(region_code: str) -> bool:
    """Whether the code is of one village: the only place whose names may be opened to search in."""
    first, last = span(region_code)
    return first == last


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit is and whose: enough to decide who may touch it."""

    region_code: str
    household_id: int


async def places_of_visits(ledger: Ledger, visit_ids: Sequence[int]) -> Sequence[Place]:
    """The place of each visit that exists, in no order."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT v.region_code, o.household_id FROM visit v JOIN owed o ON o.id = v.owed_id "
                f"WHERE {ledger.among('v.id', 'ids')}"
            ),
            {"ids": ledger.listed(visit_ids)},
        )
        return [Place(row.region_code, int(row.household_id)) for row in rows]


async def lives_in(ledger: Ledger, person_id: int, household_id: int) -> bool:
    """Whether the person is of the household."""
    async with ledger.reading() as c:
        found = await c.execute(
            text("SELECT 1 FROM person WHERE id = :person AND household_id = :home"),
            {"person": person_id, "home": household_id},
        )
        return found.first() is not None
