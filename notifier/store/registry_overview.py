"""How the households of a region can be reached: shared numbers, followers, and counts village by village; masked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import mask_name, mask_phone
from notifier.domain.regions import level_of, span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant

PAGE = 50
_IN = "h.region_code BETWEEN :first AND :last"


def _scope(region_code: str) -> dict[str, Any]:
    first, last = span(region_code)
    return {"first": first, "last": last}


@dataclass(frozen=True, slots=True)
class SharedPhone:
    """A number that several households carry, masked; `contact_id` is one of its contacts, to find it by."""

    contact_id: int
    phone: str
    n_households: int
    is_shared: bool


async def list_shared(ledger: Ledger, region_code: str, skip: int = 0) -> list[SharedPhone]:
    """Up to PAGE numbers that two or more households of the region carry, most households first."""
    statement = (
        "SELECT MIN(t.id) AS id, COUNT(DISTINCT t.household_id) AS n, MAX(t.is_shared) AS is_shared FROM contact t "
        "JOIN household h ON h.id = t.household_id WHERE t.kind = 'phone' AND t.state = 'usable' AND t.value_hash IN "
        "(SELECT s.value_hash FROM contact s WHERE s.kind = 'phone' AND s.state = 'usable' GROUP BY s.value_hash "
        f"HAVING MIN(s.household_id) < MAX(s.household_id)) AND {_IN} "
        "GROUP BY t.value_hash HAVING COUNT(DISTINCT t.household_id) > 1 ORDER BY n DESC, id LIMIT :most OFFSET :skip"
    )
    async with ledger.reading() as c:
        rows = (await c.execute(text(statement), _scope(region_code) | {"most": PAGE, "skip": skip})).all()
        values = await c.execute(
            text(f"SELECT id, value_sealed FROM contact WHERE {ledger.among('id', 'ids')}"),
            {"ids": ledger.listed([row.id for row in rows])},
        )
        phones = {row.id: _phone(ledger, row) for row in values}
    return [SharedPhone(row.id, phones[row.id], row.n, bool(row.is_shared)) for row in rows]


def _phone(ledger: Ledger, row: Any) -> str:
    return mask_phone(ledger.vault.open_text("contact.value_sealed", row.id, bytes(row.value_sealed)))


@dataclass(frozen=True, slots=True)
class Carrier:
    """A household that carries a number, by the person whose number it is."""

    household_id: int
    contact_id: int
    region_code: str
    group_name: str | None
    name: str
    relation: str | None


@dataclass(frozen=True, slots=True)
class Carried:
    """A number and who carries it: the region's households, and how many elsewhere."""

    phone: str
    carriers: Sequence[Carrier]
    n_elsewhere: int


async def carriers_of(ledger: Ledger, contact_id: int, region_code: str) -> Carried | None:
    """Who carries the contact's number; None when the contact is no phone of the region."""
    async with ledger.reading() as c:
        own = (
            await c.execute(
                text(
                    "SELECT t.id, t.value_hash, t.value_sealed FROM contact t "
                    "JOIN household h ON h.id = t.household_id "
                    f"WHERE t.id = :id AND t.kind = 'phone' AND t.state = 'usable' AND {_IN}"
                ),
                _scope(region_code) | {"id": contact_id},
            )
        ).one_or_none()
        if own is None:
            return None
        rows = (
            await c.execute(
                text(
                    "SELECT t.id AS contact_id, t.household_id, h.region_code, h.group_name, p.id, p.name_sealed, "
                    "p.relation FROM contact t JOIN household h ON h.id = t.household_id "
                    "JOIN person p ON p.id = t.person_id WHERE t.value_hash = :hash AND t.kind = 'phone' "
                    "AND t.state = 'usable' ORDER BY h.region_code, t.household_id, t.id LIMIT 500"
                ),
                {"hash": bytes(own.value_hash)},
            )
        ).all()
    first, last = span(region_code)
    mine = [row for row in rows if first <= row.region_code <= last]
    elsewhere = {row.household_id for row in rows} - {row.household_id for row in mine}
    carriers = [
        Carrier(row.household_id, row.contact_id, row.region_code, row.group_name, _name(ledger, row), row.relation)
        for row in mine
    ]
    return Carried(_phone(ledger, own), carriers, len(elsewhere))


def _name(ledger: Ledger, row: Any) -> str:
    return mask_name(ledger.vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed)))


@dataclass(frozen=True, slots=True)
class Bound:
    """A person who is bound to the official account; `state` is usable or unfollowed."""

    contact_id: int
    household_id: int
    region_code: str
    group_name: str | None
    name: str
    state: str
    known_at: datetime | None


async def list_followers(ledger: Ledger, region_code: str, after: tuple[int, int] = (0, 0)) -> list[Bound]:
    """Up to PAGE bindings of the region, by household and contact from those behind `after`."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT t.id AS contact_id, t.household_id, t.state, t.known_at, h.region_code, h.group_name, p.id, "
                "p.name_sealed FROM contact t JOIN household h ON h.id = t.household_id JOIN person p "
                f"ON p.id = t.person_id WHERE t.kind = 'openid' AND t.state IN ('usable', 'unfollowed') AND {_IN} "
                "AND (t.household_id, t.id) > (:home, :after) ORDER BY t.household_id, t.id LIMIT :most"
            ),
            _scope(region_code) | {"home": after[0], "after": after[1], "most": PAGE},
        )
        return [
            Bound(
                row.contact_id,
                row.household_id,
                row.region_code,
                row.group_name,
                _name(ledger, row),
                row.state,
                None if row.known_at is None else instant(row.known_at),
            )
            for row in rows
        ]


async def count_followers(ledger: Ledger, region_code: str) -> Mapping[str, int]:
    """Households of the region by what their bindings are: usable, unfollowed."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT t.state, COUNT(DISTINCT t.household_id) AS n FROM contact t "
                "JOIN household h ON h.id = t.household_id WHERE t.kind = 'openid' "
                f"AND t.state IN ('usable', 'unfollowed') AND {_IN} GROUP BY t.state"
            ),
            _scope(region_code),
        )
        return {"usable": 0, "unfollowed": 0} | {row.state: row.n for row in rows}


@dataclass(frozen=True, slots=True)
class Inside:
    """A region inside another: households on the register, and how many of them can be told by what."""

    code: str
    n_households: int
    n_phone: int
    n_wechat: int


_PHONE = "t.kind = 'phone' AND t.state = 'usable' AND t.is_shared = 0"
_WECHAT = "t.kind = 'openid' AND t.state = 'usable'"
_HOUSEHOLDS = (
    f"SELECT h.region_code AS code, COUNT(*) AS n FROM household h WHERE h.state = 'active' AND {_IN} "
    "GROUP BY h.region_code"
)
_REACHED_BY = (
    "SELECT h.region_code AS code, COUNT(DISTINCT t.household_id) AS n FROM contact t "
    f"JOIN household h ON h.id = t.household_id WHERE {{what}} AND h.state = 'active' AND {_IN} GROUP BY h.region_code"
)
_NEXT_END = {"province": 4, "city": 6, "county": 9, "township": 12, "village": 12}


async def children_of(ledger: Ledger, region_code: str) -> list[Inside]:
    """Every region directly inside, in order of code, those without households too; of a village itself."""
    end = _NEXT_END[level_of(region_code)]
    async with ledger.reading() as c:
        counts = [
            await _by_child(c, statement, end, region_code)
            for statement in (_HOUSEHOLDS, _REACHED_BY.format(what=_PHONE), _REACHED_BY.format(what=_WECHAT))
        ]
        known = await c.execute(
            text("SELECT code FROM region WHERE parent = :code OR (code = :code AND level = 'village')"),
            {"code": region_code},
        )
        codes = sorted({row.code for row in known} | counts[0].keys())
    return [Inside(code, *(count[code] for count in counts)) for code in codes]


async def _by_child(c: AsyncConnection, statement: str, end: int, region_code: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in await c.execute(text(statement), _scope(region_code)):
        found[row.code[:end].ljust(12, "0")] += int(row.n)
    return found
