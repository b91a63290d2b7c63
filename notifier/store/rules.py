"""A rule as one SQL condition over `household h`; the only place where a rule meets SQL."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from notifier.domain.regions import span
from notifier.domain.rules import ATTRIBUTE, AllOf, AnyOf, AttributeKind, Comparison, Has, Not, Rule, Within
from notifier.store.tables.columns import MU_SCALE

Bound = dict[str, int | str]


def compile_rule(rule: Rule) -> tuple[str, Bound]:
    """(condition over the alias `h`, its parameters). Columns come only from ATTRIBUTES, values are always bound."""
    bound: Bound = {}
    return _condition(rule, bound), bound


def _condition(rule: Rule, bound: Bound) -> str:
    match rule:
        case Has():
            return _has(rule, bound)
        case Within(code):
            first, last = span(code)
            return f"h.region_code BETWEEN :{_bind(first, bound)} AND :{_bind(last, bound)}"
        case AllOf(parts):
            return _joined(" AND ", parts, bound) or "1 = 1"
        case AnyOf(parts):
            return _joined(" OR ", parts, bound) or "1 = 0"
        case Not(part):
            return f"NOT ({_condition(part, bound)})"


def _joined(word: str, parts: tuple[Rule, ...], bound: Bound) -> str:
    return word.join(f"({_condition(part, bound)})" for part in parts)


def _bind(value: int | str, bound: Bound) -> str:
    name = f"rule_{len(bound)}"
    bound[name] = value
    return name


def _has(rule: Has, bound: Bound) -> str:
    attribute = ATTRIBUTE[rule.column]
    scaled = rule.value * (MU_SCALE if attribute.kind is AttributeKind.AREA else 1)
    whole = _whole(scaled, rule.comparison)
    if whole is None:
        return "1 = 0"
    # Cast, or PostgreSQL takes the column's narrow type and refuses a large number.
    return f"h.{attribute.column} {rule.comparison.value} CAST(:{_bind(whole, bound)} AS BIGINT)"


def _whole(value: Decimal, comparison: Comparison) -> int | None:
    """The whole number that compares with whole numbers as `value` does; None when nothing can equal it."""
    if value == value.to_integral_value():
        return int(value)
    if comparison is Comparison.EQUAL:
        return None
    up = comparison in (Comparison.AT_LEAST, Comparison.LESS)
    return int(value.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))
