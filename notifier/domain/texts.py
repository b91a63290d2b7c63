"""Notice texts: what a gateway says of a notice's facts, and the rules that fill, cut, check and count it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

from notifier.domain.messages import By
from notifier.domain.pieces import pieces

_OF_EVERYTHING = {"name", "item", "period", "date", "tel", "title", "summary", "text"}
_OF_PAYMENTS = {"amount", "basis", "reason", "goods", "quantity", "time", "place", "office", "was", "now"}
_OF_SHARED_PHONES = {"n", "matter"}
_OF_DIRECT_TEXTS = {"code", "answer"}
_OF_SUMMARIES = {"part1", "part2"}
_STOPS = ("。", "；", "，", "！")
_NO_MORE = "详情请问村委会"
LINK = "link"
"""The fact that opens a household's own page: a gateway whose approved text says it may carry links."""
FACTS = frozenset(_OF_SUMMARIES | _OF_EVERYTHING | _OF_PAYMENTS | _OF_SHARED_PHONES | _OF_DIRECT_TEXTS | {LINK})
"""What a text may say, in braces."""
_LINK_SHAPE = "a" * 34
"""As long as a real one; stands for it where texts are checked and shown, before there is a message."""
GATEWAYS = "gateways"
"""The fact that names the gateways which may carry the notice; no text says it."""
VARIABLE = re.compile(r"\$\{(\w+)\}")
"""A variable in a text's content."""
_ALIYUN_MOST = 35
_WECHAT_MOST: Mapping[str, int] = {
    "thing": 20,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "character_string": 32,
    "time": 32,
    "date": 32,
    "amount": 16,
    "phone_number": 17,
    "car_number": 8,
    "name": 10,
    "phrase": 5,
    "const": 20,
}
_ONE_SEGMENT, _LONG_SEGMENT = 70, 67
_FORBIDDEN = re.compile(r"[【】]|https?://|www\.")
_SLOT = re.compile(r"\d+$")
_NUMBER_AT_END = re.compile(r"[\d.,，．]*\d[.,，．]?$")


class Text(BaseModel):
    """The text of one kind of notice on one gateway."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str = Field(min_length=1)
    content: str = Field(min_length=1)
    variables: dict[str, str] = Field(min_length=1)
    most: dict[str, int] = {}
    cut: list[str] = []
    by: By = By.TEMPLATE

    def limit(self, variable: str) -> int:
        """The longest value of a variable, in UTF-16 units."""
        keyword = _SLOT.sub("", variable)
        by_keyword = _WECHAT_MOST.get(keyword) if keyword != variable else None
        return self.most.get(variable, by_keyword or _ALIYUN_MOST)


Texts = Mapping[str, Mapping[str, Text]]
"""Texts by kind (of notice: policy, paid, goods, returned; of direct text: login, answer) and gateway name."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A text filled with facts. `problem` is None, or says in Chinese which variable cannot be sent and why."""

    template: str
    parameters: Mapping[str, str] = field(repr=False)
    n_segments: int
    problem: str | None
    by: By = By.TEMPLATE


def units(text: str) -> int:
    """Length in UTF-16 units, as carriers and WeChat count."""
    return len(text.encode("utf-16-le")) // 2


def shorten(text: str, most: int) -> str:
    """The text itself, or its beginning and … , of at most `most` units, never half a character or half a number."""
    if units(text) <= most:
        return text
    kept = ""
    for character in text:
        if units(kept + character) > most - 1:
            break
        kept += character
    return _NUMBER_AT_END.sub("", kept) + "…"


def segments(text: str, sign: str) -> int:
    """How many segments a text with its 【sign】 is billed as: one up to 70 units, else 67 a segment."""
    length = units(text) + units(sign) + 2
    return 1 if length <= _ONE_SEGMENT else -(-length // _LONG_SEGMENT)


@lru_cache(maxsize=256)
def _parts_of(summary: str) -> Mapping[str, str]:
    """The summary in whole pieces that a variable holds; what nothing is left for says where to ask."""
    first, *more = pieces(summary) or [""]
    rest = "".join(more) or ("" if first.endswith(_STOPS) else "，") + _NO_MORE
    return {"part1": first, "part2": rest}


def fill(text: Text, facts: Mapping[str, str], sign: str) -> Filled:
    """The text with every variable filled; only what may be cut is cut. A missing fact counts as empty."""
    parameters: dict[str, str] = {}
    problem = None
    complete = {**{name: facts.get(name, "") for name in FACTS}, **_parts_of(facts.get("summary", ""))}
    complete[LINK] = complete[LINK] or _LINK_SHAPE
    for variable, pattern in text.variables.items():
        value = " ".join(pattern.format_map(complete).split())
        most = text.limit(variable)
        if variable in text.cut:
            value = shorten(value, most)
        parameters[variable] = value
        if not value:
            problem = problem or f"变量 {variable} 没有内容"
        elif units(value) > most:
            problem = problem or f"变量 {variable} 有 {units(value)} 字,超过 {most} 字"
        elif _FORBIDDEN.search(value):
            problem = problem or f"变量 {variable} 含有不允许的【】或网址"
    whole = VARIABLE.sub(lambda match: parameters[match[1]], text.content)
    return Filled(text.template, parameters, segments(whole, sign), problem, text.by)


def may_carry(gateway: str, named: str) -> bool:
    """Whether the gateway is among those named with commas; every one is when none is named."""
    return not named or gateway in named.split(",")


@dataclass(frozen=True, slots=True)
class Wording:
    """What the enabled gateways say: their texts, and the signature each puts before them ("" where unknown)."""

    texts: Texts
    signs: Mapping[str, str]

    def can_say(self, gateway: str, kind: str) -> bool:
        """Whether the gateway has a text for that kind of notice."""
        return gateway in self.texts.get(kind, {})

    def says(self, gateway: str, kind: str, fact: str) -> bool:
        """Whether the gateway's text for that kind of notice says the fact."""
        text = self.texts.get(kind, {}).get(gateway)
        return text is not None and any(f"{{{fact}}}" in pattern for pattern in text.variables.values())

    def said(self, gateway: str, kind: str, facts: Mapping[str, str]) -> Filled | None:
        """The gateway's text with the facts; None when it has none for that kind of notice, or may not carry this one.

        A notice that only some gateways may carry names them in its fact `gateways`, with commas.
        """
        if not may_carry(gateway, facts.get(GATEWAYS, "")):
            return None
        text = self.texts.get(kind, {}).get(gateway)
        return None if text is None else fill(text, facts, self.signs.get(gateway, ""))
