"""What one row of a roster says of a person, read and checked; and how rows hang together as households."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from notifier.domain.errors import InputError
from notifier.domain.free_text import kinship
from notifier.domain.identity import (
    IdNumber,
    PhoneProblem,
    normal_name,
    read_card,
    read_id,
    read_phone,
    says_nothing,
    written,
)
from notifier.registry.attributes import is_yes, of_household
from notifier.sources.lines import Cell
from notifier.sources.workbook import SheetRow

HOUSEHOLDER = "户主"
_OTHER = "其他"
_HOUSEHOLDER_WORDS = frozenset(("户主", "本人", "本人或户主", "户主本人", "本户户主"))
_RELATIONS = {
    word: relation
    for relation, words in {
        "配偶": "配偶 妻 夫 妻子 丈夫 爱人",
        "子": "子 儿子 长子 次子 三子 四子 独生子 儿",
        "女": "女 女儿 长女 次女 三女 四女 独生女",
        "父": "父 父亲",
        "母": "母 母亲",
        "儿媳": "儿媳 子媳 媳妇",
        "孙子": "孙子 孙 长孙",
        "孙女": "孙女 长孙女",
    }.items()
    for word in words.split()
}
# an exact whole number in a spreadsheet ends here
_EXACT = 2**53


@dataclass(slots=True)
class Line:
    """A row with the household's cells filled in from the row above it where a clerk left them empty."""

    row: SheetRow
    cells: Mapping[str, Cell] = field(repr=False)
    householder_id: str | None = field(default=None, repr=False)
    """The householder's id where the row itself does not say it."""


@dataclass(slots=True)
class Contactable:
    """What a cell says of a phone: a mobile number, a landline, or a sentence about what is wrong."""

    mobile: str | None = field(default=None, repr=False)
    landline: str | None = field(default=None, repr=False)
    problem: str | None = None


@dataclass(slots=True)
class Entry:
    """A good row. `own` is the person's phone, `shared` the household's; what the sheet lacks is None."""

    line: Line
    name: str = field(repr=False)
    id: IdNumber
    relation: str | None
    card: str | None = field(repr=False)
    own: Contactable
    shared: Contactable
    is_disabled: bool | None
    is_insured: bool | None
    id_hash: bytes | None = None
    """What the person is found by, once it was asked for."""

    @property
    def is_householder(self) -> bool:
        """True when the row is the householder's own."""
        return self.relation == HOUSEHOLDER


def read_entry(line: Line) -> Entry:
    """The person of a row. Raises InputError saying what to mend: name, id or card; a bad phone is no reason."""
    cells = line.cells
    is_household_row = "name" not in cells
    name = normal_name(written(cells.get("householder" if is_household_row else "name")))
    if says_nothing(name):
        raise InputError("缺少姓名;请补填")
    number = read_id(cells.get("householder_id" if "id" not in cells else "id"))
    card = None if says_nothing(cells.get("card")) else read_card(cells["card"])
    relation = HOUSEHOLDER if is_household_row else _relation(cells)
    has_own = "own_phone" in cells
    row_phone = _phone(cells.get("phone"))
    return Entry(
        line,
        name,
        number,
        relation,
        card,
        own=_phone(cells.get("own_phone")) if has_own else row_phone,
        shared=_phone(cells["household_phone"])
        if "household_phone" in cells
        else (row_phone if has_own or relation == HOUSEHOLDER else Contactable()),
        is_disabled=is_yes(cells["disability"]) if "disability" in cells else None,
        is_insured=is_yes(cells["insured"]) if "insured" in cells else None,
    )


def _relation(cells: Mapping[str, Cell]) -> str | None:
    text = re.sub(r"\s+", "", written(cells.get("relation"))).removeprefix("之")
    if text in _HOUSEHOLDER_WORDS:
        return HOUSEHOLDER
    if text:
        return _RELATIONS.get(text) or kinship(text) or _OTHER
    return None if "relation" in cells else HOUSEHOLDER if _lone(cells) else None


def _lone(cells: Mapping[str, Cell]) -> bool:
    return "householder_id" not in cells and "householder" not in cells


def _phone(cell: Cell) -> Contactable:
    if says_nothing(cell):
        return Contactable()
    try:
        return Contactable(mobile=read_phone(cell).number)
    except PhoneProblem as problem:
        return Contactable(landline=problem.landline, problem=None if problem.landline else str(problem))


def household_number(cells: Mapping[str, Cell]) -> str | None:
    """The 户编号 of a row. Raises InputError when a spreadsheet has made it a number too long to be exact."""
    cell = cells.get("household_number")
    if says_nothing(cell):
        return None
    text = re.sub(r"\s+", "", written(cell)).strip("'").upper()
    if (isinstance(cell, float) and cell >= _EXACT) or re.fullmatch(r"\d\.\d+E\+\d+", text):
        raise InputError("户编号被表格软件变成了数字,末几位已丢失;请把该列改为文本格式后重新填写")
    return text


def by_household(rows: Iterable[SheetRow]) -> Iterator[list[Line]]:
    """The rows of each household together, as they follow one another; the same household may come again later."""
    held: list[Line] = []
    for row in rows:
        follows = bool(held) and held[-1].row.sheet == row.sheet and _continues(held[-1].cells, row.cells)
        if not follows and held:
            yield held
            held = []
        cells = dict(row.cells)
        if follows:
            above = held[-1].cells
            cells |= {name: above[name] for name in of_household(cells) if says_nothing(cells[name])}
        held.append(Line(row, cells))
    if held:
        yield held


def _continues(above: Mapping[str, Cell], cells: Mapping[str, Cell]) -> bool:
    if "name" not in cells:
        return False
    number = cells.get("household_number")
    if not says_nothing(number):
        return written(number) == written(above.get("household_number"))
    if not says_nothing(cells.get("householder_id")):
        return written(cells["householder_id"]) == written(above.get("householder_id"))
    if "relation" not in cells:
        # without any sign of belonging each row is a household, unless the sheet numbers them
        return "household_number" in cells or "householder_id" in cells
    return _relation(cells) != HOUSEHOLDER
