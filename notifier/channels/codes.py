"""Status codes as data: one table of the carriers, one of each channel over it, and a county's own over both.

Columns: `code` (exact, or a beginning that ends in `*`), `class` (P T C L U S A: what it is a matter of), then `kind`,
`scope` and `reason`, which refine the class within its bounds and mean the class's own when empty (`code_classes`),
`delay`, `meaning`, and `note`: why, where sources class the code otherwise. `delay` is seconds, or `midnight` (the next
00:05 in Beijing, when daily quotas begin anew); only for kind `postponed`.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from notifier.channels.code_classes import BOUNDS, Class, Kind
from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Outcome, Postponed, Reason, Refused, Scope, Unsure

BEIJING = timezone(timedelta(hours=8))
"""Aliyun and WeChat write local times without an offset, and mean this one."""
CARRIERS = Path(__file__).with_name("carriers.csv")
"""What the carriers' own codes in the receipts of any SMS gateway mean."""
COLUMNS = ("code", "class", "kind", "scope", "reason", "delay", "meaning", "note")
"""The header of a codes table."""
_Word = TypeVar("_Word", bound=StrEnum)
_LATER = timedelta(hours=1)
"""For a limit whose row does not say when it is over."""
_DAY_BEGINS = timedelta(minutes=5)  # a provider's counters are reset near midnight, not at it


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a table. `delay` None means the next midnight in Beijing."""

    of_class: Class
    kind: Kind
    scope: Scope
    reason: Reason
    delay: timedelta | None


UNKNOWN = Code(Class.UNKNOWN, Kind.REFUSED, Scope.MESSAGE, Reason.UNKNOWN, timedelta(0))
"""What a code means that no table knows: this message is lost, and its neighbours are not."""


class Codes:
    """A provider's table, the county's rows over the shipped ones."""

    def __init__(self, rows: Mapping[str, Code]) -> None:
        self._exact = {code: row for code, row in rows.items() if not code.endswith("*")}
        beginnings = [(code[:-1], row) for code, row in rows.items() if code.endswith("*")]
        self._beginnings = sorted(beginnings, key=lambda pair: len(pair[0]), reverse=True)

    def knows(self, code: str) -> bool:
        """Whether a row of its own, or a beginning, fits the code."""
        return self.of(code) is not UNKNOWN

    def of(self, code: str) -> Code:
        """The exact row, else the one with the longest beginning, else UNKNOWN."""
        found = self._exact.get(code)
        if found is not None:
            return found
        return next((row for start, row in self._beginnings if code.startswith(start)), UNKNOWN)

    def reason(self, code: str) -> Reason:
        """Why a message with this code did not arrive."""
        return self.of(code).reason

    def outcome(self, code: str, now: datetime) -> Outcome:
        """What a call answered with this code ended in; `now` is aware. Kinds of receipts count as refused."""
        row = self.of(code)
        if row.kind in (Kind.UNSURE, Kind.DUPLICATE):
            return Unsure(code)
        if row.kind in (Kind.POSTPONED, Kind.TOKEN):
            return Postponed(code, row.delay if row.delay is not None else until_midnight(now))
        return Refused(code, row.scope, row.reason)


def until_midnight(now: datetime) -> timedelta:
    """From `now` (aware) to five minutes past the next midnight in Beijing."""
    today = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1) + _DAY_BEGINS - now


def read_codes(shipped: Path, own: Path | None) -> Codes:
    """The shipped table with the rows of `own` over it; lines that start with # are notes.

    Raises ConfigError, naming file, line and mend, for a table of either that cannot be used.
    """
    return _laid([shipped, own])


def read_sms_codes(shipped: Path, own: Path | None) -> Codes:
    """As `read_codes`, over what the carriers themselves say, whichever gateway passes it on."""
    return _laid([CARRIERS, shipped, own])


def _laid(tables: Sequence[Path | None]) -> Codes:
    rows: dict[str, Code] = {}
    for table in tables:
        if table is not None:
            rows.update(_rows(table))
    return Codes(rows)


def _rows(file: Path) -> dict[str, Code]:
    lines = _text(file).splitlines()
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered or tuple(next(csv.reader([numbered[0][1]]))) != COLUMNS:
        raise ConfigError(f"状态码表 {file} 的第一行应为表头：{','.join(COLUMNS)}")
    rows: dict[str, Code] = {}
    for n, line in numbered[1:]:
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if len(cells) != len(COLUMNS) or not cells[0]:
            raise ConfigError(f"状态码表 {file} 第 {n} 行应有 {len(COLUMNS)} 列且状态码不为空，请补齐")
        try:
            rows[cells[0]] = _code(cells)
        except ValueError as error:
            raise ConfigError(f"状态码表 {file} 第 {n} 行的 {error}，请改正") from None
    return rows


def _code(cells: list[str]) -> Code:
    _, its_class, kind, scope, reason, delay, *_ = cells
    of_class = _word(Class, "class", its_class)
    bounds = BOUNDS[of_class]
    code = Code(
        of_class,
        _within(of_class, "kind", bounds.kinds, _word(Kind, "kind", kind or bounds.kinds[0])),
        _within(of_class, "scope", bounds.scopes, _word(Scope, "scope", scope or bounds.scopes[0])),
        _within(of_class, "reason", bounds.reasons, _word(Reason, "reason", reason or bounds.reasons[0])),
        _delay(delay),
    )
    return replace(code, delay=_LATER) if of_class is Class.LIMIT and not kind and not delay else code


def _within(of_class: Class, column: str, allowed: Sequence[_Word], word: _Word) -> _Word:
    if word not in allowed:
        raise ValueError(f"{column} 是“{word}”，与类别 {of_class} 不符，应为 {'、'.join(allowed)} 之一或不写")
    return word


def _word(words: type[_Word], column: str, cell: str) -> _Word:
    try:
        return words(cell)
    except ValueError:
        raise ValueError(f"{column} 是“{cell}”，应为 {'、'.join(words)} 之一") from None


def _delay(cell: str) -> timedelta | None:
    if cell == "midnight":
        return None
    if cell and (not (cell.isascii() and cell.isdigit()) or len(cell) > len("2592000")):
        raise ValueError(f"delay 是“{cell}”，应为秒数（至多 7 位）或 midnight")
    return timedelta(seconds=int(cell or "0"))


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"读不到状态码表 {file}（{error.strerror}），请检查 codes_file 的路径和权限") from None
    for encoding in ("utf-8-sig", "gb18030"):  # what spreadsheets save as CSV here
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"状态码表 {file} 既不是 UTF-8 也不是 GB18030 编码，请另存为 CSV UTF-8")
