"""Whose network numbers are on, from a list that an operator or a lookup service gave: ported numbers above all."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from notifier.domain.errors import InputError
from notifier.domain.identity import PhoneProblem, read_phone
from notifier.domain.operators import OPERATOR_TEXT, Operator
from notifier.store.ledger import Ledger
from notifier.store.operators import set_operators

_PHONES, _OPERATORS = ("手机号", "号码", "phone"), ("运营商", "现运营商", "operator")
_NAMED = {
    **{name: one for one, name in OPERATOR_TEXT.items()},
    **{name.removeprefix("中国"): one for one, name in OPERATOR_TEXT.items()},
    **{one.value: one for one in Operator},
}


@dataclass(frozen=True, slots=True)
class OperatorsRead:
    """How many numbers are known now, and what was wrong with the lines that were left out; no number in it."""

    n_known: int
    problems: list[str]


async def import_operators(ledger: Ledger, path: Path, now: datetime) -> OperatorsRead:
    """Each number of the list is with its operator, whatever its prefix says; a bad line is left out and named.

    What a carrier says later of a number (NP:…) overrules the list. Safe to repeat. Raises InputError for a file
    without the two columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"读不到号码归属文件「{path.name}」（{type(error).__name__}）；请另存为 CSV UTF-8") from None
    known: dict[str, Operator] = {}
    problems: list[str] = []
    for found in _rows(path, lines):
        if isinstance(found, str):
            problems.append(found)
        else:
            known[found[0]] = found[1]
    await set_operators(ledger, list(known.items()), now)
    return OperatorsRead(len(known), problems)


def _rows(path: Path, lines: Iterable[list[str]]) -> Iterator[tuple[str, Operator] | str]:
    numbered = iter(enumerate(lines, 1))
    header = [cell.strip() for cell in next(numbered, (1, []))[1]]
    at_phone = next((header.index(one) for one in _PHONES if one in header), None)
    at_operator = next((header.index(one) for one in _OPERATORS if one in header), None)
    if at_phone is None or at_operator is None:
        raise InputError(f"号码归属文件「{path.name}」应有“手机号”和“运营商”两列；请核对首行")
    for n, cells in numbered:
        if not any(cell.strip() for cell in cells):
            continue
        name = cells[at_operator].strip() if at_operator < len(cells) else ""
        try:
            phone = read_phone(cells[at_phone] if at_phone < len(cells) else "").number
        except PhoneProblem:
            yield f"第 {n} 行的手机号不是 11 位号码；请核对"
            continue
        if name in _NAMED:
            yield phone, _NAMED[name]
        else:
            yield f"第 {n} 行的运营商应为移动、联通、电信或广电；请核对"
