"""Builders for registry tests: a ledger with villages, rosters row by row, and a look at what is in the ledger."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from notifier.domain.regions import Region
from notifier.domain.settings import Registry
from notifier.registry.handing_in import HandedIn
from notifier.registry.importing import ImportReport, import_households
from notifier.sandbox.county.numbers import card_number, id_check_digit, phone_number
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.registry_regions import keep_regions
from notifier.store.sealing import Keys, Vault

SETTINGS = Registry(headers_file=Path(__file__).parents[2] / "config/headers.toml", shared_above=2)
KEYS = Keys({1: bytes(range(32))}, 1, bytes(32), "secret")
COUNTY = (
    Region("640425000000", "彭阳县", "county", None),
    Region("640425100000", "白阳镇", "township", "640425000000"),
    Region("640425100201", "白阳样例一村", "village", "640425100000"),
    Region("640425100202", "样例庄村", "village", "640425100000"),
    Region("640425101000", "王洼镇", "township", "640425000000"),
    Region("640425101201", "样例庄村", "village", "640425101000"),
)
HEADER = ("行政村", "户编号", "姓名", "身份证号", "与户主关系", "户联系电话", "本人电话", "一卡通账号", "耕地面积(亩)")
VILLAGE = "白阳样例一村"


class FrozenClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Watcher:
    """Counts the progress it is told."""

    n_done = 0

    def advance(self, n_done: int) -> None:
        self.n_done += n_done


def an_id(index: int, born: str = "19700308") -> str:
    """The valid id of the index-th person born that day."""
    seventeen = f"640425{born}{index:03d}"
    return seventeen + id_check_digit(seventeen)


def a_row(index: int, **cells: Any) -> list[Any]:
    """The row of a householder alone in household number `index`; a cell given by its header replaces it."""
    row = {
        "行政村": VILLAGE,
        "户编号": f"H{index:05d}",
        "姓名": f"王样{index}",
        "身份证号": an_id(index % 1000, f"19{50 + index // 1000 % 40}0308"),
        "与户主关系": "户主",
        "户联系电话": phone_number(index),
        "本人电话": None,
        "一卡通账号": card_number(index),
        "耕地面积(亩)": 3.5,
    }
    return list((row | cells).values())


def write_book(path: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER, sheet: str = "名册") -> Path:
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    page = book.add_worksheet(sheet)
    for y, row in enumerate((header, *rows)):
        for x, cell in enumerate(row):
            if isinstance(cell, str):
                page.write_string(y, x, cell)
            elif cell is not None:
                page.write_number(y, x, cell)
    book.close()
    return path


def write_csv(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows((HEADER, *rows))
    return path


@asynccontextmanager
async def a_ledger(url: str, keys: Keys = KEYS) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(url, Vault(keys), pool=2)
    try:
        await keep_regions(ledger, COUNTY)
        yield ledger
    finally:
        await ledger.close()


async def hand_in(ledger: Ledger, path: Path, clock: FrozenClock | None = None) -> ImportReport:
    """Imports a file for the user clerk, and checks that the counts add up."""
    watcher = Watcher()
    file = HandedIn(path, path.name, "clerk")
    report = await import_households(ledger, file, SETTINGS, clock or FrozenClock(), watcher)
    accounted = report.n_added + report.n_changed + report.n_unchanged + report.n_merged + report.n_rejected
    assert report.n_rows == accounted + report.n_skipped
    assert watcher.n_done == report.n_rows - report.n_skipped
    return report


async def everything(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the registry, for comparing before and after."""
    async with ledger.reading() as connection:
        return {
            table: [tuple(row) for row in await connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]
            for table in ("household", "person", "contact")
        }


async def one(ledger: Ledger, statement: str, **bound: Any) -> Any:
    """The single row of a query, or its single value."""
    async with ledger.reading() as connection:
        row = (await connection.execute(text(statement), bound)).one()
    return row[0] if len(row) == 1 else row


async def phones_of(ledger: Ledger, name_index: int = 1) -> list[tuple[str, str, int]]:
    """(number, state, version) of every phone of the person `王样<index>`, oldest version first."""
    async with ledger.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT c.id, c.value_sealed, c.state, c.version FROM contact c JOIN person p ON p.id = c.person_id "
                "WHERE c.kind = 'phone' AND p.name_hash = :hashed ORDER BY c.version"
            ),
            {"hashed": ledger.vault.blind("name", f"王样{name_index}")},
        )
        return [
            (ledger.vault.open_text("contact.value_sealed", row.id, bytes(row.value_sealed)), row.state, row.version)
            for row in rows
        ]


def rejected_rows(report: ImportReport) -> list[list[Any]]:
    """Every row of the returned workbook below its header, sheet by sheet."""
    assert report.rejected is not None
    book = CalamineWorkbook.from_filelike(io.BytesIO(report.rejected))
    return [row for at in range(len(book.sheet_names)) for row in book.get_sheet_by_index(at).to_python()[1:]]
