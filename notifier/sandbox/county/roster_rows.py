"""Rows of a roster, good and spoiled, as field -> cell; the form decides which fields are written."""

from notifier.sandbox.county.handwriting import Clerk
from notifier.sandbox.county.names import DOT
from notifier.sandbox.county.numbers import ID_PREFIX, card_number, id_check_digit, stranger_id
from notifier.sandbox.county.people import HOUSEHOLDER, Household, Person
from notifier.sandbox.county.workbooks import Cell

Row = dict[str, Cell]

# why a row can never be let in; each is planted in turn
SPOILED = (
    "id_float",
    "id_check",
    "card_float",
    "id_date",
    "id_missing",
    "id_length",
    "name_missing",
    "name_conflict",
)
_CHECKS = "0123456789X0"
# far above the account of anybody in the county
_FIRST_STRANGE_ACCOUNT = 9_000_000_000


def household_cells(clerk: Clerk, home: Household, serial: int) -> Row:
    """What stands once for the household: on its first row, on every row, or in the household's own book."""
    return {
        "serial": float(serial),
        "number": home.number,
        "township": home.village.township,
        "village": clerk.village(home.village),
        "group": clerk.group(home.group),
        "householder": clerk.name(home.householder.name),
        "householder_id": home.householder.id_number,
        "n_people": float(len(home.people)),
        "household_phone": clerk.phone(home.phone) if home.phone else clerk.no_phone(home.number),
        "kind": home.kind,
        "watched": "突发严重困难户" if home.kind == "监测对象" else "",
        "minimum_living": clerk.yes_no(home.minimum_living),
        "destitute": clerk.yes_no(home.destitute),
        "farmland": clerk.area(home.farmland_mu),
        "grassland": clerk.area(home.grassland_mu),
        "returned": clerk.area(home.returned_mu),
        "sheep": clerk.heads(home.n_sheep),
        "cattle": clerk.heads(home.n_cattle),
        "county": "彭阳县",
        "dated": "2026-09-30",
    }


def person_cells(clerk: Clerk, home: Household, person: Person) -> Row:
    """What stands for one member. A householder's own phone is the household's."""
    return {
        "name": clerk.name(person.name),
        "id": clerk.id(person),
        "relation": clerk.relation(person.relation),
        "phone": clerk.phone(person.phone) if person.phone.startswith("199") else "",
        "card": clerk.card(person.card),
        "disability": person.disability,
        "insured": clerk.insured(home.insured),
        "person_number": f"{home.number}{home.people.index(person) + 1:02d}",
        "nation": "回族" if DOT in person.name else "汉族",
        "note": "",
    }


def stranger_cells(index: int, number: str | None) -> Row:
    """A person nobody knows: a householder of a household of one under `number`, or a member when it is None."""
    row: Row = {
        "name": f"样例{_STRANGER_NAMES[index % len(_STRANGER_NAMES)]}",
        "id": stranger_id(index),
        "relation": "子",
        "card": card_number(_FIRST_STRANGE_ACCOUNT + index),
        "phone": "",
    }
    if number:
        alone: Row = {"relation": HOUSEHOLDER, "number": number, "householder": row["name"], "n_people": 1.0}
        row |= alone | {"householder_id": row["id"], "household_phone": ""}
    return row


_STRANGER_NAMES = ("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸")


def spoil(row: Row, reason: str, taken_id: str) -> Row:
    """The stranger's row with one thing wrong that no import may mend. `taken_id` is a known person's id."""
    number, card = str(row["id"]), str(row["card"])
    nameless: Row = {"name": "", **({"householder": ""} if row.get("householder") == row["name"] else {})}
    wrong: dict[str, Row] = {
        # what a spreadsheet keeps of 18 or 19 digits: the first fifteen
        "id_float": {"id": float(number[:15] + "000")},
        "card_float": {"card": float(card[:15] + "0000")},
        "id_check": {"id": number[:17] + _CHECKS[_CHECKS.index(number[17]) + 1]},
        "id_date": {"id": _on_february_30th(number)},
        "id_length": {"id": number[:17]},
        "id_missing": {"id": ""},
        "name_missing": nameless,
        "name_conflict": {"id": taken_id},
    }
    return row | wrong[reason]


def _on_february_30th(number: str) -> str:
    seventeen = f"{ID_PREFIX}{number[6:10]}0230{number[14:17]}"
    return seventeen + id_check_digit(seventeen)
