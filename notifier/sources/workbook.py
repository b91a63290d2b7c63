"""Tables as clerks keep them: the header is found below titles, totals and repeated headers are skipped and counted.

Shared by the registry's rosters and the payment workbooks; which header means what is in `headers`.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path

from notifier.domain.errors import InputError
from notifier.domain.identity import fold
from notifier.sources.headers import HeaderAliases, header_key
from notifier.sources.lines import Cell, Line, read_lines

_HEADER_WITHIN = 30
_LEAST_FIELDS = 2
_REPEATED_SHARE = 0.6
_TOTAL = re.compile(r"(本页|本表|本组|本村|本乡|本镇|全村|全乡|全镇|全县)?(合计|小计|总计|共计|累计|汇总)([::(].*)?")
_FOOTER = re.compile(
    r"(填表人?|制表人?|审核人?|审批人?|复核人?|填报人?|负责人|单位负责人|经办人|填[表报](日期|时间|单位)|"
    r"联系人|注|备注|说明|公示(时间|日期)|监督电话)\s*:.*|(注|说明)\s*[1-9一].*"
)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a table. `problem` is set on the one row that stands for a sheet whose header lacks something.

    `cells` holds every known field of the sheet, None where the cell is empty; `header` and `original` are the texts
    of the header and the cells as they stand, column by column; `titles` the texts above the header.
    """

    sheet: str
    number: int
    cells: Mapping[str, Cell] = field(repr=False)
    original: Sequence[Cell] = field(repr=False)
    header: Sequence[str]
    titles: Sequence[str] = field(repr=False)
    columns: Mapping[str, int] = field(repr=False)
    problem: str | None = None

    def header_of(self, name: str) -> str:
        """The header text of a field's column, with its unit: 补助金额(万元). '' when the sheet lacks the field."""
        return self.header[self.columns[name]] if name in self.columns else ""


class Reading(Iterator[SheetRow]):
    """The rows of a workbook, read as they are asked for, and what was left out; the latter is complete at the end."""

    def __init__(self, source: Path | bytes, name: str, aliases: HeaderAliases) -> None:
        self.skipped: Counter[str] = Counter()
        """Lines left out: total, header (repeated), footer."""
        self.ignored: dict[str, list[str]] = {}
        """Header texts that no alias knows, by sheet."""
        self.without_table: list[str] = []
        """Sheets that hold no table."""
        self._name = name
        self._aliases = aliases
        self._lines = read_lines(source, name)
        self._rows = self._read()

    def __next__(self) -> SheetRow:
        return next(self._rows)

    def close(self) -> None:
        """Nothing is open any more. Safe to repeat; needed only when the rows were not read to the end."""
        self._rows.close()
        self._lines.close()

    def _read(self) -> Generator[SheetRow, None, None]:
        n_tables, problem = 0, None
        for sheet, lines in groupby(self._lines, attrgetter("sheet")):
            start = list(islice(lines, _HEADER_WITHIN))
            head = _find_header(start, self._aliases)
            if head is None:
                self.without_table.append(sheet)
                continue
            missing = _missing(head, self._aliases)
            if missing:
                problem = problem or f"文件「{self._name}」{_place(sheet)}{missing}"
                yield head.row(head.lines[-1], missing)
                continue
            n_tables += 1
            self.ignored[sheet] = head.unknown
            yield from self._table(head, chain(start[head.n_above + len(head.lines) :], lines))  # noqa: B031 - the same pass goes on
        if not n_tables:
            raise InputError(
                problem or f"文件「{self._name}」中没有找到表头;请确认表头一行含有「姓名」「身份证号」等列名"
            )

    def _table(self, head: "_Head", lines: Iterator[Line]) -> Iterator[SheetRow]:
        for line in lines:
            kind = head.kind_of(line.cells)
            if kind == "row":
                yield head.row(line)
            elif kind != "blank":
                self.skipped[kind] += 1


def read_workbook(source: Path | bytes, name: str, aliases: HeaderAliases) -> Reading:
    """The rows of every table in the file, in order, streaming; `name` (the file's) is used in errors.

    Raises InputError in Chinese, at once or while rows are read: damaged, locked, empty, renamed, or no table at all.
    A sheet that lacks a required column gives one row with `problem`; its neighbours are read.
    """
    return Reading(source, name, aliases)


@dataclass(slots=True)
class _Head:
    """A header that was found: one line, or two of which the upper groups the lower."""

    sheet: str
    lines: Sequence[Line]
    n_above: int
    titles: Sequence[str]
    header: Sequence[str]
    columns: Mapping[str, int]
    keys: Sequence[frozenset[str]]

    @property
    def unknown(self) -> list[str]:
        known = set(self.columns.values())
        return [text for at, text in enumerate(self.header) if text and at not in known]

    def row(self, line: Line, problem: str | None = None) -> SheetRow:
        """The row of a line."""
        cells, n = line.cells, len(line.cells)
        values = {name: cells[at] if at < n else None for name, at in self.columns.items()}
        return SheetRow(line.sheet, line.number, values, cells, self.header, self.titles, self.columns, problem)

    def kind_of(self, cells: Sequence[Cell]) -> str:
        """row, blank, total, footer, or header for a repeated one."""
        first = next((cell for cell in cells if isinstance(cell, str) and not cell.isspace()), None)
        if first is None:
            return "row" if any(cell is not None and cell != " " for cell in cells) else "blank"
        text = fold(first)
        key = text.replace(" ", "")
        if _TOTAL.fullmatch(key):
            return "total"
        if _FOOTER.fullmatch(key):
            return "footer"
        return "header" if self._repeats(cells) else "row"

    def _repeats(self, cells: Sequence[Cell]) -> bool:
        n_texts = n_same = 0
        for at in self.columns.values():
            cell = cells[at] if at < len(cells) else None
            if cell is not None:
                n_texts += 1
                n_same += isinstance(cell, str) and header_key(cell) in self.keys[at]
                if n_texts > _LEAST_FIELDS and not n_same:
                    return False
        return n_same >= _LEAST_FIELDS and n_same >= _REPEATED_SHARE * n_texts


def _find_header(lines: Sequence[Line], aliases: HeaderAliases) -> _Head | None:
    best: _Head | None = None
    for at in range(len(lines)):
        for n in (1, 2):
            part = lines[at : at + n]
            if len(part) == n and len(texts := _headline(part)) >= _LEAST_FIELDS:
                columns = _columns(texts, aliases)
                if len(columns) >= _LEAST_FIELDS and (
                    best is None or _worth(columns, n) > _worth(best.columns, len(best.lines))
                ):
                    best = _head(lines, at, part, columns)
    return best


def _worth(columns: Mapping[str, int], n_lines: int) -> tuple[int, int]:
    # of equals the single line: the other has only a title above it
    return len(columns), -n_lines


def _head(lines: Sequence[Line], at: int, part: Sequence[Line], columns: Mapping[str, int]) -> _Head:
    texts = _headline(part)
    width = len(texts)
    rows = [[_text(line.cells[x]) if x < len(line.cells) else "" for x in range(width)] for line in part]
    return _Head(
        sheet=part[0].sheet,
        lines=part,
        n_above=at,
        titles=tuple(text for line in lines[:at] for cell in line.cells if (text := _text(cell))),
        header=tuple(options[0] for options in texts),
        columns=columns,
        keys=tuple(frozenset(header_key(row[x]) for row in rows if row[x]) for x in range(width)),
    )


def _headline(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """For each column the texts that may be its header, the likeliest first."""
    if len(lines) == 1:
        return [(_text(cell),) for cell in lines[0].cells]
    upper, lower = ([_text(cell) for cell in line.cells] for line in lines)
    texts: list[tuple[str, ...]] = []
    group = ""
    for at in range(max(len(upper), len(lower))):
        above = upper[at] if at < len(upper) else ""
        below = lower[at] if at < len(lower) else ""
        group = above or group
        texts.append((below, group + below) if below else (above,))
    return texts


def _columns(texts: Sequence[tuple[str, ...]], aliases: HeaderAliases) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, options in enumerate(texts):
        for text in options:
            name = aliases.field_of(text) if text else None
            if name is not None:
                columns.setdefault(name, at)
                break
    return columns


def _missing(head: _Head, aliases: HeaderAliases) -> str | None:
    words: dict[str, str] = {}
    for word, name in aliases.fields.items():
        words.setdefault(name, word)
    lacking = [group for group in aliases.required if not any(name in head.columns for name in group)]
    if not lacking:
        return None
    wanted = "、".join("或".join(f"「{words[name]}」" for name in group) for group in lacking)
    found = "、".join(text for text in head.header if text)
    return f"第 {head.lines[-1].number} 行表头缺少{wanted}列(找到的列:{found});请补上该列,或把列名改成上述名称"


def _place(sheet: str) -> str:
    return f"工作表「{sheet}」" if sheet else ""


def _text(cell: Cell) -> str:
    return re.sub(r"\s+", " ", fold(cell)) if isinstance(cell, str) else ""
