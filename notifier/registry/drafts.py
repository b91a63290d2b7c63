"""A household as one file tells it, before it is compared with the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from notifier.domain.errors import InputError
from notifier.domain.free_text import masked_or_none
from notifier.domain.identity import IdNumber, normal_group, read_id, says_nothing
from notifier.registry.attributes import read_attributes
from notifier.registry.entries import HOUSEHOLDER, Entry, Line, household_number, read_entry
from notifier.registry.places import Gazetteer

_ELDERLY_FROM = 80


@dataclass(slots=True)
class Remark:
    """Something to tell the uploader about a row: that it was rejected, or only that a part of it was not taken."""

    line: Line
    reason: str
    is_rejection: bool


@dataclass(slots=True)
class Draft:
    """The good rows of one household. `key` is what it is found by: its number, else "id:" and the householder's id.

    `region_code` and `group` are None where the file does not say; `attributes` holds what the sheet has columns for.
    """

    key: str = field(repr=False)
    entries: list[Entry] = field(repr=False)
    householder: Entry | None = field(repr=False)
    region_code: str | None
    group: str | None
    attributes: dict[str, Decimal]
    on: date
    n_phones_refused: int = 0
    n_landlines: int = 0

    @property
    def is_keyed_by_id(self) -> bool:
        """True when the file gave no 户编号."""
        return self.key.startswith("id:")

    def counted(self, entries: Sequence[Entry]) -> dict[str, Decimal]:
        """The attributes that are counted over people, for those of the entries that are taken."""
        values: dict[str, Decimal] = {}
        insured = [entry.is_insured for entry in entries if entry.is_insured is not None]
        if insured:
            values["is_insured"] = Decimal(any(insured))
        people = {entry.id.value: entry for entry in entries}.values()
        disabled = [entry.is_disabled for entry in people if entry.is_disabled is not None]
        if disabled:
            values["n_disabled"] = Decimal(sum(disabled))
        values["n_elderly"] = Decimal(sum(_age(entry.id, self.on) >= _ELDERLY_FROM for entry in people))
        return values


@dataclass(slots=True)
class Drafting:
    """Makes drafts of one file's households; `around` is the file's name, `on` the day for ages."""

    gazetteer: Gazetteer
    around: Sequence[str]
    on: date

    def draft(self, lines: Sequence[Line]) -> tuple[Draft | None, list[Remark]]:
        """The household in the lines, None when no row of it is good; and a remark for each row that is not whole."""
        if lines[0].row.problem:
            return None, [Remark(line, line.row.problem or "", True) for line in lines]
        try:
            number = household_number(lines[0].cells)
            region = self._region(lines[0])
        except InputError as problem:
            return None, [Remark(line, str(problem), True) for line in lines]
        entries, remarks = _entries(lines)
        householder = _householder(entries)
        key = number or _id_key(entries, householder, lines)
        if key and key.startswith("id:"):
            for line in lines:
                line.householder_id = key.removeprefix("id:")
        if key is None:
            remarks += [
                Remark(one.line, "本户户主一行有误且没有户编号,无法归户;请先更正户主一行", True) for one in entries
            ]
            return None, remarks
        if not entries:
            return None, remarks
        said = normal_group(entries[0].line.cells.get("group"))
        group = masked_or_none(said, [entry.name for entry in entries])
        attributes, problems = read_attributes(entries[0].line.cells)
        draft = Draft(key, entries, householder, region, group, attributes, self.on)
        remarks += [Remark(entries[0].line, problem, False) for problem in problems]
        return draft, remarks + _phone_remarks(draft)

    def _region(self, line: Line) -> str | None:
        return self.gazetteer.village_of(line.cells, line.row.sheet, (*line.row.titles, *self.around))


def _entries(lines: Sequence[Line]) -> tuple[list[Entry], list[Remark]]:
    entries: list[Entry] = []
    remarks: list[Remark] = []
    for line in lines:
        try:
            entries.append(read_entry(line))
        except InputError as problem:
            remarks.append(Remark(line, str(problem), True))
    return entries, remarks


def _householder(entries: Sequence[Entry]) -> Entry | None:
    for entry in entries:
        if entry.is_householder:
            return entry
    for entry in entries:
        said = _householder_id(entry.line.cells)
        if said and said.value == entry.id.value:
            entry.relation = HOUSEHOLDER
            return entry
    return None


def _id_key(entries: Sequence[Entry], householder: Entry | None, lines: Sequence[Line]) -> str | None:
    said = next((number for line in lines if (number := _householder_id(line.cells))), None)
    number = said or (householder.id if householder else None)
    return f"id:{number.value}" if number else None


def _householder_id(cells: Mapping[str, object]) -> IdNumber | None:
    if says_nothing(cells.get("householder_id")):
        return None
    try:
        return read_id(cells["householder_id"])
    except InputError:
        return None


def _age(number: IdNumber, on: date) -> int:
    born_on = number.born_on
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _phone_remarks(draft: Draft) -> list[Remark]:
    remarks: list[Remark] = []
    householder = draft.householder or draft.entries[0]
    said = [(entry, entry.own) for entry in draft.entries]
    # the household's phone stands on every row of some files, and in the own column again where there is only one
    if householder.shared != householder.own:
        said.append((householder, householder.shared))
    for entry, phone in said:
        if phone.problem:
            draft.n_phones_refused += 1
            remarks.append(Remark(entry.line, phone.problem, False))
        draft.n_landlines += phone.landline is not None
    return remarks
