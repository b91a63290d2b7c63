"""Households, persons and phones as an import sees them: looked up by hash in a few statements, written in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.rules import ATTRIBUTES, AttributeKind
from notifier.store.kinds import KIND_SCALE, keep_kinds, read_kinds
from notifier.store.ledger import Ledger, take_ids
from notifier.store.stand_ins import stand_ins
from notifier.store.tables.columns import MU_SCALE, stamp

_COLUMNS = tuple(one.column for one in ATTRIBUTES)
_SCALES = {one.column: MU_SCALE if one.kind is AttributeKind.AREA else 1 for one in ATTRIBUTES}
_HASHES_AT_ONCE = 5000


@dataclass(slots=True, eq=False)
class KnownContact:
    """A phone of a person; `value` is set only on a new one, which has the id 0 until it is written."""

    value_hash: bytes
    state: str
    version: int
    id: int = 0
    value: str | None = field(default=None, repr=False)
    is_changed: bool = False


@dataclass(slots=True, eq=False)
class KnownPerson:
    """A person in the ledger, or a new one (id 0). `name`, `number` and `card` are in clear only when to be written."""

    household: "KnownHousehold"
    id_hash: bytes
    name_hash: bytes
    relation: str | None
    account_hash: bytes | None = None
    card_sealed: bytes | None = field(default=None, repr=False)
    id: int = 0
    name: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)
    is_legacy: bool = False
    card: str | None = field(default=None, repr=False)
    contacts: list[KnownContact] = field(default_factory=list)
    is_changed: bool = False


@dataclass(slots=True, eq=False)
class KnownHousehold:
    """A household in the ledger, or a new one (id 0). `attributes` are as the ledger stores them (`stored`)."""

    key_hash: bytes
    region_code: str
    group_name: str | None
    content_digest: bytes
    attributes: dict[str, int] = field(default_factory=dict)
    id: int = 0
    householder_id: int = 0
    householder: KnownPerson | None = None
    persons: list[KnownPerson] = field(default_factory=list)
    is_changed: bool = False
    has_left: bool = False


@dataclass(slots=True)
class Known:
    """The part of the registry that a batch touches; an import changes it in place and `keep` writes it.

    `merged` holds the keys of households that were merged into the one they stand for in `households`.
    """

    households: dict[bytes, KnownHousehold]
    persons: dict[bytes, KnownPerson]
    merged: frozenset[bytes] = frozenset()


def stored(values: Mapping[str, Decimal]) -> dict[str, int]:
    """Attribute values as the ledger stores them: whole numbers, areas and kinds in thousandths."""
    return {column: round(value * _SCALES.get(column, KIND_SCALE)) for column, value in values.items()}


async def alone(connection: AsyncConnection) -> None:
    """Nobody else imports or corrects until the caller's transaction ends: what it has looked up stays true."""
    await take_ids(connection, "household", 0)


async def find_known(
    connection: AsyncConnection, ledger: Ledger, keys: Iterable[bytes], id_hashes: Iterable[bytes]
) -> Known:
    """Every household with one of the keys or one of the persons, whole: with all its persons and their phones."""
    keys = list(keys)
    standing = await stand_ins(connection, keys)
    ids = set(standing.values())
    ids |= await _ids(connection, "SELECT id FROM household WHERE merged_into IS NULL AND key_hash IN :hashes", keys)
    ids |= await _ids(connection, "SELECT household_id FROM person WHERE id_hash IN :hashes", id_hashes)
    listed = {"ids": ledger.listed(sorted(ids))}
    households = {one.id: one for one in await _households(connection, ledger, listed)}
    persons = await _persons(connection, ledger, listed, households)
    rows = await connection.execute(
        text(
            "SELECT id, person_id, value_hash, state, version FROM contact "
            f"WHERE kind = 'phone' AND {ledger.among('household_id', 'ids')} ORDER BY version"
        ),
        listed,
    )
    for row in rows:
        if row.person_id in persons:
            contact = KnownContact(bytes(row.value_hash), row.state, row.version, row.id)
            persons[row.person_id].contacts.append(contact)
    return Known(
        {one.key_hash: one for one in households.values()} | {key: households[at] for key, at in standing.items()},
        {one.id_hash: one for one in persons.values() if one.id_hash},
        frozenset(standing),
    )


async def _ids(connection: AsyncConnection, statement: str, hashes: Iterable[bytes]) -> set[int]:
    wanted, found = list(set(hashes)), set[int]()
    query = text(statement).bindparams(bindparam("hashes", expanding=True))
    for at in range(0, len(wanted), _HASHES_AT_ONCE):
        found.update((await connection.execute(query, {"hashes": wanted[at : at + _HASHES_AT_ONCE]})).scalars())
    return found


async def _households(connection: AsyncConnection, ledger: Ledger, listed: dict[str, Any]) -> list[KnownHousehold]:
    rows = await connection.execute(
        text(
            "SELECT id, key_hash, region_code, group_name, content_digest, householder_id, state, "
            f"{', '.join(_COLUMNS)} FROM household WHERE {ledger.among('id', 'ids')}"
        ),
        listed,
    )
    kinds = await read_kinds(connection, ledger, listed)
    return [
        KnownHousehold(
            bytes(row[1]),
            row[2],
            row[3],
            bytes(row[4]),
            dict(zip(_COLUMNS, row[7:], strict=True)) | kinds.get(row[0], {}),
            id=row[0],
            householder_id=row[5],
            has_left=row[6] in ("departed", "erased"),
        )
        for row in rows
    ]


async def _persons(
    connection: AsyncConnection, ledger: Ledger, listed: dict[str, Any], households: Mapping[int, KnownHousehold]
) -> dict[int, KnownPerson]:
    rows = await connection.execute(
        text(
            "SELECT id, household_id, id_hash, name_hash, relation, account_hash, card_sealed FROM person "
            f"WHERE {ledger.among('household_id', 'ids')} ORDER BY id"
        ),
        listed,
    )
    persons: dict[int, KnownPerson] = {}
    for row in rows:
        home = households[row.household_id]
        person = KnownPerson(
            home,
            bytes(row.id_hash or b""),
            bytes(row.name_hash),
            row.relation,
            row.account_hash,
            row.card_sealed,
            row.id,
        )
        persons[row.id] = person
        home.persons.append(person)
        if row.id == home.householder_id:
            home.householder = person
    return persons


async def keep(connection: AsyncConnection, ledger: Ledger, known: Known, now: datetime) -> list[KnownContact]:
    """What is new in `known` is in the ledger with its ids, what is changed is written over.

    Gives the new numbers of people who were registered before.
    """
    homes = [one for one in _homes(known) if not one.id]
    changed_homes = [one for one in _homes(known) if one.id and one.is_changed]
    persons = [one for one in known.persons.values() if not one.id]
    changed_persons = [one for one in known.persons.values() if one.id and one.is_changed]
    pairs = [(person, contact) for person in known.persons.values() for contact in person.contacts]
    contacts = [(person, contact) for person, contact in pairs if not contact.id]
    changed_contacts = [contact for _, contact in pairs if contact.id and contact.is_changed]
    await _number(connection, "household", homes)
    await _number(connection, "person", persons)
    await _number(connection, "contact", [contact for _, contact in contacts])
    at = stamp(now)
    await _many(connection, _INSERT_HOUSEHOLD, [_household_values(one, at) for one in homes])
    await _many(connection, _UPDATE_HOUSEHOLD, [_household_values(one, at) for one in changed_homes])
    await keep_kinds(connection, {one.id: one.attributes for one in (*homes, *changed_homes)})
    await _many(connection, _INSERT_PERSON, [_person_values(ledger, one) for one in persons])
    await _many(connection, _UPDATE_PERSON, [_changed_person_values(ledger, one) for one in changed_persons])
    await _many(connection, _INSERT_CONTACT, [_contact_values(ledger, *pair) | {"at": at} for pair in contacts])
    await _many(
        connection,
        "UPDATE contact SET state = :state WHERE id = :id",
        [{"state": one.state, "id": one.id} for one in changed_contacts],
    )
    brought = {id(person) for person in persons}
    return [contact for person, contact in contacts if id(person) not in brought]


def _homes(known: Known) -> Iterable[KnownHousehold]:
    # a household with two keys in one file stands in the mapping twice
    return {id(one): one for one in known.households.values()}.values()


async def _number(connection: AsyncConnection, table: str, new: Sequence[Any]) -> None:
    if new:
        for one, number in zip(new, await take_ids(connection, table, len(new)), strict=True):
            one.id = number


async def _many(connection: AsyncConnection, statement: str, values: Sequence[dict[str, Any]]) -> None:
    if values:
        await connection.execute(text(statement), list(values))


_INSERT_HOUSEHOLD = (
    "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, content_digest, "
    f"registered_at, changed_at, {', '.join(_COLUMNS)}) VALUES (:id, :key_hash, :region_code, :group_name, "
    f":householder_id, 'active', :content_digest, :at, :at, {', '.join(':' + column for column in _COLUMNS)})"
)
_UPDATE_HOUSEHOLD = (
    "UPDATE household SET region_code = :region_code, group_name = :group_name, householder_id = :householder_id, "
    "content_digest = :content_digest, changed_at = :at, "
    f"{', '.join(f'{column} = :{column}' for column in _COLUMNS)} WHERE id = :id"
)
_INSERT_PERSON = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_sealed, id_hash, id_is_legacy, "
    "card_sealed, account_hash) VALUES (:id, :household_id, :relation, :name_sealed, :name_hash, :id_sealed, :id_hash, "
    ":id_is_legacy, :card_sealed, :account_hash)"
)
_UPDATE_PERSON = (
    "UPDATE person SET relation = :relation, card_sealed = :card_sealed, account_hash = :account_hash WHERE id = :id"
)
_INSERT_CONTACT = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared, "
    "known_at) VALUES (:id, :household_id, :person_id, 'phone', :version, :value_sealed, :value_hash, :state, 0, :at)"
)


def _household_values(one: KnownHousehold, at: int) -> dict[str, Any]:
    values = {
        "id": one.id,
        "key_hash": one.key_hash,
        "region_code": one.region_code,
        "group_name": one.group_name,
        "householder_id": one.householder.id if one.householder else one.householder_id,
        "content_digest": one.content_digest,
        "at": at,
    }
    return values | {column: one.attributes.get(column, 0) for column in _COLUMNS}


def _person_values(ledger: Ledger, one: KnownPerson) -> dict[str, Any]:
    assert one.name is not None
    assert one.number is not None
    return {
        "household_id": one.household.id,
        "name_sealed": ledger.vault.seal_text("person.name_sealed", one.id, one.name),
        "name_hash": one.name_hash,
        "id_sealed": ledger.vault.seal_text("person.id_sealed", one.id, one.number),
        "id_hash": one.id_hash,
        "id_is_legacy": int(one.is_legacy),
    } | _changed_person_values(ledger, one)


def _changed_person_values(ledger: Ledger, one: KnownPerson) -> dict[str, Any]:
    card = one.card_sealed
    if one.card is not None:
        card = ledger.vault.seal_text("person.card_sealed", one.id, one.card)
    return {"id": one.id, "relation": one.relation, "card_sealed": card, "account_hash": one.account_hash}


def _contact_values(ledger: Ledger, person: KnownPerson, one: KnownContact) -> dict[str, Any]:
    assert one.value is not None
    return {
        "id": one.id,
        "household_id": person.household.id,
        "person_id": person.id,
        "version": one.version,
        "value_sealed": ledger.vault.seal_text("contact.value_sealed", one.id, one.value),
        "value_hash": one.value_hash,
        "state": one.state,
    }
