"""Files the way clerks keep them: a title above the table, merged cells, one sheet or many; xlsx and GB18030 csv."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import xlsxwriter

Cell = str | float | int | None


class Book(Protocol):
    """A workbook written from top to bottom. Cells: str is text, a number a number cell, None is left empty."""

    def start_sheet(self, name: str) -> None:
        """Later rows go to a new sheet; `name` has at most 31 characters."""

    def title(self, text: str, n_columns: int) -> None:
        """One row whose only text spans `n_columns` columns."""

    def row(self, cells: Sequence[Cell], tall: frozenset[int] = frozenset(), n_rows: int = 1) -> int:
        """One row; its cells in the columns `tall` span `n_rows` rows. Gives the row's number, from 1."""

    def close(self) -> None:
        """The file is complete on disk."""


class XlsxBook:
    """An xlsx file. With `streaming` it needs little memory and cannot merge downwards."""

    def __init__(self, path: Path, streaming: bool = False) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": streaming, "strings_to_numbers": False})
        self._centred = self._book.add_format({"align": "center", "valign": "vcenter", "bold": True})
        self._plain = self._book.add_format({"valign": "vcenter"})
        self._streaming = streaming
        self._n_rows = 0

    def start_sheet(self, name: str) -> None:
        """See `Book`."""
        self._sheet = self._book.add_worksheet(name)
        self._n_rows = 0

    def title(self, text: str, n_columns: int) -> None:
        """See `Book`."""
        self._sheet.merge_range(self._n_rows, 0, self._n_rows, max(1, n_columns - 1), text, self._centred)
        self._n_rows += 1

    def row(self, cells: Sequence[Cell], tall: frozenset[int] = frozenset(), n_rows: int = 1) -> int:
        """See `Book`; a streaming book leaves the cells under a tall one empty without merging them."""
        at, merges = self._n_rows, n_rows > 1 and not self._streaming
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if merges and column in tall:
                self._sheet.merge_range(at, column, at + n_rows - 1, column, cell, self._plain)
            elif isinstance(cell, str):
                self._sheet.write_string(at, column, cell)
            else:
                self._sheet.write_number(at, column, cell)
        self._n_rows += 1
        return self._n_rows

    def close(self) -> None:
        """See `Book`."""
        self._book.close()


class CsvBook:
    """A csv file in GB18030, as old systems export it; sheets follow one another."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="gb18030", newline="")
        self._writer = csv.writer(self._file)
        self._n_rows = 0

    def start_sheet(self, name: str) -> None:
        """See `Book`; a csv has no sheets, so nothing is written."""

    def title(self, text: str, n_columns: int) -> None:
        """See `Book`."""
        self.row([text, *[""] * (n_columns - 1)])

    def row(self, cells: Sequence[Cell], tall: frozenset[int] = frozenset(), n_rows: int = 1) -> int:
        """See `Book`; numbers of twelve digits and more come out as a spreadsheet saves them, 6.40425E+17."""
        self._writer.writerow([_as_saved(cell) for cell in cells])
        self._n_rows += 1
        return self._n_rows

    def close(self) -> None:
        """See `Book`."""
        self._file.close()


def _as_saved(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return f"{cell:.5E}" if cell >= 1e12 else f"{cell:.15g}"


@contextmanager
def finished_at_once(path: Path) -> Iterator[Path]:
    """A path to write to; `path` itself appears when the block ends, so a watcher never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
