"""Notices with what a careful reader finds in them, and how far an understanding is from that."""

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from notifier.domain.rule_forms import from_form
from notifier.domain.rules import AllOf, AnyOf, Not, Rule
from notifier.match.taxonomy import Taxonomy, load_taxonomy
from notifier.match.understanding import Published, Understanding, understand

POLICIES = Path(__file__).parent / "policies"
KINDS = ("topic", "field", "region", "groups", "amounts", "deadline", "elements", "rule")


@cache
def taxonomy() -> Taxonomy:
    return load_taxonomy(Path("config/taxonomy.toml"))


@cache
def tree() -> Mapping[str, str]:
    with Path("config/regions.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice and what it says, each kind as a set of answers."""

    slug: str
    published: Published
    expected: Mapping[str, frozenset[Any]]


def notices(part: str) -> list[Notice]:
    rows = tomllib.loads((POLICIES / f"{part}.toml").read_text("utf-8"))["policy"]
    return [_notice(row) for row in rows]


def _notice(row: Mapping[str, Any]) -> Notice:
    published = Published(row["title"], row["text"].strip(), row["issuer"], None, row["published_on"])
    expected = {
        "topic": frozenset(filter(None, row["topic"].split("、"))),
        "field": frozenset(filter(None, [row["field"]])),
        "region": frozenset([row["region"]]),
        "groups": frozenset(row["groups"]),
        "amounts": frozenset(row["amounts"]),
        "deadline": frozenset[date]([row["deadline"]] if "deadline" in row else []),
        "elements": frozenset(row["elements"]),
        "rule": frozenset([unordered(from_form(row["rule"]))] if "rule" in row else []),
    }
    return Notice(row["slug"], published, expected)


def read(notice: Notice) -> Understanding:
    return understand(notice.published, taxonomy(), tree())


def said(one: Understanding) -> Mapping[str, frozenset[Any]]:
    """What was understood, by the same kinds."""
    return {
        "topic": frozenset(filter(None, (one.topic or "").split("、"))),
        "field": frozenset(filter(None, [one.field])),
        "region": frozenset(filter(None, [one.region_code])),
        "groups": frozenset(one.groups),
        "amounts": frozenset(map(str, one.amounts)),
        "deadline": frozenset(deadline.on for deadline in one.deadlines[:1]),
        "elements": frozenset(element.value for element in one.elements),
        "rule": frozenset([unordered(one.rule)] if one.rule is not None else []),
    }


def unordered(rule: Rule) -> Any:
    """The rule, but for the order of its parts."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return type(rule).__name__, frozenset(unordered(part) for part in parts)
        case Not(part):
            return "Not", unordered(part)
        case _:
            return rule


@dataclass(slots=True)
class Score:
    """Right, wrong and missed answers of one kind."""

    n_right: int = 0
    n_wrong: int = 0
    n_missed: int = 0

    @property
    def precision(self) -> float:
        return self.n_right / max(1, self.n_right + self.n_wrong)

    @property
    def recall(self) -> float:
        return self.n_right / max(1, self.n_right + self.n_missed)


def scores(part: str) -> Mapping[str, Score]:
    found = {kind: Score() for kind in KINDS}
    for notice in notices(part):
        told = said(read(notice))
        for kind, expected in notice.expected.items():
            found[kind].n_right += len(told[kind] & expected)
            found[kind].n_wrong += len(told[kind] - expected)
            found[kind].n_missed += len(expected - told[kind])
    return found


def wrong_rules(part: str) -> Iterator[tuple[Notice, Understanding]]:
    """Suggestions that a careful reader would not have made: another rule, or one where there is none to make."""
    for notice in notices(part):
        one = read(notice)
        if one.rule is not None and said(one)["rule"] != notice.expected["rule"]:
            yield notice, one
