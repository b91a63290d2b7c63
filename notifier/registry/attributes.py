"""What a roster says of a household beyond its people, as the ledger stores it: flags 0 or 1, counts, areas."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from notifier.domain.errors import InputError
from notifier.domain.identity import says_nothing, written
from notifier.sources.lines import Cell
from notifier.store.kinds import KIND

_NO = frozenset(
    (
        "否",
        "不是",
        "0",
        "×",
        "x",
        "✗",
        "✘",
        "n",
        "no",
        "false",
        "f",
        "非",
        "未参保",
        "未参加",
        "不享受",
        "未享受",
        "不参保",
    )
)
_AREAS = {"farmland": "farmland_mu", "grassland": "grassland_mu", "reforested": "reforested_mu"}
_COUNTS = {"sheep": "n_sheep", "cattle": "n_cattle", "pigs": "n_pigs"}
_FLAGS = {"low_income": "is_low_income", "destitute": "is_destitute"}
_MONITORED = ("监测", "边缘", "不稳定", "突发严重")
_UNIT = re.compile(r"(亩|只|头|口|匹|箱|峰|羽|个|棚|株)$")
_MOST = Decimal(1_000_000)

HOUSEHOLD_FIELDS = frozenset(
    (
        *("household_number", "township", "village", "group", "householder", "householder_id", "household_phone"),
        *("kind", "monitored_kind", "risk_cleared"),
        *_AREAS,
        *_COUNTS,
        *_FLAGS,
    )
)
"""Fields that describe the household: clerks write them once and leave them empty on its other rows."""


def of_household(fields: Iterable[str]) -> set[str]:
    """Those of the fields that describe the household, kinds included."""
    return {name for name in fields if name in HOUSEHOLD_FIELDS or name.startswith(KIND)}


def is_yes(cell: Cell) -> bool:
    """True for 是, √, 1, a grade, any word but the ones that deny; False for an empty cell."""
    return not says_nothing(cell) and written(cell).lower() not in _NO and cell is not False


def read_attributes(cells: Mapping[str, Cell]) -> tuple[dict[str, Decimal], list[str]]:
    """(attribute column -> value for every column that the sheet has, sentences about what could not be read).

    A county's own kinds stand under `kind:` and their name.

    An empty cell is 0: a sheet that has the column says "none" by leaving it empty.
    """
    values: dict[str, Decimal] = {}
    problems: list[str] = []
    for name, column in _FLAGS.items():
        if name in cells:
            values[column] = Decimal(is_yes(cells[name]))
    values |= _kinds(cells)
    for names, whole in ((_AREAS, False), (_COUNTS, True)):
        for name, column in names.items():
            if name in cells:
                try:
                    values[column] = _number(cells[name], whole)
                except InputError as problem:
                    problems.append(str(problem))
    for name in cells:
        if name.startswith(KIND):
            try:
                values[name] = _number(cells[name], False)
            except InputError as problem:
                problems.append(f"「{name.removeprefix(KIND)}」{problem}")
    return values, problems


def _kinds(cells: Mapping[str, Cell]) -> dict[str, Decimal]:
    values: dict[str, Decimal] = {}
    kind = written(cells.get("kind"))
    if "kind" in cells:
        values["is_out_of_poverty"] = Decimal("脱贫" in kind and "未脱贫" not in kind)
    if "kind" in cells or "monitored_kind" in cells:
        named = any(word in kind for word in _MONITORED) or is_yes(cells.get("monitored_kind"))
        values["is_monitored"] = Decimal(named and not is_yes(cells.get("risk_cleared")))
    return values


def _number(cell: Cell, whole: bool) -> Decimal:
    if says_nothing(cell):
        return Decimal(0)
    text = _UNIT.sub("", written(cell).replace(",", "").replace(" ", ""))
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number <= _MOST or (whole and number != int(number)):
        raise InputError("面积或数量不是合理的数字,该项未导入;请核对")
    return number
