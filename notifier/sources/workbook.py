"""Tables as clerks keep them: the header is found below titles, totals and repeated headers are skipped and counted.

Shared by the registry's rosters and the payment workbooks; which header means what is in `headers`.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path

from notifier.domain.errors import InputError
from notifier.sources.headers import HeaderAliases
from notifier.sources.lines import Line, read_lines
from notifier.sources.recognising import recognise
from notifier.sources.table_heads import (
    Head,
    SheetRow,
    find_header,
    has_any,
    headless,
    in_sheet,
    missing,
    with_names,
)

__all__ = ["Reading", "SheetRow", "read_workbook"]
_HEADER_WITHIN = 30


class Reading(Iterator[SheetRow]):
    """The rows of a workbook, read as they are asked for, and what was left out; the latter is complete at the end."""

    def __init__(
        self, lines: Generator[Line, None, None], name: str, aliases: HeaderAliases, *, by_content: bool = False
    ) -> None:
        self.skipped: Counter[str] = Counter()
        """Lines left out: total, header (repeated), footer."""
        self.ignored: dict[str, list[str]] = {}
        """Header texts that no alias knows, by sheet."""
        self.without_table: list[str] = []
        """Sheets that hold no table."""
        self.recognised: list[str] = []
        """Columns recognised by their content, in Chinese."""
        self._by_content = by_content
        self._name = name
        self._aliases = aliases
        self._lines = lines
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
            head = find_header(start, self._aliases)
            unclear = None
            if self._by_content:
                head, unclear = self._completed(head, start)
            if head is None:
                self.without_table.append(sheet)
                continue
            problem_here = unclear or missing(head, self._aliases)
            if problem_here:
                problem = problem or f"文件「{self._name}」{in_sheet(sheet)}{problem_here}"
                yield head.row(head.lines[-1] if head.lines else start[0], problem_here)
                continue
            n_tables += 1
            self.ignored[sheet] = head.unknown
            yield from self._table(head, chain(start[head.n_above + len(head.lines) :], lines))  # noqa: B031 - the same pass goes on
        if not n_tables:
            raise InputError(
                problem or f"文件「{self._name}」中没有找到表头;请确认表头一行含有「姓名」「身份证号」等列名"
            )

    def _completed(self, head: Head | None, start: Sequence[Line]) -> tuple[Head | None, str | None]:
        """The header with columns recognised by content where it lacks some; and what is unclear, in Chinese."""
        lacking = [group[0] for group in self._aliases.required if head is None or not has_any(head, group)]
        if head is not None and not lacking and "id" in head.columns:
            return head, None
        bare = head or headless(start)
        rows = [line.cells for line in start[bare.n_above + len(bare.lines) :] if bare.kind_of(line.cells) == "row"]
        try:
            found = recognise(bare.header, rows, bare.columns, lacking)
        except InputError as error:
            return bare, str(error)
        if head is None and not set(lacking) <= {one.field for one in found}:
            return None, None
        self.recognised += [f"{in_sheet(bare.sheet)}{one.says()}" for one in found]
        more = {one.field: one.column for one in found}
        header = with_names(bare.header, more)
        keys = (*bare.keys, *(frozenset[str](),) * (len(header) - len(bare.keys)))
        return replace(bare, columns={**bare.columns, **more}, header=header, keys=keys), None

    def _table(self, head: Head, lines: Iterator[Line]) -> Iterator[SheetRow]:
        for line in lines:
            kind = head.kind_of(line.cells)
            if kind == "row":
                yield head.row(line)
            elif kind != "blank":
                self.skipped[kind] += 1


def read_workbook(source: Path | bytes, name: str, aliases: HeaderAliases, *, by_content: bool = False) -> Reading:
    """The rows of every table in the file, in order, streaming; `name` (the file's) is used in errors.

    `by_content`: a required column whose header is missing or unknown is recognised by what stands in it.

    Raises InputError in Chinese, at once or while rows are read: damaged, locked, empty, renamed, or no table at all.
    A sheet that lacks a required column gives one row with `problem`; its neighbours are read.
    """
    return Reading(read_lines(source, name), name, aliases, by_content=by_content)
