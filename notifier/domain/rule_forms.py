"""The forms of a rule: the tree as plain lists and JSON, and as a Chinese sentence.

The plain form is what taxonomy files and the ledger hold: {"has": ["farmland_mu", ">", "0"]},
{"keeps": ["骆驼", ">=", "3"]}, {"registered": ["<", "2025-06-01"]}, {"listed": "2026危房名单"},
{"received": {"item": "耕地地力保护补贴", "year": 2025, "amount_fen": [">=", 10000]}},
{"within": "640425000000"}, {"all": [...]}, {"any": [...]}, {"not": {...}}.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from notifier.domain.errors import InputError
from notifier.domain.money import plain, yuan
from notifier.domain.regions import level_of
from notifier.domain.rules import (
    ATTRIBUTE,
    REGISTERED_ON,
    AllOf,
    AnyOf,
    AttributeKind,
    Comparison,
    Has,
    Keeps,
    Leaf,
    Listed,
    Not,
    Received,
    Registered,
    Rule,
    Within,
)

DEEPEST = 40
"""Groups within groups; more is refused."""
MOST = Decimal(10) ** 12
"""No number in a rule is larger."""
LONGEST_NAME = 60
"""Characters of a kind, a subsidy or a list."""
SAID = {
    Comparison.AT_LEAST: "不少于",
    Comparison.MORE: "多于",
    Comparison.AT_MOST: "不多于",
    Comparison.LESS: "少于",
    Comparison.EQUAL: "等于",
}
_SAID_OF_DAYS = {
    Comparison.AT_LEAST: "不早于",
    Comparison.MORE: "晚于",
    Comparison.AT_MOST: "不晚于",
    Comparison.LESS: "早于",
    Comparison.EQUAL: "是",
}


def to_form(rule: Rule) -> dict[str, Any]:
    """The plain form; `from_form` gives an equal rule back."""
    match rule:
        case Has(column, comparison, value):
            return {"has": [column, comparison.value, str(value)]}
        case Keeps(kind, comparison, value):
            return {"keeps": [kind, comparison.value, str(value)]}
        case Registered(comparison, on):
            return {"registered": [comparison.value, on.isoformat()]}
        case Received():
            return {"received": _received_form(rule)}
        case Listed(name):
            return {"listed": name}
        case Within(code):
            return {"within": code}
        case AllOf(parts):
            return {"all": [to_form(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_form(part) for part in parts]}
        case Not(part):
            return {"not": to_form(part)}


def _received_form(rule: Received) -> dict[str, Any]:
    form: dict[str, Any] = {"item": rule.item}
    if rule.year is not None:
        form["year"] = rule.year
    if rule.first_on is not None:
        form["first_on"] = rule.first_on.isoformat()
    if rule.last_on is not None:
        form["last_on"] = rule.last_on.isoformat()
    if rule.comparison is not None:
        form["amount_fen"] = [rule.comparison.value, rule.amount_fen]
    return form


def from_form(form: object, depth: int = 0) -> Rule:
    """The rule of a plain form. Raises InputError saying which part cannot be read and what may stand there."""
    if depth > DEEPEST:
        raise InputError(f"规则嵌套超过{DEEPEST}层；请简化")
    if not isinstance(form, Mapping) or len(form) != 1:
        raise InputError("规则的每一部分须写成 {has=…}、{within=…}、{all=[…]}、{any=[…]} 或 {not=…} 之一")
    ((word, inner),) = form.items()
    if word in _LEAVES:
        return _LEAVES[word](inner)
    if word == "not":
        return Not(from_form(inner, depth + 1))
    if word not in ("all", "any") or not isinstance(inner, list | tuple):
        known = "、".join([*_LEAVES, "all", "any", "not"])
        raise InputError(f"规则中的“{str(word)[:20]}”不认识或其内容不是列表；可用 {known}")
    parts = tuple(from_form(part, depth + 1) for part in inner)
    return AllOf(parts) if word == "all" else AnyOf(parts)


def _has(inner: object) -> Has:
    if not isinstance(inner, list | tuple) or len(inner) != 3:
        raise InputError('规则中的 has 须为三项，例如 ["farmland_mu", ">", "0"]')
    column, sign, number = (str(part) for part in inner)
    attribute = ATTRIBUTE.get(column)
    if attribute is None:
        raise InputError(f"规则中的属性“{column[:30]}”不认识；可用：{'、'.join(ATTRIBUTE)}")
    comparison, value = _compared(column, sign, number)
    if attribute.kind is AttributeKind.FLAG and (comparison is not Comparison.EQUAL or value not in (0, 1)):
        raise InputError(f"规则中 {column} 是“是/否”，只能写成等于 1 或等于 0")
    return Has(column, comparison, value)


def _compared(of: str, sign: str, number: str) -> tuple[Comparison, Decimal]:
    try:
        comparison, value = Comparison(sign), Decimal(number)
    except (ValueError, InvalidOperation):
        raise InputError(f"规则中 {of} 的比较须为 >= > <= < = 之一，比较值须为数字") from None
    if not value.is_finite() or abs(value) > MOST:
        raise InputError(f"规则中 {of} 的比较值过大或不是有限的数")
    return comparison, value


def _keeps(inner: object) -> Keeps:
    if not isinstance(inner, list | tuple) or len(inner) != 3:
        raise InputError('规则中的 keeps 须为三项，例如 ["骆驼", ">=", "3"]')
    kind = _name("keeps", inner[0])
    return Keeps(kind, *_compared(kind, str(inner[1]), str(inner[2])))


def _registered(inner: object) -> Registered:
    if not isinstance(inner, list | tuple) or len(inner) != 2:
        raise InputError('规则中的 registered 须为两项，例如 [">=", "2025-06-01"]')
    try:
        return Registered(Comparison(str(inner[0])), _day(inner[1]))
    except ValueError:
        raise InputError("规则中 registered 的比较须为 >= > <= < = 之一，其后为日期，例如 2025-06-01") from None


def _day(value: object) -> date:
    return date.fromisoformat(str(value))


def _received(inner: object) -> Received:
    known = {"item", "year", "first_on", "last_on", "amount_fen"}
    if not isinstance(inner, Mapping) or not known.issuperset(inner) or "item" not in inner:
        raise InputError('规则中的 received 须写成 {"item": "补贴名称"}，可另有 year、first_on、last_on、amount_fen')
    try:
        year = None if inner.get("year") is None else int(str(inner["year"]))
        days = [None if inner.get(end) is None else _day(inner[end]) for end in ("first_on", "last_on")]
        sign, amount = inner.get("amount_fen") or (None, "0")
        comparison, amount_fen = None if sign is None else Comparison(str(sign)), int(str(amount))
    except (ValueError, TypeError):
        raise InputError(
            "规则中 received 的 year 须为年份，first_on、last_on 须为日期，amount_fen 须为比较和分"
        ) from None
    if (year is not None and not 1900 <= year <= 2999) or abs(amount_fen) > MOST:
        raise InputError("规则中 received 的年份须在1900至2999之间，金额不能过大")
    return Received(_name("received", inner["item"]), year, days[0], days[1], comparison, amount_fen)


def _name(word: str, value: object) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"规则中 {word} 的名称须为1至{LONGEST_NAME}个字，且不含换行")
    return name


def _listed(inner: object) -> Listed:
    return Listed(_name("listed", inner))


def _within(inner: object) -> Within:
    code = str(inner)
    try:
        level_of(code)
    except ValueError:
        raise InputError("规则中的 within 须为12位行政区划代码") from None
    return Within(code)


_LEAVES: Mapping[str, Callable[[object], Leaf]] = {
    "has": _has,
    "keeps": _keeps,
    "registered": _registered,
    "received": _received,
    "listed": _listed,
    "within": _within,
}


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
        case AllOf(parts):
            return "，且".join(_inside(part, region_names) for part in parts) if parts else "全部农户"
        case AnyOf(parts):
            return "或".join(_inside(part, region_names) for part in parts) if parts else "没有农户"
        case Not(part):
            return f"不符合（{explain(part, region_names)}）"
        case Within(code):
            return f"居住在{region_names.get(code, code)}"
        case _:
            return _explain_leaf(rule)


def _inside(rule: Rule, region_names: Mapping[str, str]) -> str:
    said = explain(rule, region_names)
    return f"（{said}）" if isinstance(rule, AllOf | AnyOf) and len(rule.parts) > 1 else said


def _explain_leaf(rule: Has | Keeps | Registered | Received | Listed) -> str:
    match rule:
        case Has():
            return _explain_has(rule)
        case Keeps(kind, comparison, value):
            return f"{kind}{SAID[comparison]}{plain(value)}"
        case Registered(comparison, on):
            return f"{REGISTERED_ON}{_SAID_OF_DAYS[comparison]}{on.isoformat()}"
        case Listed(name):
            return f"在名单“{name}”中"
        case Received():
            return _explain_received(rule)


def _explain_received(rule: Received) -> str:
    when = "" if rule.year is None else f"{rule.year}年"
    if rule.first_on or rule.last_on:
        when += f"{rule.first_on or ''}至{rule.last_on or '今'}"
    amount = "" if rule.comparison is None else f"，合计{SAID[rule.comparison]}{yuan(rule.amount_fen)}元"
    return f"{when}领过“{rule.item}”{amount}"


def _explain_has(rule: Has) -> str:
    attribute = ATTRIBUTE[rule.column]
    if attribute.kind is AttributeKind.FLAG:
        return ("是" if rule.value else "不是") + attribute.name
    number = plain(rule.value)
    if attribute.kind is AttributeKind.AREA:
        return f"{attribute.name.removesuffix('亩')}{SAID[rule.comparison]}{number}亩"
    return f"{attribute.name}{SAID[rule.comparison]}{number}"
