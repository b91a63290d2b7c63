"""The registry as twelve townships keep it: fourteen files in eight layouts, with the faults of real ones."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from notifier.sandbox.county.handwriting import Clerk, impossible_phone
from notifier.sandbox.county.people import County, Household
from notifier.sandbox.county.regions import Township, Village
from notifier.sandbox.county.roster_forms import FORMS, HOUSEHOLD_FIELDS, Form
from notifier.sandbox.county.roster_rows import (
    SPOILED,
    Row,
    household_cells,
    person_cells,
    spoil,
    stranger_cells,
)
from notifier.sandbox.county.truth import RejectedRow, RosterTruth
from notifier.sandbox.county.workbooks import Book, Cell, CsvBook, XlsxBook, finished_at_once

OpenXls = Callable[[Path], Book]

# above this many households cells are not merged downwards and rows are streamed to disk
_MERGING_MOST = 60_000
_HOUSEHOLDS_PER_SPOILED = 40
_FIRST_REPEATED, _HOUSEHOLDS_PER_REPEATED = 3, 60
_ROWS_PER_PRINTED_PAGE = 400
_N_FROM_ELSEWHERE = 3
_CADRE_LEAST = 20


def write_rosters(county: County, folder: Path, open_xls: OpenXls | None = None) -> RosterTruth:
    """The rosters of all townships are in `folder`, and what they hold is given back.

    One township is in memory at a time. Without `open_xls` the .xls form is written as .xlsx. The same county
    gives the same cells; files of the same name are replaced.
    """
    truth = RosterTruth(county.n_households)
    phones: Counter[str] = Counter()
    elsewhere: list[Household] = []
    for order, (township, villages) in enumerate(county.by_township(), 1):
        for form in FORMS[township.name]:
            strangers = order * 50_000 if not form.per_household else order * 50_000 + 25_000
            path = folder / f"{order:02d}{township.name}{form.title}{_suffix(form, open_xls)}"
            pen = _Pen(form, truth, path.name, Clerk(random.Random(f"{county.seed}/{path.stem}")), strangers)
            with finished_at_once(path) as unfinished:
                pen.book = _open(form, unfinished, county.n_households > _MERGING_MOST, open_xls)
                pen.write(township, villages, elsewhere)
        homes = [home for _, settled in villages for home in settled]
        elsewhere = homes[-_N_FROM_ELSEWHERE:]
        _count_people(truth, phones, homes)
    truth.n_cadre_phones = sum(n > _CADRE_LEAST for n in phones.values())
    return truth


def _suffix(form: Form, open_xls: OpenXls | None) -> str:
    return ".xlsx" if form.suffix == ".xls" and open_xls is None else form.suffix


def _open(form: Form, path: Path, streaming: bool, open_xls: OpenXls | None) -> Book:
    if form.suffix == ".csv":
        return CsvBook(path)
    if form.suffix == ".xls" and open_xls is not None:
        return open_xls(path)
    return XlsxBook(path, streaming)


def _count_people(truth: RosterTruth, phones: Counter[str], homes: list[Household]) -> None:
    for home in homes:
        truth.n_people += len(home.people)
        truth.n_impossible_phone += not home.phone and impossible_phone(home.number) != ""
        truth.n_landline += home.phone.startswith("0")
        truth.n_short_ids += sum(person.legacy_id for person in home.people)
        if home.phone:
            phones[home.phone] += 1


@dataclass(slots=True)
class _Pen:
    """Writes one form of one township from top to bottom and notes what it wrote."""

    form: Form
    truth: RosterTruth
    file: str
    clerk: Clerk
    next_stranger: int
    book: Book = field(init=False)
    sheet: str = ""
    serial: int = 0
    n_spoiled: int = 0

    def write(
        self, township: Township, villages: list[tuple[Village, list[Household]]], elsewhere: list[Household]
    ) -> None:
        """The whole workbook is on disk."""
        if self.form.household_cells_once:
            self._explain()
        if not self.form.sheet_per_village:
            self._begin(township.name, f"彭阳县{township.name}")
        for village, homes in villages:
            if self.form.sheet_per_village:
                self._begin(self.clerk.village(village), f"彭阳县{township.name}{village.name}")
            self._village(village, homes)
            self._total("合计" if self.form.sheet_per_village else "小计", homes)
        if not self.form.sheet_per_village:
            for home in elsewhere if self.form.names_village else ():
                self._household(home)
                self.truth.n_repeated_across_files += 1
            self._total("合计", [home for _, homes in villages for home in homes])
        self.book.row(["填表人：", None, "审核人：", None, "填报日期：2026年9月30日"])
        self.book.close()

    def _explain(self) -> None:
        self.book.start_sheet("填表说明")
        self.book.row(["一、本表由各行政村填报，乡镇汇总。"])
        self.book.row(["二、身份证号请设为文本格式，户主排在本户第一行。"])

    def _begin(self, sheet: str, place: str) -> None:
        self.sheet = "" if self.form.suffix == ".csv" else sheet
        self.serial = 0
        n_columns = len(self.form.columns)
        self.book.start_sheet(sheet)
        self.book.title(f"{place}{self.form.title}", n_columns)
        self.book.title("填报时间：2026年9月    单位：亩、只、头", n_columns)
        self._header()

    def _header(self) -> None:
        if self.form.upper:
            self.book.row(self.form.upper)
        self.book.row([header for _, header in self.form.columns])

    def _village(self, village: Village, homes: list[Household]) -> None:
        for home in homes:
            self._household(home)
        if homes:
            for row in self._spoiled(village, homes, max(1, len(homes) // _HOUSEHOLDS_PER_SPOILED)):
                self._reject(*row)
        for home in homes[_FIRST_REPEATED::_HOUSEHOLDS_PER_REPEATED]:
            self._household(home)
            self.truth.n_repeated_in_file += 1

    def _household(self, home: Household) -> None:
        if self.serial and self.serial % _ROWS_PER_PRINTED_PAGE == 0:
            self._header()
        self.serial += 1
        shared = household_cells(self.clerk, home, self.serial)
        people = home.people[:1] if self.form.per_household else home.people
        for index, person in enumerate(people):
            row = person_cells(self.clerk, home, person)
            once = index and self.form.household_cells_once
            self._row(row if once else shared | row, len(people) if not index else 1)

    def _spoiled(self, village: Village, homes: list[Household], n: int) -> Iterator[tuple[Row, str]]:
        for _ in range(n):
            reason = SPOILED[self.n_spoiled % len(SPOILED)]
            alone = self.form.per_household or self.n_spoiled // len(SPOILED) % 2 == 0
            last = household_cells(self.clerk, homes[-1], self.serial)
            hidden = self.form.household_cells_once and not alone
            row: Row = {} if hidden else last
            row = row | stranger_cells(self.next_stranger, f"{village.code}9{self.n_spoiled:04d}" if alone else None)
            self.n_spoiled += 1
            self.next_stranger += 1
            yield spoil(row, reason, homes[0].householder.id_number), reason

    def _reject(self, row: Row, reason: str) -> None:
        at = self._row(row, 1)
        self.truth.rejected.append(RejectedRow(self.file, self.sheet, at, reason))

    def _row(self, row: Row, n_rows: int) -> int:
        fields = self.form.fields
        cells: list[Cell] = [row.get(name) for name in fields]
        self.truth.n_rows[self.file] = self.truth.n_rows.get(self.file, 0) + 1
        if self.form.household_cells_once and n_rows > 1:
            tall = frozenset(at for at, name in enumerate(fields) if name in HOUSEHOLD_FIELDS)
            return self.book.row(cells, tall, n_rows)
        return self.book.row(cells)

    def _total(self, word: str, homes: list[Household]) -> None:
        land = float(sum(home.farmland_mu for home in homes))
        n_people = sum(len(home.people) for home in homes)
        cells: list[Cell] = [None] * len(self.form.columns)
        cells[0], cells[1] = word, f"{len(homes)}户{n_people}人"
        cells[self.form.fields.index("farmland") if "farmland" in self.form.fields else 2] = land
        self.book.row(cells)
