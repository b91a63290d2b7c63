"""Whom a notice is for: the groups that it names and leaves out, their thresholds, its townships; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from notifier.domain.regions import level_of
from notifier.domain.rules import Comparison, Has, Rule
from notifier.match.sentences import Span, clauses, sentences
from notifier.match.taxonomy import Group, Measure, Taxonomy

_AUDIENCE = re.compile(
    r"(?:对象|范围|区域)(?:为|是|：|:|\s*$)|(?:^|[。：:\s])凡|面向|均可|可享受|可申请|被征地|拟?征收"
    r"|请[^，]{0,30}(?:户|人员|老人|残疾人|农民|居民)|对[^，]{0,30}(?:农户|养殖户|户，|移民|农民|家庭|的，)"
    r"|(?:户|人员|人口|残疾人|老人|移民|对象)，?(?:按|给予|每|须|应)"
)
_HEADING = re.compile(r"(?:对象|范围)[。．]?$")
_LEFT_OUT = re.compile(r"不包括|不含|除外|不予|不得|不再享受|不享受")
_EXCEPT = re.compile(r"除[^，]*外")
_BOUND = re.compile(
    r"(\d+(?:\.\d+)?|[一二两三四五六七八九十百千]+)\s*(只|头|亩|人)\s*(?:（含）|\(含\)|及)?\s*(以上|以下|以内)"
)
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_PLACES = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, slots=True)
class Named:
    """A group that the text names, or leaves out; `rule` is None when the register does not know who belongs."""

    group: Group
    rule: Rule | None
    is_left_out: bool
    phrase: str
    at: int


@dataclass(frozen=True, slots=True)
class Audience:
    """What the sentences about whom it is for say. `n_unread` counts thresholds that fit nothing the register knows."""

    named: Sequence[Named]
    places: Sequence[tuple[str, str, int]]
    n_unread: int
    is_said: bool


def audience(title: str, body: str, taxonomy: Taxonomy, tree: Mapping[str, str]) -> Audience:
    """Whom the text is for. `places` are (code, name, where in the body) of townships that it is limited to.

    A group of the title counts when no sentence of the body names one; `at` is then -1.
    """
    spans = list(_about_whom(body))
    found: dict[tuple[str, bool], Named] = {}
    n_unread = 0
    for span in spans:
        for clause in clauses(span):
            named, unread = _in_clause(clause, taxonomy)
            n_unread += unread
            for one in named:
                found.setdefault((one.group.name, one.is_left_out), one)
    if not any(not one.is_left_out for one in found.values()):
        for one in _in_clause(Span(title, 0), taxonomy)[0]:
            found.setdefault((one.group.name, one.is_left_out), replace(one, at=-1))
    return Audience(list(found.values()), list(_places(spans, tree)), n_unread, bool(spans))


def _about_whom(body: str) -> Iterator[Span]:
    """Sentences with a word that says so, and the one below a heading that is only 补助对象."""
    is_below = False
    for sentence in sentences(body):
        if is_below or _AUDIENCE.search(sentence.words) or _LEFT_OUT.search(sentence.words):
            yield sentence
        is_below = bool(_HEADING.search(sentence.words)) and len(sentence.words) <= 12


def _in_clause(clause: Span, taxonomy: Taxonomy) -> tuple[list[Named], int]:
    is_left_out = bool(_LEFT_OUT.search(clause.words))
    found: list[Named] = []
    for group in taxonomy.groups:
        place = _first_word(group.words, clause.words)
        if place is not None:
            at, word = place
            found.append(Named(group, group.rule, is_left_out, word, clause.at + at))
    bounds = [] if is_left_out else list(_BOUND.finditer(clause.words))
    measured = [_measured(bound, clause, taxonomy.measures) for bound in bounds]
    n_unread = sum(one is None for one in measured)
    for rule, phrase, at in (one for one in measured if one is not None):
        found = [_bounded(one, rule, phrase, at) for one in found]
    return found, n_unread


def _first_word(words: Sequence[str], text: str) -> tuple[int, str] | None:
    places = [(text.find(word), word) for word in words if word in text]
    return min(places, default=None, key=lambda place: (place[0], -len(place[1])))


def _measured(bound: re.Match[str], clause: Span, measures: Sequence[Measure]) -> tuple[Has, str, int] | None:
    number, unit, way = bound.groups()
    comparison = Comparison.AT_LEAST if way == "以上" else Comparison.AT_MOST
    fitting = [one for one in measures if one.unit == unit and any(w in clause.words for w in one.words)]
    if not fitting:
        return None
    return Has(fitting[0].column, comparison, _number(number)), bound[0], clause.at + bound.start()


def _number(said: str) -> Decimal:
    """三十 and 一百二十 as well as 30; a place without a digit before it counts once (十五)."""
    if said[0] not in _DIGITS and said[0] not in _PLACES:
        return Decimal(said)
    total, digit = 0, 0
    for character in said:
        if character in _PLACES:
            total, digit = total + (digit or 1) * _PLACES[character], 0
        else:
            digit = _DIGITS[character]
    return Decimal(total + digit)


def _bounded(one: Named, rule: Has, phrase: str, at: int) -> Named:
    """The group with its threshold, when the threshold is of what makes the group."""
    if isinstance(one.rule, Has) and one.rule.column == rule.column:
        return replace(one, rule=rule, phrase=phrase, at=at)
    return one


def _places(spans: Sequence[Span], tree: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    townships = [(code, name) for code, name in tree.items() if level_of(code) == "township"]
    seen: set[str] = set()
    for span in spans:
        without = _EXCEPT.sub(lambda match: "　" * len(match[0]), span.words)
        for at, code, name in sorted((without.find(name), code, name) for code, name in townships):
            if at >= 0 and code not in seen:
                seen.add(code)
                yield code, name, span.at + at
