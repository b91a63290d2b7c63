"""The fields of one row of a rule's form, as a browser sends them, and the condition that they say; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from notifier.domain.errors import InputError
from notifier.domain.rule_forms import MOST
from notifier.domain.rule_places import Places
from notifier.domain.rule_written import fen_written
from notifier.domain.rules import (
    ATTRIBUTE,
    Attribute,
    AttributeKind,
    Comparison,
    Has,
    Keeps,
    Leaf,
    Listed,
    Received,
    Registered,
    Vocabulary,
    Within,
)


@dataclass(frozen=True, slots=True)
class Field:
    """A row's fields as text.

    `what` is an attribute's column, or kind, registered_on, within, listed, received, all, any.
    """

    what: str
    name: str = ""
    comparison: str = ""
    value: str = ""
    year: str = ""
    first_on: str = ""
    last_on: str = ""


def leaf_of(field: Field, words: Vocabulary) -> Leaf:
    """The condition of a row. Raises InputError saying which field to mend."""
    if (attribute := ATTRIBUTE.get(field.what)) is not None:
        return _attribute(attribute, field)
    if (made := _MADE.get(field.what)) is None:
        raise InputError("请选择这一行的条件是什么")
    return made(field, words)


def _attribute(attribute: Attribute, field: Field) -> Has:
    if attribute.kind is AttributeKind.FLAG:
        if field.value not in ("是", "否"):
            raise InputError(f"“{attribute.name}”请选择是或否")
        return Has(attribute.column, Comparison.EQUAL, Decimal(field.value == "是"))
    return Has(attribute.column, _comparison(field), _number(field, attribute.name))


def _comparison(field: Field) -> Comparison:
    try:
        return Comparison(field.comparison)
    except ValueError:
        raise InputError("请选择比较方式：不少于、多于、不多于、少于或等于") from None


def _number(field: Field, name: str) -> Decimal:
    try:
        value = Decimal(field.value.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > MOST:
        raise InputError(f"“{name}”请填数字，例如 5")
    return value


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{what}请填日期，例如 2025-06-01") from None


def _known(name: str, known: Sequence[str], what: str) -> str:
    if name not in known:
        raise InputError(f"请选择{what}" if not name else f"没有叫“{name[:30]}”的{what}；请从列表中选择")
    return name


def _keeps(field: Field, words: Vocabulary) -> Keeps:
    kind = _known(field.name, words.kinds, "种类")
    return Keeps(kind, _comparison(field), _number(field, kind))


def _registered(field: Field, words: Vocabulary) -> Registered:
    return Registered(_comparison(field), _day(field.value, "登记日期"))


def _within(field: Field, words: Vocabulary) -> Within:
    places = Places(words.regions)
    codes = places.codes(field.value.strip())
    if len(codes) != 1:
        paths = "、".join(places.path(code) or code for code in codes[:5])
        raise InputError(
            f"这个名称有{len(codes)}处：{paths}；请选一处" if codes else "没有这个行政区划；请从列表中选择"
        )
    return Within(codes[0])


def _listed(field: Field, words: Vocabulary) -> Listed:
    return Listed(_known(field.name, words.lists, "名单"))


def _received(field: Field, words: Vocabulary) -> Received:
    item = _known(field.name, words.items, "补贴项目")
    year = field.year.strip()
    if year and not (year.isascii() and year.isdigit() and 1900 <= int(year) <= 2999):
        raise InputError("年份请填四位，例如 2025；不限年份就留空")
    first_on = _day(field.first_on, "起始日") if field.first_on.strip() else None
    last_on = _day(field.last_on, "截止日") if field.last_on.strip() else None
    if not field.value.strip():
        return Received(item, int(year) if year else None, first_on, last_on)
    try:
        amount_fen = fen_written(_number(field, "金额"), None)
    except ValueError:
        raise InputError("金额请以元为单位，最多两位小数") from None
    return Received(item, int(year) if year else None, first_on, last_on, _comparison(field), amount_fen)


_MADE: Mapping[str, Callable[[Field, Vocabulary], Leaf]] = {
    "kind": _keeps,
    "registered_on": _registered,
    "within": _within,
    "listed": _listed,
    "received": _received,
}
