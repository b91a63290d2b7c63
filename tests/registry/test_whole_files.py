"""Whole files: a county's rosters, killed and simultaneous imports, memory, and no value in clear."""

import asyncio
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import xlwt
from python_calamine import CalamineWorkbook

from notifier.registry.drafts import Remark
from notifier.registry.entries import Line
from notifier.registry.handing_in import HandedIn
from notifier.registry.importing import import_households
from notifier.registry.regions import import_regions
from notifier.registry.returned import Returned
from notifier.sandbox.county import build_county, write_rosters
from notifier.sandbox.county.numbers import card_number, phone_number
from notifier.sandbox.county.one_roster import write_one_roster
from notifier.sandbox.county.workbooks import Cell
from notifier.sources.workbook import SheetRow
from tests.registry.rosters import (
    SETTINGS,
    FrozenClock,
    Watcher,
    a_ledger,
    a_row,
    an_id,
    everything,
    hand_in,
    one,
    rejected_rows,
    write_book,
    write_csv,
)

REGIONS = Path(__file__).parents[2] / "config/regions.csv"


class XlsBook:
    """An old .xls, as one township still keeps it."""

    def __init__(self, path: Path) -> None:
        self._path, self._book, self._at = path, xlwt.Workbook(), 0

    def start_sheet(self, name: str) -> None:
        self._sheet, self._at = self._book.add_sheet(name), 0

    def title(self, text: str, n_columns: int) -> None:
        self._sheet.write_merge(self._at, self._at, 0, n_columns - 1, text)
        self._at += 1

    def row(self, cells: Sequence[Cell], tall: frozenset[int] = frozenset(), n_rows: int = 1) -> int:
        for x, cell in enumerate(cells):
            if cell not in (None, ""):
                self._sheet.write(self._at, x, cell)
        self._at += 1
        return self._at

    def close(self) -> None:
        self._book.save(str(self._path))


async def test_the_rosters_of_a_whole_county_are_told_apart_row_by_row(ledger_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "rosters"
    folder.mkdir()
    truth = write_rosters(build_county(n_households=400), folder, XlsBook)
    planted = Counter(row.file for row in truth.rejected)
    async with a_ledger(ledger_url) as ledger:
        await import_regions(ledger, REGIONS)
        before: dict[str, Any] = {}
        for again in (False, True):
            for path in sorted(folder.iterdir()):
                report = await hand_in(ledger, path)
                assert report.n_rejected == planted[path.name], path.name
                assert report.n_rows - report.n_skipped == truth.n_rows[path.name]
                rows = {(r.sheet, r.row) for r in truth.rejected if r.file == path.name}
                assert len(rows) == len([row for row in rejected_rows(report) if row[0] == "退回"])
                if again:
                    assert report.n_added == report.n_changed == 0
            assert await one(ledger, "SELECT COUNT(*) FROM household") == truth.n_households
            assert await one(ledger, "SELECT COUNT(*), SUM(id_is_legacy) FROM person") == (
                truth.n_people,
                truth.n_short_ids,
            )
            landlines = await one(ledger, "SELECT COUNT(*) FROM contact WHERE state = 'landline'")
            assert landlines == truth.n_landline
            if again:
                assert await everything(ledger) == before
            before = await everything(ledger)


async def test_two_imports_of_the_same_households_at_once_make_each_once(ledger_url: str, tmp_path: Path) -> None:
    rows = [a_row(index) for index in range(1, 60)]
    paths = [write_book(tmp_path / f"{name}.xlsx", rows) for name in "abc"]
    async with a_ledger(ledger_url) as ledger:
        reports = await asyncio.gather(*(hand_in(ledger, path) for path in paths))
        assert sorted(report.n_added for report in reports) == [0, 0, 59]
        assert await one(ledger, "SELECT COUNT(*) FROM household") == 59


class Killer(Watcher):
    """Ends the import after its first batch, as a kill would."""

    def advance(self, n_done: int) -> None:
        raise KeyboardInterrupt


async def test_a_killed_import_keeps_its_batches_and_the_same_file_completes_it(
    ledger_url: str, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "a.csv", [a_row(index) for index in range(1, 7001)])
    async with a_ledger(ledger_url) as ledger:
        with pytest.raises(KeyboardInterrupt):
            await import_households(ledger, HandedIn(path, path.name), SETTINGS, FrozenClock(), Killer())
        assert await one(ledger, "SELECT COUNT(*) FROM household") == 5000
        report = await hand_in(ledger, path)
        assert (report.n_unchanged, report.n_added) == (5000, 2000)


async def test_memory_does_not_grow_with_the_number_of_rows(sqlite_ledger_url: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    n_households = write_one_roster(path, 16_000)
    seen: list[int] = []

    class Sampler(Watcher):
        def advance(self, n_done: int) -> None:
            seen.append(psutil.Process().memory_info().rss >> 20)

    async with a_ledger(sqlite_ledger_url) as ledger:
        await import_regions(ledger, REGIONS)
        report = await import_households(ledger, HandedIn(path, path.name), SETTINGS, FrozenClock(), Sampler())
    assert (report.n_added, report.n_households_added) == (16_000, n_households)
    # what grows is SQLite's page cache (64 MB at most) and a hash a person
    assert seen[-1] - seen[0] < 60


async def test_sheet_names_that_no_xlsx_can_bear_do_not_stop_the_rejected_rows(tmp_path: Path) -> None:
    returned = Returned()
    try:
        for name in ("一村", "一/村", "一_村", "", "'" * 3, "长" * 40, "长" * 41):
            row = SheetRow(name, 2, {}, ["=1+1", True, 3.5, None], ("姓名",), (), {}, "缺列")
            returned.add([Remark(Line(row, {}), "缺列", True)])
        content = returned.content()
        assert content is not None
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        assert len(book.sheet_names) == 7
        assert book.get_sheet_by_index(0).to_python()[1] == ["退回", "缺列", 2.0, "=1+1", 1.0, 3.5]
    finally:
        returned.close()


async def test_no_planted_value_is_readable_in_the_ledger_or_the_report(sqlite_ledger_url: str, tmp_path: Path) -> None:
    row = a_row(1, 姓名="尤素福・样例")
    path = write_book(tmp_path / "a.xlsx", [row, a_row(2, 身份证号="64042519")])
    async with a_ledger(sqlite_ledger_url) as ledger:
        report = await hand_in(ledger, path)
        shown = f"{report!r}{report.as_json()}"
    written = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))
    for value in ("尤素福", "样例2", an_id(1, "19500308"), phone_number(1), card_number(1), "64042519"):
        assert value not in shown
        assert value.encode() not in written
