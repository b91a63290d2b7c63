"""Searching households for the console: by exact name, number, phone or id through the hash, by part of a name within
one village, or one village after the other. Every statement is limited to the asker's region (P6)."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.identity import (
    PhoneProblem,
    fold,
    mask_id,
    mask_name,
    mask_phone,
    normal_name,
    read_id,
    read_phone,
)
from notifier.domain.regions import span
from notifier.store.ledger import Ledger

PAGE = 50
MOST_OF_A_VILLAGE = 6000
"""Names opened for one search by part of a name; no village has as many people."""
_ID_LIKE = re.compile(r"\d{15}|\d{17}[\dXx]")
_PHONE_LIKE = re.compile(r"1[\d\s\-]{10,14}")
_CONDITIONS = {
    "id": "p.id_hash = :hash",
    "phone": "p.id IN (SELECT t.person_id FROM contact t WHERE t.kind = 'phone' AND t.value_hash = :hash)",
    "name": "p.name_hash = :hash",
    "household": "h.id IN (SELECT k.id FROM household k WHERE k.key_hash = :hash) AND p.id = h.householder_id",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for, by its keyed hash alone. kind: id, phone, name, household."""

    kind: str
    hashed: bytes = field(repr=False)

    @property
    def token(self) -> str:
        """The same in a form that a page can carry; it tells nobody what was asked."""
        return f"{self.kind}:{self.hashed.hex()}"


def asked(ledger: Ledger, words: str) -> list[Asked]:
    """What the words can mean, the surest first: an id, a phone, else a name or a 户编号.

    Raises InputError for an id or phone that cannot be right, and for nothing at all.
    """
    said = fold(words)
    if not said:
        raise InputError("请输入姓名、手机号、身份证号或户编号")
    vault = ledger.vault
    if _ID_LIKE.fullmatch(said):
        return [Asked("id", vault.blind("id", read_id(said).value)), Asked("household", vault.blind("household", said))]
    if _PHONE_LIKE.fullmatch(said):
        try:
            return [Asked("phone", vault.blind("phone", read_phone(said).number))]
        except PhoneProblem as problem:
            raise InputError(str(problem)) from None
    name = Asked("name", vault.blind("name", normal_name(said)))
    return [name, Asked("household", vault.blind("household", re.sub(r"\s+", "", said).upper()))]


def from_token(token: str) -> Asked:
    """The Asked of a token. Raises InputError for anything else."""
    kind, _, hexed = token.partition(":")
    if kind not in _CONDITIONS or not re.fullmatch(r"[0-9a-f]{32}", hexed):
        raise InputError("查询已失效,请重新输入")
    return Asked(kind, bytes.fromhex(hexed))


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """A line of a result: a person and their household, masked. `person_id` orders the pages."""

    person_id: int
    household_id: int
    region_code: str
    group_name: str | None
    state: str
    name: str
    id_number: str | None
    relation: str | None
    phones: Sequence[str]


_COLUMNS = (
    "SELECT p.id, p.household_id, p.relation, p.name_sealed, p.id_sealed, h.region_code, h.group_name, h.state "
    "FROM person p JOIN household h ON h.id = p.household_id "
)
_IN_SCOPE = "h.region_code BETWEEN :first AND :last"


async def search(ledger: Ledger, what: Asked, region_code: str, after: int = 0) -> list[FoundHousehold]:
    """Up to PAGE persons of the region, by person id from the one behind `after`; empty when there is nobody."""
    where = f"WHERE {_CONDITIONS[what.kind]} AND {_IN_SCOPE} AND p.id > :after ORDER BY p.id LIMIT :most"
    return await _found(ledger, where, {"hash": what.hashed, "after": after, "most": PAGE} | _scope(region_code))


async def search_part(ledger: Ledger, part: str, village_code: str) -> list[FoundHousehold]:
    """Up to PAGE persons of one village whose name contains the part. Raises InputError for less than one character."""
    wanted = normal_name(part)
    if not wanted:
        raise InputError("请输入姓名中的至少一个字")
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT p.id, p.name_sealed FROM household h JOIN person p ON p.household_id = h.id "
                "WHERE h.region_code = :village ORDER BY p.id LIMIT :most"
            ),
            {"village": village_code, "most": MOST_OF_A_VILLAGE},
        )
        opened = ((row.id, _name(ledger, row)) for row in rows)
        ids = [person_id for person_id, name in opened if wanted in normal_name(name)][:PAGE]
    where = f"WHERE {ledger.among('p.id', 'ids')} AND {_IN_SCOPE} ORDER BY p.id"
    return await _found(ledger, where, {"ids": ledger.listed(ids)} | _scope(village_code))


async def browse(ledger: Ledger, region_code: str, after: tuple[str, int] = ("", 0)) -> list[FoundHousehold]:
    """Up to PAGE households of the region by village and number, from the one behind `after`; their householders."""
    chosen = (
        "SELECT h.householder_id FROM household h WHERE h.state IN ('active', 'departed') AND "
        f"{_IN_SCOPE} AND (h.region_code, h.id) > (:village, :after) ORDER BY h.region_code, h.id LIMIT :most"
    )
    bound = _scope(region_code) | {"village": after[0], "after": after[1], "most": PAGE}
    where = f"WHERE p.id IN ({chosen}) AND p.id = h.householder_id ORDER BY h.region_code, h.id"
    return await _found(ledger, where, bound)


def _scope(region_code: str) -> dict[str, Any]:
    first, last = span(region_code)
    return {"first": first, "last": last}


def _name(ledger: Ledger, row: Any) -> str:
    return ledger.vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed))


async def _found(ledger: Ledger, where: str, bound: Mapping[str, Any]) -> list[FoundHousehold]:
    async with ledger.reading() as c:
        rows = (await c.execute(text(_COLUMNS + where), dict(bound))).all()
        phones = await _phones(c, ledger, sorted({row.household_id for row in rows}))
    return list(_masked(ledger, rows, phones))


def _masked(ledger: Ledger, rows: Sequence[Any], phones: Mapping[int, Sequence[str]]) -> Iterator[FoundHousehold]:
    for row in rows:
        number = None
        if row.id_sealed is not None:
            number = mask_id(ledger.vault.open_text("person.id_sealed", row.id, bytes(row.id_sealed)))
        yield FoundHousehold(
            row.id,
            row.household_id,
            row.region_code,
            row.group_name,
            row.state,
            mask_name(_name(ledger, row)),
            number,
            row.relation,
            phones.get(row.id, ()),
        )


async def _phones(c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    rows = await c.execute(
        text(
            "SELECT id, person_id, value_sealed FROM contact WHERE kind = 'phone' AND state IN ('usable', 'landline') "
            f"AND {ledger.among('household_id', 'homes')} ORDER BY version"
        ),
        {"homes": ledger.listed(household_ids)},
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        number = ledger.vault.open_text("contact.value_sealed", row.id, bytes(row.value_sealed))
        found[row.person_id].append(mask_phone(number))
    return found


async def is_in(ledger: Ledger, household_id: int, region_code: str) -> bool:
    """True when the household is registered in the region, whatever its state."""
    async with ledger.reading() as c:
        found = await c.scalar(
            text(f"SELECT 1 FROM household h WHERE h.id = :id AND {_IN_SCOPE}"),
            {"id": household_id} | _scope(region_code),
        )
    return found is not None


async def home_of(ledger: Ledger, table: str, row_id: int) -> int | None:
    """The household of a person or a contact; None when there is no such row."""
    if table not in ("person", "contact"):
        raise ValueError(f"rows of {table} have no household here")
    async with ledger.reading() as c:
        found = await c.scalar(text(f"SELECT household_id FROM {table} WHERE id = :id"), {"id": row_id})
    return None if found is None else int(found)
