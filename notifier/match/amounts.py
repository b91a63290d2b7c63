"""The amounts that a notice names, each with what it is per, and the words that say so; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from notifier.domain.money import plain
from notifier.match.sentences import Span, clauses, sentences

_PER_WORDS = {
    **dict.fromkeys(("亩",), "亩"),
    **dict.fromkeys(("人", "生", "名"), "人"),
    **dict.fromkeys(("户",), "户"),
    **{unit: unit for unit in ("只", "头", "台", "吨", "平方米", "株", "羽", "天", "月", "年", "学期", "季度", "次")},
}
_TIMES = ("天", "月", "年", "学期", "季度", "次")
_UNIT = "|".join(sorted(_PER_WORDS, key=len, reverse=True))
_SCALE = {"": 1, "万": 10_000, "亿": 100_000_000}
_AMOUNT = re.compile(rf"(?<![\d.])(\d[\d,]*(?:\.\d+)?)\s*(万|亿)?元((?:[/／·每](?:{_UNIT}))*)")
_BEFORE = re.compile(rf"(?:(?:每(?:产)?(?:一)?|单)(?:{_UNIT}))+|(?<![\d年])月(?=工资|收入|薪)")
_EACH = re.compile(_UNIT)
_MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in a text. `per` names units joined by · (亩, 人·月), "" for a sum as a whole; `at` is in the text."""

    fen: int
    per: str
    phrase: str
    at: int

    def __str__(self) -> str:
        return f"{plain(Decimal(self.fen) / 100)}元" + (f"/{self.per}" if self.per else "")

    @property
    def is_a_standard(self) -> bool:
        """True when it is per something other than time: what one 亩, person or animal brings."""
        return any(unit not in _TIMES for unit in self.per.split("·") if unit)


def amounts(text: str) -> list[Amount]:
    """Every amount in the text, in order; the same amount per the same unit once. What has half a fen is left out."""
    found: dict[tuple[int, str], Amount] = {}
    for sentence in sentences(text):
        for clause in clauses(sentence):
            for amount in _of(clause):
                found.setdefault((amount.fen, amount.per), amount)
    return list(found.values())


def _of(clause: Span) -> Iterator[Amount]:
    for match in _AMOUNT.finditer(clause.words):
        fen = Decimal(match[1].replace(",", "")) * _SCALE[match[2] or ""] * 100
        if fen > _MOST or fen != fen.to_integral_value():
            continue
        before = list(_BEFORE.finditer(clause.words, 0, match.start()))
        said = match[3] or (before[-1][0] if before else "")
        start = before[-1].start() if before and not match[3] else match.start()
        yield Amount(int(fen), _per(said), clause.words[start : match.end()], clause.at + start)


def _per(said: str) -> str:
    units = dict.fromkeys(_PER_WORDS[unit] for unit in _EACH.findall(said))
    return "·".join(sorted(units, key=lambda unit: unit in _TIMES))
