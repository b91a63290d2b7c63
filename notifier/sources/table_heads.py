"""Headers of tables: found below titles, in one line or two, or not there at all; and what a line below them is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from notifier.domain.identity import fold
from notifier.sources.headers import HeaderAliases, header_key
from notifier.sources.lines import Cell, Line

_LEAST_FIELDS = 2
_REPEATED_SHARE = 0.6
_COLUMN_NAME = {
    "name": "姓名",
    "holder": "户名",
    "id": "身份证号",
    "card": "账号",
    "village": "行政村",
    "area": "面积",
    "standard": "标准",
    "amount": "金额",
}
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


@dataclass(slots=True)
class Head:
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


def find_header(lines: Sequence[Line], aliases: HeaderAliases) -> Head | None:
    best: Head | None = None
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


def headless(lines: Sequence[Line]) -> Head:
    """A table that begins at once: what stands above its first line of several cells are titles."""
    n_above = next((at for at, line in enumerate(lines) if _n_cells(line) > _LEAST_FIELDS), len(lines))
    titles = tuple(text for line in lines[:n_above] for cell in line.cells if (text := _text(cell)))
    sheet = lines[0].sheet if lines else ""
    return Head(sheet, (), n_above, titles, (), {}, ())


def _n_cells(line: Line) -> int:
    return sum(cell is not None for cell in line.cells)


def has_any(head: Head, group: Sequence[str]) -> bool:
    return any(name in head.columns for name in group)


def with_names(header: Sequence[str], columns: Mapping[str, int]) -> tuple[str, ...]:
    """The header with a name for every recognised column, so that rows that go back can be read again."""
    width = max([len(header), *(at + 1 for at in columns.values())])
    named = [*header, *("",) * (width - len(header))]
    for name, at in columns.items():
        named[at] = _COLUMN_NAME.get(name, named[at]) if not named[at] else named[at]
    return tuple(named)


def _worth(columns: Mapping[str, int], n_lines: int) -> tuple[int, int]:
    # of equals the single line: the other has only a title above it
    return len(columns), -n_lines


def _head(lines: Sequence[Line], at: int, part: Sequence[Line], columns: Mapping[str, int]) -> Head:
    texts = _headline(part)
    width = len(texts)
    rows = [[_text(line.cells[x]) if x < len(line.cells) else "" for x in range(width)] for line in part]
    return Head(
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


def missing(head: Head, aliases: HeaderAliases) -> str | None:
    words: dict[str, str] = {}
    for word, name in aliases.fields.items():
        words.setdefault(name, word)
    lacking = [group for group in aliases.required if not has_any(head, group)]
    if not lacking:
        return None
    wanted = "、".join("或".join(f"「{words[name]}」" for name in group) for group in lacking)
    found = "、".join(text for text in head.header if text)
    where = f"第 {head.lines[-1].number} 行表头" if head.lines else "没有表头,"
    return f"{where}缺少{wanted}列(找到的列:{found});请补上该列,或把列名改成上述名称"


def in_sheet(sheet: str) -> str:
    return f"工作表「{sheet}」" if sheet else ""


def _text(cell: Cell) -> str:
    return re.sub(r"\s+", " ", fold(cell)) if isinstance(cell, str) else ""
