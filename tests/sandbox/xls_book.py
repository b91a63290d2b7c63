"""A writer of the old .xls format; xlwt is a development tool, so the sandbox itself cannot have it."""

from collections.abc import Sequence
from pathlib import Path

import xlwt

from notifier.sandbox.county.workbooks import Cell


class XlsBook:
    """An .xls file, written as `Book` asks."""

    def __init__(self, path: Path) -> None:
        self._book = xlwt.Workbook(encoding="utf-8")
        self._path = path

    def start_sheet(self, name: str) -> None:
        self._sheet = self._book.add_sheet(name)
        self._n_rows = 0

    def title(self, text: str, n_columns: int) -> None:
        self._sheet.write_merge(self._n_rows, self._n_rows, 0, n_columns - 1, text)
        self._n_rows += 1

    def row(self, cells: Sequence[Cell], tall: frozenset[int] = frozenset(), n_rows: int = 1) -> int:
        for column, cell in enumerate(cells):
            if cell is not None and cell != "":
                self._sheet.write(self._n_rows, column, cell)
        self._n_rows += 1
        return self._n_rows

    def close(self) -> None:
        self._book.save(str(self._path))
