"""The forms of a rule: the tree as plain lists and JSON, as a Chinese sentence, and its value for one household.

The plain form is what taxonomy files and the ledger hold: {"has": ["farmland_mu", ">", "0"]},
{"within": "640425000000"}, {"all": [...]}, {"any": [...]}, {"not": {...}}.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from notifier.domain.errors import InputError
from notifier.domain.money import plain
from notifier.domain.regions import level_of, span
from notifier.domain.rules import ATTRIBUTE, AllOf, AnyOf, AttributeKind, Comparison, Has, Not, Rule, Within

_DEEPEST = 40
_MOST = Decimal(10) ** 12
_SAID = {
    Comparison.AT_LEAST: "不少于",
    Comparison.MORE: "多于",
    Comparison.AT_MOST: "不多于",
    Comparison.LESS: "少于",
    Comparison.EQUAL: "等于",
}


def to_form(rule: Rule) -> dict[str, Any]:
    """The plain form; `from_form` gives an equal rule back."""
    match rule:
        case Has(column, comparison, value):
            return {"has": [column, comparison.value, str(value)]}
        case Within(code):
            return {"within": code}
        case AllOf(parts):
            return {"all": [to_form(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_form(part) for part in parts]}
        case Not(part):
            return {"not": to_form(part)}


def from_form(form: object, depth: int = 0) -> Rule:
    """The rule of a plain form. Raises InputError saying which part cannot be read and what may stand there."""
    if depth > _DEEPEST:
        raise InputError(f"规则嵌套超过{_DEEPEST}层；请简化")
    if not isinstance(form, Mapping) or len(form) != 1:
        raise InputError("规则的每一部分须写成 {has=…}、{within=…}、{all=[…]}、{any=[…]} 或 {not=…} 之一")
    ((word, inner),) = form.items()
    if word == "has":
        return _has(inner)
    if word == "within":
        return _within(inner)
    if word == "not":
        return Not(from_form(inner, depth + 1))
    if word not in ("all", "any") or not isinstance(inner, list | tuple):
        raise InputError(f"规则中的“{str(word)[:20]}”不认识或其内容不是列表；可用 has、within、all、any、not")
    parts = tuple(from_form(part, depth + 1) for part in inner)
    return AllOf(parts) if word == "all" else AnyOf(parts)


def _has(inner: object) -> Has:
    if not isinstance(inner, list | tuple) or len(inner) != 3:
        raise InputError('规则中的 has 须为三项，例如 ["farmland_mu", ">", "0"]')
    column, sign, number = (str(part) for part in inner)
    attribute = ATTRIBUTE.get(column)
    if attribute is None:
        raise InputError(f"规则中的属性“{column[:30]}”不认识；可用：{'、'.join(ATTRIBUTE)}")
    try:
        comparison, value = Comparison(sign), Decimal(number)
    except (ValueError, InvalidOperation):
        raise InputError(f"规则中 {column} 的比较须为 >= > <= < = 之一，比较值须为数字") from None
    if not value.is_finite() or abs(value) > _MOST:
        raise InputError(f"规则中 {column} 的比较值过大或不是有限的数")
    if attribute.kind is AttributeKind.FLAG and (comparison is not Comparison.EQUAL or value not in (0, 1)):
        raise InputError(f"规则中 {column} 是“是/否”，只能写成等于 1 或等于 0")
    return Has(column, comparison, value)


def _within(inner: object) -> Within:
    code = str(inner)
    try:
        level_of(code)
    except ValueError:
        raise InputError("规则中的 within 须为12位行政区划代码") from None
    return Within(code)


def to_json(rule: Rule) -> str:
    """The plain form as JSON text, for the ledger."""
    return json.dumps(to_form(rule), ensure_ascii=False)


def from_json(text: str) -> Rule:
    """The rule of `to_json`. Raises InputError as `from_form`, and for what is not JSON."""
    try:
        form = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("规则不是有效的 JSON") from None
    return from_form(form)


def explain(rule: Rule, region_names: Mapping[str, str]) -> str:
    """The rule as a Chinese phrase, e.g. 居住在彭阳县，且耕地多于0亩. A region without a name shows its code."""
    match rule:
        case Has():
            return _explain_has(rule)
        case Within(code):
            return f"居住在{region_names.get(code, code)}"
        case AllOf(parts):
            return "，且".join(_inside(part, region_names) for part in parts) if parts else "全部农户"
        case AnyOf(parts):
            return "或".join(_inside(part, region_names) for part in parts) if parts else "没有农户"
        case Not(part):
            return f"不符合（{explain(part, region_names)}）"


def _inside(rule: Rule, region_names: Mapping[str, str]) -> str:
    said = explain(rule, region_names)
    return f"（{said}）" if isinstance(rule, AllOf | AnyOf) and len(rule.parts) > 1 else said


def _explain_has(rule: Has) -> str:
    attribute = ATTRIBUTE[rule.column]
    if attribute.kind is AttributeKind.FLAG:
        return ("是" if rule.value else "不是") + attribute.name
    number = plain(rule.value)
    if attribute.kind is AttributeKind.AREA:
        return f"{attribute.name.removesuffix('亩')}{_SAID[rule.comparison]}{number}亩"
    return f"{attribute.name}{_SAID[rule.comparison]}{number}"


def holds(rule: Rule, attributes: Mapping[str, Decimal | int], region_code: str) -> bool:
    """Whether one household, by its attributes (by column) and region, is owed; equals what the ledger selects."""
    match rule:
        case Has(column, comparison, value):
            return _compare(Decimal(attributes[column]), comparison, value)
        case Within(code):
            first, last = span(code)
            return first <= region_code <= last
        case AllOf(parts):
            return all(holds(part, attributes, region_code) for part in parts)
        case AnyOf(parts):
            return any(holds(part, attributes, region_code) for part in parts)
        case Not(part):
            return not holds(part, attributes, region_code)


def _compare(left: Decimal, comparison: Comparison, right: Decimal) -> bool:
    match comparison:
        case Comparison.AT_LEAST:
            return left >= right
        case Comparison.MORE:
            return left > right
        case Comparison.AT_MOST:
            return left <= right
        case Comparison.LESS:
            return left < right
        case Comparison.EQUAL:
            return left == right
