"""Looking people up for the console: by id, phone, or name in a region; everything that comes back is masked (P6)."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from notifier.domain.identity import IdNumber, Phone, mask_id, mask_name, mask_phone, normal_name
from notifier.domain.regions import span
from notifier.store.ledger import Ledger

_N_MOST = 50
_PERSONS = (
    "SELECT p.id, p.household_id, p.relation, p.name_sealed, p.id_sealed, h.region_code, h.group_name "
    "FROM person p JOIN household h ON h.id = p.household_id WHERE "
)


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A phone of a found person, masked; `state` and `is_shared` as in the contact table."""

    contact_id: int
    phone: str
    state: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person as the console may show them: name, id and phones masked."""

    person_id: int
    household_id: int
    region_code: str
    group_name: str | None
    name: str
    id_number: str | None
    relation: str | None
    phones: tuple[FoundPhone, ...]


async def find_by_id(ledger: Ledger, number: IdNumber) -> FoundPerson | None:
    """The person with the id, or None."""
    found = await _find(ledger, "p.id_hash = :hashed", {"hashed": ledger.vault.blind("id", number.value)})
    return found[0] if found else None


async def find_by_phone(ledger: Ledger, phone: Phone) -> list[FoundPerson]:
    """Up to 50 persons whose number it is or was."""
    return await _find(
        ledger,
        "p.id IN (SELECT person_id FROM contact WHERE kind = 'phone' AND value_hash = :hashed)",
        {"hashed": ledger.vault.blind("phone", phone.number)},
    )


async def find_by_name(ledger: Ledger, name: str, region_code: str) -> list[FoundPerson]:
    """Up to 50 persons of that name in the region, of any level."""
    first, last = span(region_code)
    return await _find(
        ledger,
        "p.name_hash = :hashed AND h.region_code BETWEEN :first AND :last",
        {"hashed": ledger.vault.blind("name", normal_name(name)), "first": first, "last": last},
    )


async def region_of_person(ledger: Ledger, person_id: int) -> str | None:
    """The village of a person's household; None when there is no such person."""
    async with ledger.reading() as connection:
        code: str | None = await connection.scalar(
            text("SELECT h.region_code FROM person p JOIN household h ON h.id = p.household_id WHERE p.id = :id"),
            {"id": person_id},
        )
    return code


async def household_members(ledger: Ledger, household_id: int) -> list[FoundPerson]:
    """The household's people, the first registered first; empty when there is no such household."""
    return await _find(ledger, "p.household_id = :household_id", {"household_id": household_id})


async def _find(ledger: Ledger, condition: str, bound: dict[str, Any]) -> list[FoundPerson]:
    async with ledger.reading() as connection:
        rows = (await connection.execute(text(f"{_PERSONS}{condition} ORDER BY p.id LIMIT {_N_MOST}"), bound)).all()
        phones = await connection.execute(
            text(
                "SELECT id, person_id, value_sealed, state, is_shared FROM contact "
                f"WHERE kind = 'phone' AND {ledger.among('household_id', 'homes')} ORDER BY version"
            ),
            {"homes": ledger.listed(sorted({row.household_id for row in rows}))},
        )
        by_person: dict[int, list[FoundPhone]] = defaultdict(list)
        for row in phones:
            number = ledger.vault.open_text("contact.value_sealed", row.id, bytes(row.value_sealed))
            by_person[row.person_id].append(FoundPhone(row.id, mask_phone(number), row.state, bool(row.is_shared)))
    return [_found(ledger, row, tuple(by_person[row.id])) for row in rows]


def _found(ledger: Ledger, row: Any, phones: tuple[FoundPhone, ...]) -> FoundPerson:
    name = ledger.vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed))
    number = None
    if row.id_sealed is not None:
        number = mask_id(ledger.vault.open_text("person.id_sealed", row.id, bytes(row.id_sealed)))
    return FoundPerson(
        row.id, row.household_id, row.region_code, row.group_name, mask_name(name), number, row.relation, phones
    )
