"""The rule language: a rule as a clerk reads and writes it, in Chinese (rule_grammar shows it).

The two are each other's inverse: parse_rule(print_rule(rule, words), words) == tidy(rule) for every rule that speaks
of known regions, kinds, subsidies and lists only.
"""

from functools import cache

from lark import Lark, Token, Tree, UnexpectedInput

from notifier.domain.money import plain, yuan
from notifier.domain.rule_conditions import Conditions
from notifier.domain.rule_faults import RuleError, misplaced, word_before
from notifier.domain.rule_forms import DEEPEST
from notifier.domain.rule_grammar import GRAMMAR, NEEDS_NO_QUOTES
from notifier.domain.rule_places import Places
from notifier.domain.rule_written import quoted
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
    Vocabulary,
    Within,
    tidy,
)

LONGEST = 4000
"""Characters of a rule's text."""
# One to one, so that positions stay true.
_BRACKETS = {0xFF08: "(", 0xFF09: ")"}


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True)


def parse_rule(text: str, words: Vocabulary) -> Rule:
    """The rule that the text says. Raises RuleError pointing at the word: unknown, of the wrong type, or misplaced."""
    if len(text) > LONGEST:
        raise RuleError(f"规则超过{LONGEST}字；请简化，或改用名单", text[:LONGEST], LONGEST, LONGEST + 1)
    written = text.translate(_BRACKETS)
    if not written.strip():
        raise RuleError("规则是空的；例如写“低保 且 耕地亩 >= 5”，对全县写“全部农户”", "", 0, 1)
    try:
        tree = _parser().parse(written)
    except UnexpectedInput as problem:
        # 不认识“在” helps more than what may follow 在.
        if (before := word_before(problem)) is not None:
            Conditions(written, words).recognise(before)
        raise misplaced(problem, written) from None
    return _rule(tree, Conditions(written, words), 0)


def _rule(tree: Tree[Token] | Token, conditions: Conditions, depth: int) -> Rule:
    assert isinstance(tree, Tree)
    if depth > DEEPEST:
        conditions.fault(f"嵌套超过{DEEPEST}层；请简化", tree.meta.start_pos, tree.meta.end_pos)
    match tree.data:
        case "either":
            return AnyOf(tuple(_rule(part, conditions, depth + 1) for part in tree.children))
        case "both":
            return AllOf(tuple(_rule(part, conditions, depth + 1) for part in tree.children))
        case "negation":
            return Not(_rule(tree.children[0], conditions, depth + 1))
        case "group":
            return _rule(tree.children[0], conditions, depth + 1)
        case "everybody":
            return AllOf(())
        case "nobody":
            return AnyOf(())
        case _:
            return conditions.read(tree)


def print_rule(rule: Rule, words: Vocabulary) -> str:
    """The rule as text, on one line. A region shows its shortest unambiguous path of names, else its code."""
    return _printed(tidy(rule), Places(words.regions))


def _printed(rule: Rule, places: Places) -> str:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            is_all = isinstance(rule, AllOf)
            if not parts:
                return "全部农户" if is_all else "没有农户"
            return (" 且 " if is_all else " 或 ").join(_inside(part, places) for part in parts)
        case Not(part):
            return f"非 {_inside(part, places)}"
        case Within(code):
            path = places.path(code)
            return f"居住在 {code if path is None else quoted(path)}"
        case _:
            return _leaf(rule)


def _inside(rule: Rule, places: Places) -> str:
    said = _printed(rule, places)
    return f"({said})" if isinstance(rule, AllOf | AnyOf) and rule.parts else said


def _leaf(rule: Leaf) -> str:
    match rule:
        case Has(column, comparison, value):
            return _has(column, comparison, plain(value))
        case Keeps(kind, comparison, value):
            name = kind if NEEDS_NO_QUOTES.fullmatch(kind) else quoted(kind)
            return f"{name} {comparison.value} {plain(value)}"
        case Registered(comparison, on):
            return f"{REGISTERED_ON} {comparison.value} {on.isoformat()}"
        case Listed(name):
            return f"在名单 {quoted(name)}"
        case Received():
            return _received(rule)
        case Within(code):
            return f"居住在 {code}"


def _has(column: str, comparison: Comparison, value: str) -> str:
    attribute = ATTRIBUTE[column]
    if attribute.kind is AttributeKind.FLAG:
        return attribute.name if value == "1" else f"{attribute.name} = 否"
    return f"{attribute.name} {comparison.value} {value}"


def _received(rule: Received) -> str:
    said = [f"领过 {quoted(rule.item)}"]
    if rule.year is not None:
        said.append(f"在 {rule.year} 年")
    if rule.first_on is not None:
        said.append(f"从 {rule.first_on.isoformat()}")
    if rule.last_on is not None:
        said.append(f"到 {rule.last_on.isoformat()}")
    if rule.comparison is not None:
        said.append(f"{rule.comparison.value} {yuan(rule.amount_fen)} 元")
    return " ".join(said)
