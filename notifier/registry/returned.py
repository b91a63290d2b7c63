"""The workbook that goes back to the uploader: each row that was not taken whole, as it was, with the reason beside."""

import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter

from notifier.domain.identity import says_nothing
from notifier.registry.attributes import of_household
from notifier.registry.drafts import Remark
from notifier.sources.workbook import SheetRow

_HEAD = ("处理结果", "原因及改法", "原行号")
_REJECTED, _WARNED = "退回", "已导入,请核对"
_HOUSEHOLDER_ID = "户主身份证号"
_SHEET_NAME = 31
_NO_SHEET = "退回"
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


class Returned:
    """Collects remarks in the order of the file. A mended row can be handed in again from the workbook itself.

    The rows are personal data: they lie in a folder of this process alone, which goes with `close`.
    """

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="returned-")
        self._path = Path(self._folder.name) / "returned.xlsx"
        self._book: Any = None
        self._sheets: dict[str, Any] = {}
        self._next_rows: dict[str, int] = {}

    def add(self, remarks: Sequence[Remark]) -> None:
        """The rows of the remarks are in the workbook."""
        for remark in remarks:
            row = remark.line.row
            sheet = self._sheet(row)
            cells = [_REJECTED if remark.is_rejection else _WARNED, remark.reason, row.number]
            if _lacks_owner(row):
                cells.append(remark.line.householder_id or "")
            self._write(sheet, row.sheet, [*cells, *_filled(remark)])

    def content(self) -> bytes | None:
        """The finished workbook, None when nothing was added; nothing can be added after."""
        if self._book is None:
            return None
        self._book.close()
        return self._path.read_bytes()

    def close(self) -> None:
        """No trace is left on the disk. Safe to repeat."""
        self._folder.cleanup()

    def _sheet(self, row: SheetRow) -> Any:
        if self._book is None:
            options = {"constant_memory": True, "tmpdir": self._folder.name, "strings_to_formulas": False}
            self._book = xlsxwriter.Workbook(str(self._path), options)
        if row.sheet not in self._sheets:
            sheet = self._sheets[row.sheet] = self._book.add_worksheet(self._free_name(row.sheet))
            self._next_rows[row.sheet] = 0
            sheet.set_column(0, 0, 14)
            sheet.set_column(1, 1, 48)
            owner = (_HOUSEHOLDER_ID,) if _lacks_owner(row) else ()
            self._write(sheet, row.sheet, [*_HEAD, *owner, *row.header])
        return self._sheets[row.sheet]

    def _free_name(self, sheet: str) -> str:
        # an old format may allow what .xlsx does not; the village in the name is kept
        name = _NOT_IN_NAMES.sub("_", sheet).strip("'")[:_SHEET_NAME] or _NO_SHEET
        taken = {one.get_name().casefold() for one in self._sheets.values()}
        return next(
            free for n in count() if (free := f"{name[: _SHEET_NAME - 4]}_{n}" if n else name).casefold() not in taken
        )

    def _write(self, sheet: Any, name: str, cells: Sequence[object]) -> None:
        at = self._next_rows[name]
        for column, cell in enumerate(cells):
            if isinstance(cell, bool | int | float):
                sheet.write_number(at, column, cell)
            elif cell is not None:
                # never as a formula, whatever a cell begins with
                sheet.write_string(at, column, str(cell))
        self._next_rows[name] = at + 1


def _lacks_owner(row: SheetRow) -> bool:
    return "household_number" not in row.columns and "householder_id" not in row.columns and "name" in row.columns


def _filled(remark: Remark) -> list[object]:
    """The original cells; a household's cells that stand only in the row above are filled in, so the row is whole."""
    row = remark.line.row
    cells: list[object] = list(row.original)
    if row.problem:
        return cells
    for name in of_household(row.columns):
        at = row.columns[name]
        if at < len(cells) and says_nothing(cells[at]):
            cells[at] = remark.line.cells[name]
    return cells
