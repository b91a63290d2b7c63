"""Uploaded lists (名单) and the households on them; a rule names a list, and holds for whoever is on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import normal_name
from notifier.domain.likeness import Likeness, likeness
from notifier.domain.name_lists import ListedPerson
from notifier.domain.regions import span
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_HASHES_AT_ONCE = 5000
_GONE = "该户已不在册（迁出、销户或已并户）"
_PERSON = (
    "SELECT {key} AS found_by, q.id AS person_id, q.name_sealed, h.id AS household_id, h.region_code, h.group_name, "
    "h.state FROM person q JOIN household h ON h.id = q.household_id WHERE {key} IN :hashes "
    "AND h.region_code BETWEEN :first AND :last ORDER BY q.id"
)
_HOME = (
    "SELECT key_hash AS found_by, id AS household_id, state FROM household WHERE key_hash IN :hashes "
    "AND region_code BETWEEN :first AND :last"
)
_EVERYWHERE = ("0" * 12, "9" * 12)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of a list with the village that it names, None when it names none."""

    person: ListedPerson = field(repr=False)
    region_code: str | None


@dataclass(frozen=True, slots=True)
class OnList:
    """The household that a row means, and why."""

    household_id: int
    why: str


@dataclass(frozen=True, slots=True)
class StoredList:
    """A list as it is kept. `n_unmatched` rows of its `n_rows` found nobody."""

    name: str
    uploaded_at: datetime
    by_user: str | None
    n_rows: int
    n_unmatched: int
    n_households: int


async def find_listed(ledger: Ledger, rows: Sequence[Placed], region_code: str | None = None) -> list[OnList | str]:
    """For each row its household, or in Chinese why there is none. Nobody is found by a name that two share.

    With `region_code`, whoever is registered outside of that region is as if not registered at all.
    """
    vault = ledger.vault
    within = _EVERYWHERE if region_code is None else span(region_code)
    async with ledger.reading() as c:
        people = [one.person for one in rows]
        numbers = [vault.blind("household", p.household_number) for p in people if p.household_number]
        homes = await _found(c, _HOME, numbers, within)
        ids = [vault.blind("id", p.id_number) for p in people if p.id_number]
        by_id = await _found(c, _PERSON.format(key="q.id_hash"), ids, within)
        named = [vault.blind("name", p.name) for p in people if p.name and not p.id_number and not p.household_number]
        by_name = await _found(c, _PERSON.format(key="q.name_hash"), named, within)
    return [_judge(ledger, one, homes, by_id, by_name) for one in rows]


async def _found(
    c: AsyncConnection, sql: str, hashes: Sequence[bytes], within: tuple[str, str]
) -> Mapping[bytes, list[Row[Any]]]:
    query = text(sql).bindparams(bindparam("hashes", expanding=True))
    wanted, found = list(dict.fromkeys(hashes)), dict[bytes, list[Row[Any]]]()
    for at in range(0, len(wanted), _HASHES_AT_ONCE):
        bound = {"hashes": wanted[at : at + _HASHES_AT_ONCE], "first": within[0], "last": within[1]}
        for row in await c.execute(query, bound):
            found.setdefault(bytes(row.found_by), []).append(row)
    return found


_Found = Mapping[bytes, list[Row[Any]]]


def _judge(ledger: Ledger, row: Placed, homes: _Found, by_id: _Found, by_name: _Found) -> OnList | str:
    person, vault = row.person, ledger.vault
    if person.household_number:
        found = homes.get(vault.blind("household", person.household_number), [])
        return _only_active(found, "户编号一致", "登记中没有这个户编号")
    if person.id_number:
        found = by_id.get(vault.blind("id", person.id_number), [])
        if found and person.name:
            one = found[0]
            registered = vault.open_text("person.name_sealed", one.person_id, one.name_sealed)
            if likeness(person.name, normal_name(registered)) is Likeness.OTHER:
                return "身份证号与姓名指向不同的人；请核对"
        return _only_active(found, "身份证号一致", "登记中没有这个身份证号")
    assert person.name is not None
    if row.region_code is None:
        return "只有姓名，没有行政村，不能确定是谁；请补填身份证号或行政村"
    found = [one for one in by_name.get(vault.blind("name", person.name), []) if one.region_code == row.region_code]
    if len(found) > 1 and person.group:
        found = [one for one in found if one.group_name == person.group]
    if len({one.household_id for one in found}) > 1:
        return "同村有多名同名者；请补填身份证号或村民小组"
    return _only_active(found[:1], "姓名与行政村一致", "同村没有登记这个姓名；请核对")


def _only_active(found: Sequence[Row[Any]], why: str, otherwise: str) -> OnList | str:
    if not found:
        return otherwise
    return OnList(found[0].household_id, why) if found[0].state == "active" else _GONE


async def keep_list(
    ledger: Ledger,
    name: str,
    entries: Mapping[int, tuple[int, str]],
    counts: tuple[int, int],
    said: tuple[str, datetime],
) -> None:
    """The list is exactly these households, each with its (row, why); an older list of that name is gone.

    `counts` are rows and unmatched rows, `said` who uploaded it and when. Safe to repeat.
    """
    by_user, now = said
    async with ledger.writing() as c:
        (list_id,) = await take_ids(c, "name_list", 1)
        await _drop(c, name)
        await c.execute(
            text(
                "INSERT INTO name_list (id, name, uploaded_at, by_user, n_rows, n_unmatched) "
                "VALUES (:id, :name, :at, :by, :n_rows, :n_unmatched)"
            ),
            {
                "id": list_id,
                "name": name,
                "at": stamp(now),
                "by": by_user,
                "n_rows": counts[0],
                "n_unmatched": counts[1],
            },
        )
        if entries:
            await c.execute(
                text("INSERT INTO name_list_entry (list_id, household_id, row, why) VALUES (:list, :home, :row, :why)"),
                [{"list": list_id, "home": home, "row": row, "why": why} for home, (row, why) in entries.items()],
            )


async def drop_list(ledger: Ledger, name: str) -> bool:
    """There is no list of that name any more; False when there was none. Rules that name it hold for nobody."""
    async with ledger.writing() as c:
        return await _drop(c, name)


async def _drop(c: AsyncConnection, name: str) -> bool:
    gone = (await c.execute(text("DELETE FROM name_list WHERE name = :name RETURNING id"), {"name": name})).all()
    for row in gone:
        await c.execute(text("DELETE FROM name_list_entry WHERE list_id = :id"), {"id": row.id})
    return bool(gone)


async def stored_lists(ledger: Ledger) -> list[StoredList]:
    """Every list, the newest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT l.name, l.uploaded_at, l.by_user, l.n_rows, l.n_unmatched, "
                "(SELECT COUNT(*) FROM name_list_entry e WHERE e.list_id = l.id) AS n FROM name_list l "
                "ORDER BY l.uploaded_at DESC, l.name"
            )
        )
        return [
            StoredList(row.name, instant(row.uploaded_at), row.by_user, row.n_rows, row.n_unmatched, int(row.n))
            for row in rows
        ]
