"""A single condition of the rule language, from lark's tokens to a leaf of the rule, checked by word and type."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from typing import NoReturn

from lark import Token, Tree

from notifier.domain.rule_faults import RuleError
from notifier.domain.rule_forms import MOST
from notifier.domain.rule_grammar import COMPARISON_OF, UNEQUAL
from notifier.domain.rule_places import Places
from notifier.domain.rule_written import day_written, fen_written, unquoted
from notifier.domain.rules import (
    ATTRIBUTE,
    REGISTERED_ON,
    Attribute,
    AttributeKind,
    Comparison,
    Has,
    Keeps,
    Listed,
    Not,
    Received,
    Registered,
    Rule,
    Vocabulary,
    Within,
)

Subject = Attribute | str
"""An attribute, REGISTERED_ON, or a kind that the county imports."""


class Conditions:
    """Reads the conditions of one text with what this county's rules can speak of."""

    def __init__(self, text: str, words: Vocabulary) -> None:
        self._text, self._words = text, words
        self._places = Places(words.regions)

    def read(self, tree: Tree[Token]) -> Rule:
        """The condition of a grammar branch. Raises RuleError pointing at the word."""
        tokens = [child for child in tree.children if isinstance(child, Token)]
        match tree.data:
            case "within":
                return self._within(tokens[0])
            case "listed":
                return Listed(self._known(tokens[0], self._words.lists, "名单", "先上传名单"))
            case "received":
                return self._received(tree)
            case "dated":
                return self._dated(*tokens)
            case "compared":
                return self._compared(*tokens)
            case "answered":
                return self._answered(*tokens)
            case _:
                return self._plain(tokens[0])

    def fault(self, said: str, start: int, end: int) -> NoReturn:
        """Raises RuleError for that part of the text."""
        raise RuleError(said, self._text, start, end)

    def recognise(self, word: Token) -> None:
        """Raises RuleError pointing at the word when no attribute is called so."""
        self._subject(word)

    def _at(self, said: str, token: Token) -> NoReturn:
        self.fault(said, token.start_pos or 0, token.end_pos or 0)

    def _plain(self, word: Token) -> Rule:
        subject = self._subject(word)
        if isinstance(subject, Attribute):
            if subject.kind is AttributeKind.FLAG:
                return Has(subject.column, Comparison.EQUAL, Decimal(1))
            return Has(subject.column, Comparison.MORE, Decimal(0))
        if subject == REGISTERED_ON:
            self._at(f"“{REGISTERED_ON}”后面应有日期，例如 {REGISTERED_ON} >= 2025-06-01", word)
        return Keeps(subject, Comparison.MORE, Decimal(0))

    def _compared(self, word: Token, sign: Token, number: Token, unit: Token | None = None) -> Rule:
        subject, value = self._subject(word), self._number(number)
        if subject == REGISTERED_ON:
            self._at(f"“{REGISTERED_ON}”要与日期比较，例如 2025-06-01", number)
        if isinstance(subject, str):
            return _signed(sign, lambda comparison: Keeps(subject, comparison, value))
        if subject.kind is AttributeKind.FLAG:
            name = subject.name
            self._at(f"“{name}”只分是和否，不能与数字比较；直接写“{name}”或“非 {name}”", number)
        if unit is not None and unit not in subject.units:
            self._at(f"“{subject.name}”的单位是{'、'.join(subject.units)}，不是“{unit}”", unit)
        return _signed(sign, lambda comparison: Has(subject.column, comparison, value))

    def _answered(self, word: Token, sign: Token, answer: Token) -> Rule:
        subject = self._subject(word)
        if isinstance(subject, str) or subject.kind is not AttributeKind.FLAG:
            name = subject if isinstance(subject, str) else subject.name
            self._at(f"“{name}”要与{'日期' if name == REGISTERED_ON else '数字'}比较，不分是和否", answer)
        if sign not in UNEQUAL and COMPARISON_OF[sign] is not Comparison.EQUAL:
            self._at(f"“{subject.name}”只分是和否，只能写 = 是 或 = 否", sign)
        value = Decimal(answer.type == "YES")
        return _signed(sign, lambda comparison: Has(subject.column, comparison, value))

    def _dated(self, word: Token, sign: Token, day: Token) -> Rule:
        subject = self._subject(word)
        if subject != REGISTERED_ON:
            name = subject if isinstance(subject, str) else subject.name
            self._at(f"“{name}”不能与日期比较；能与日期比较的只有“{REGISTERED_ON}”", day)
        on = self._day(day)
        return _signed(sign, lambda comparison: Registered(comparison, on))

    def _within(self, word: Token) -> Within:
        written = unquoted(word)
        codes = self._places.codes(written)
        if not codes:
            self._at(f"没有叫“{written}”的行政区划{self._nearest(written, self._places.spoken)}", word)
        if len(codes) > 1:
            paths = "、".join(self._places.path(code) or code for code in codes[:5])
            self._at(f"叫“{written}”的地方有{len(codes)}个；请写明是哪一个：{paths}", word)
        return Within(codes[0])

    def _received(self, tree: Tree[Token]) -> Received:
        item, *rest = tree.children
        assert isinstance(item, Token)
        name = self._known(item, self._words.items, "补贴项目", "尚无这一项目的发放清单")
        year: int | None = None
        first_on: date | None = None
        last_on: date | None = None
        comparison: Comparison | None = None
        amount_fen = 0
        for part in rest:
            assert isinstance(part, Tree)
            tokens = [one for one in part.children if isinstance(one, Token)]
            if part.data == "year":
                year = self._year(tokens[0])
            elif part.data == "sum":
                comparison, amount_fen = self._sum(*tokens)
            else:
                ends = {one.data: self._day(one.children[0]) for one in part.children if isinstance(one, Tree)}
                first_on, last_on = ends.get("first"), ends.get("last")
        return Received(name, year, first_on, last_on, comparison, amount_fen)

    def _year(self, number: Token) -> int:
        if not (number.isdigit() and 1900 <= int(number) <= 2999):
            self._at("年份应为四位，例如 2025", number)
        return int(number)

    def _sum(self, sign: Token, number: Token, unit: Token | None = None) -> tuple[Comparison, int]:
        if sign in UNEQUAL:
            self._at("领取金额不能用“不等于”比较；可写 >= > <= < =", sign)
        try:
            return COMPARISON_OF[sign], fen_written(self._number(number), unit)
        except ValueError:
            self._at("金额的单位应为元或万元，最多到分", number if unit is None else unit)

    def _number(self, token: Token) -> Decimal:
        value = Decimal(token)
        if abs(value) > MOST:
            self._at("数字过大", token)
        return value

    def _day(self, token: object) -> date:
        assert isinstance(token, Token)
        try:
            return day_written(token)
        except ValueError:
            self._at(f"没有“{token}”这一天", token)

    def _known(self, token: Token, known: Sequence[str], what: str, otherwise: str) -> str:
        name = unquoted(token)
        if name not in known:
            self._at(f"没有叫“{name[:30]}”的{what}{self._nearest(name, known) or f'；{otherwise}'}", token)
        return name

    def _subject(self, word: Token) -> Subject:
        name = unquoted(word)
        if (subject := self._subjects.get(name)) is None:
            known = "、".join(one.name for one in ATTRIBUTE.values())
            self._at(f"不认识“{name[:30]}”{self._nearest(name, list(self._subjects)) or f'；可用：{known}'}", word)
        return subject

    @cached_property
    def _subjects(self) -> dict[str, Subject]:
        kinds: dict[str, Subject] = {kind: kind for kind in self._words.kinds}
        named: dict[str, Subject] = {word: one for one in ATTRIBUTE.values() for word in (one.name, *one.words)}
        return kinds | named | {REGISTERED_ON: REGISTERED_ON}

    def _nearest(self, name: str, known: Sequence[str]) -> str:
        close = get_close_matches(name, known, 1, 0.5) or [
            one for one in known if name and (name in one or one in name)
        ]
        if not close:
            return ""
        subject = self._subjects.get(close[0]) if known == list(self._subjects) else None
        return f"；是不是“{subject.name if isinstance(subject, Attribute) else close[0]}”？"


def _signed(sign: Token, made: Callable[[Comparison], Rule]) -> Rule:
    return Not(made(Comparison.EQUAL)) if sign in UNEQUAL else made(COMPARISON_OF[sign])
