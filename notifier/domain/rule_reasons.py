"""Whether a rule holds for one household, and why, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from notifier.domain.money import plain, yuan
from notifier.domain.regions import span
from notifier.domain.rule_forms import explain
from notifier.domain.rules import (
    ATTRIBUTE,
    AllOf,
    AnyOf,
    AttributeKind,
    Comparison,
    Facts,
    Has,
    Keeps,
    Leaf,
    Listed,
    Not,
    PastPayment,
    Received,
    Registered,
    Rule,
    Within,
)

T = TypeVar("T", Decimal, int, date)
_INDENT = "\u3000"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule as it meets one household: ✓ or ✗, what is asked, and what the household has ("" for groups)."""

    depth: int
    holds: bool
    asked: str
    found: str

    @property
    def line(self) -> str:
        """The part on a line of its own, indented by its depth."""
        found = f"（本户：{self.found}）" if self.found else ""
        return f"{_INDENT * self.depth}{'✓' if self.holds else '✗'} {self.asked}{found}"


@dataclass(frozen=True, slots=True)
class Why:
    """The whole: whether the rule holds, its parts in order, and one sentence that names what decided."""

    holds: bool
    parts: tuple[Part, ...]
    sentence: str


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether one household is owed; equals what the ledger selects."""
    match rule:
        case AllOf(parts):
            return all(holds(part, facts) for part in parts)
        case AnyOf(parts):
            return any(holds(part, facts) for part in parts)
        case Not(part):
            return not holds(part, facts)
        case _:
            return _leaf_holds(rule, facts)


def why(rule: Rule, facts: Facts, region_names: Mapping[str, str]) -> Why:
    """Why the rule holds for a household, or does not. Names no person."""
    verdict = holds(rule, facts)
    deciding = [_said(leaf, truth, facts, region_names) for leaf, truth in _deciding(rule, facts)]
    reasons = "；".join(dict.fromkeys(deciding)) or explain(rule, region_names)
    sentence = f"{'符合' if verdict else '不符合'}：{reasons}"
    return Why(verdict, tuple(_parts(rule, facts, region_names, 0)), sentence)


def _parts(rule: Rule, facts: Facts, region_names: Mapping[str, str], depth: int) -> Iterator[Part]:
    truth = holds(rule, facts)
    match rule:
        case AllOf(parts) | AnyOf(parts):
            word = "同时符合" if isinstance(rule, AllOf) else "符合其一"
            yield Part(depth, truth, f"{word}：" if parts else explain(rule, region_names), "")
            for part in parts:
                yield from _parts(part, facts, region_names, depth + 1)
        case Not(part):
            if isinstance(part, AllOf | AnyOf | Not):
                yield Part(depth, truth, "不符合以下：", "")
                yield from _parts(part, facts, region_names, depth + 1)
            else:
                yield Part(depth, truth, explain(rule, region_names), _found(part, facts, region_names))
        case _:
            yield Part(depth, truth, explain(rule, region_names), _found(rule, facts, region_names))


def _deciding(rule: Rule, facts: Facts) -> Iterator[tuple[Leaf, bool]]:
    """The leaves that made the rule what it is for the household: all of a true 且, the false ones of a false 且 …"""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            truth = holds(rule, facts)
            for part in parts:
                if holds(part, facts) == truth:
                    yield from _deciding(part, facts)
        case Not(part):
            yield from _deciding(part, facts)
        case _:
            yield rule, _leaf_holds(rule, facts)


def _said(leaf: Leaf, truth: bool, facts: Facts, region_names: Mapping[str, str]) -> str:
    asked = explain(leaf, region_names)
    found = _found(leaf, facts, region_names)
    return (asked if truth else f"“{asked}”不成立") + (f"（本户：{found}）" if found else "")


def _leaf_holds(rule: Leaf, facts: Facts) -> bool:
    match rule:
        case Has(column, comparison, value):
            return compare(Decimal(facts.attributes[column]), comparison, value)
        case Keeps(kind, comparison, value):
            return compare(facts.kinds.get(kind, Decimal(0)), comparison, value)
        case Registered(comparison, on):
            return compare(facts.registered_on, comparison, on)
        case Listed(name):
            return name in facts.lists
        case Within(code):
            first, last = span(code)
            return first <= facts.region_code <= last
        case Received():
            lines = _lines(rule, facts)
            total = sum(one.amount_fen for one in lines)
            return bool(lines) and (rule.comparison is None or compare(total, rule.comparison, rule.amount_fen))


def _lines(rule: Received, facts: Facts) -> list[PastPayment]:
    return [one for one in facts.payments if one.item == rule.item and _in_time(rule, one)]


def _in_time(rule: Received, one: PastPayment) -> bool:
    named = str(one.found_on.year) if one.period is None else one.period
    return (
        (rule.year is None or str(rule.year) in named)
        and (rule.first_on is None or rule.first_on <= one.found_on)
        and (rule.last_on is None or one.found_on <= rule.last_on)
    )


def _found(rule: Leaf, facts: Facts, region_names: Mapping[str, str]) -> str:
    match rule:
        case Has(column):
            return _found_attribute(column, Decimal(facts.attributes[column]))
        case Keeps(kind):
            return plain(facts.kinds.get(kind, Decimal(0)))
        case Registered():
            return facts.registered_on.isoformat()
        case Listed(name):
            return "在名单中" if name in facts.lists else "不在名单中"
        case Within():
            return region_names.get(facts.region_code, facts.region_code)
        case Received():
            lines = _lines(rule, facts)
            return f"{len(lines)}笔，合计{yuan(sum(one.amount_fen for one in lines))}元" if lines else "没有领取记录"


def _found_attribute(column: str, value: Decimal) -> str:
    match ATTRIBUTE[column].kind:
        case AttributeKind.FLAG:
            return ""  # it says no more than ✓ and ✗ do
        case AttributeKind.AREA:
            return f"{plain(value)}亩"
        case AttributeKind.COUNT:
            return plain(value)


def compare(left: T, comparison: Comparison, right: T) -> bool:
    """left <comparison> right."""
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
