"""A rule as one SQL condition over `household h`; the only place where a rule meets SQL."""

from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from notifier.domain.regions import span
from notifier.domain.rule_reasons import compare
from notifier.domain.rules import (
    ATTRIBUTE,
    N_PERSONS,
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
from notifier.store.kinds import KIND_SCALE
from notifier.store.tables.columns import MU_SCALE, stamp

Bound = dict[str, int | str]
COUNTY_TIME = ZoneInfo("Asia/Shanghai")

# Counted, not stored; a household has few persons and they are found by an index.
_N_PERSONS = "(SELECT COUNT(*) FROM person q WHERE q.household_id = h.id)"
_WAS_PAID = "p.match_state = 'matched' AND p.household_id IS NOT NULL AND p.state = 'paid'"


def compile_rule(rule: Rule) -> tuple[str, Bound]:
    """(condition over the alias `h`, its parameters). Columns come only from ATTRIBUTES, values are always bound."""
    bound: Bound = {}
    return _condition(rule, bound), bound


def _condition(rule: Rule, bound: Bound) -> str:
    match rule:
        case AllOf(parts):
            return _joined(" AND ", parts, bound) or "1 = 1"
        case AnyOf(parts):
            return _joined(" OR ", parts, bound) or "1 = 0"
        case Not(part):
            return f"NOT ({_condition(part, bound)})"
        case _:
            return _leaf(rule, bound)


def _leaf(rule: Leaf, bound: Bound) -> str:
    match rule:
        case Has(column, comparison, value):
            scaled = value * (MU_SCALE if ATTRIBUTE[column].kind is AttributeKind.AREA else 1)
            return _compared(_N_PERSONS if column == N_PERSONS.column else f"h.{column}", comparison, scaled, bound)
        case Keeps():
            return _keeps(rule, bound)
        case Registered(comparison, on):
            return _on_day("h.registered_at", comparison, on, bound)
        case Received():
            return _received(rule, bound)
        case Listed(name):
            return (
                "h.id IN (SELECT e.household_id FROM name_list_entry e JOIN name_list l ON l.id = e.list_id "
                f"WHERE l.name = :{_bind(name, bound)} AND e.household_id IS NOT NULL)"
            )
        case Within(code):
            return _between("h.region_code", code, bound)


def _joined(word: str, parts: tuple[Rule, ...], bound: Bound) -> str:
    return word.join(f"({_condition(part, bound)})" for part in parts)


def _bind(value: int | str, bound: Bound) -> str:
    name = f"rule_{len(bound)}"
    bound[name] = value
    return name


def _between(column: str, code: str, bound: Bound) -> str:
    first, last = span(code)
    return f"{column} BETWEEN :{_bind(first, bound)} AND :{_bind(last, bound)}"


def _compared(column: str, comparison: Comparison, value: Decimal, bound: Bound) -> str:
    whole = _whole(value, comparison)
    if whole is None:
        return "1 = 0"
    # Cast, or PostgreSQL takes the column's narrow type and refuses a large number.
    return f"{column} {comparison.value} CAST(:{_bind(whole, bound)} AS BIGINT)"


def _whole(value: Decimal, comparison: Comparison) -> int | None:
    """The whole number that compares with whole numbers as `value` does; None when nothing can equal it."""
    if value == value.to_integral_value():
        return int(value)
    if comparison is Comparison.EQUAL:
        return None
    up = comparison in (Comparison.AT_LEAST, Comparison.LESS)
    return int(value.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))


def _keeps(rule: Keeps, bound: Bound) -> str:
    """A household without a row has 0 of the kind, so where 0 is right those are left out that are wrong."""
    amount = _compared("a.amount", rule.comparison, rule.value * KIND_SCALE, bound)
    zero_is_right = compare(Decimal(0), rule.comparison, rule.value)
    within = f"IN (SELECT a.household_id FROM household_attribute a WHERE a.kind = :{_bind(rule.kind, bound)} AND "
    return f"h.id NOT {within}NOT ({amount}))" if zero_is_right else f"h.id {within}{amount})"


def _on_day(column: str, comparison: Comparison, on: date, bound: Bound) -> str:
    """An instant compared by its day in Asia/Shanghai."""
    begins, ends = (stamp(datetime.combine(on + timedelta(n), time(), COUNTY_TIME)) for n in (0, 1))
    since, until = f"{column} >= ", f"{column} < "
    match comparison:
        case Comparison.AT_LEAST:
            return since + _at(begins, bound)
        case Comparison.MORE:
            return since + _at(ends, bound)
        case Comparison.AT_MOST:
            return until + _at(ends, bound)
        case Comparison.LESS:
            return until + _at(begins, bound)
        case Comparison.EQUAL:
            return f"{since}{_at(begins, bound)} AND {until}{_at(ends, bound)}"


def _at(microseconds: int, bound: Bound) -> str:
    return f"CAST(:{_bind(microseconds, bound)} AS BIGINT)"


def _received(rule: Received, bound: Bound) -> str:
    conditions = [_WAS_PAID, f"b.item = :{_bind(rule.item, bound)}"]
    if rule.year is not None:
        conditions.append(_in_year(rule.year, bound))
    if rule.first_on is not None:
        conditions.append(_on_day("b.found_at", Comparison.AT_LEAST, rule.first_on, bound))
    if rule.last_on is not None:
        conditions.append(_on_day("b.found_at", Comparison.AT_MOST, rule.last_on, bound))
    having = ""
    if rule.comparison is not None:
        total = _compared("SUM(COALESCE(p.amount_fen, 0))", rule.comparison, Decimal(rule.amount_fen), bound)
        having = f" GROUP BY p.household_id HAVING {total}"
    lines = "SELECT p.household_id FROM benefit b JOIN payment p ON p.benefit_id = b.id"
    return f"h.id IN ({lines} WHERE {' AND '.join(conditions)}{having})"


def _in_year(year: int, bound: Bound) -> str:
    """The period that the line or its batch names holds the year; where none is named, the batch came in that year."""
    came = [
        _on_day("b.found_at", one, day, bound)
        for one, day in ((Comparison.AT_LEAST, date(year, 1, 1)), (Comparison.AT_MOST, date(year, 12, 31)))
    ]
    named = f"COALESCE(p.period, b.period) LIKE :{_bind(f'%{year}%', bound)}"
    return f"CASE WHEN COALESCE(p.period, b.period) IS NULL THEN {' AND '.join(came)} ELSE {named} END"
