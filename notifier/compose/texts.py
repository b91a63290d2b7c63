"""Notice texts from config, linted when they are loaded, and the pure rules that fill, cut, check and count them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifier.domain.errors import ConfigError
from notifier.domain.messages import By

_OF_EVERYTHING = {"name", "item", "period", "date", "tel", "title", "summary"}
_OF_PAYMENTS = {"amount", "basis", "reason", "goods", "quantity", "time", "place", "office"}
FACTS = frozenset(_OF_EVERYTHING | _OF_PAYMENTS)
"""What a text may say, in braces."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")
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
"""Texts by notice kind ("policy", "paid", "goods", "returned") and gateway name."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A text filled with facts. `problem` is None, or says in Chinese which variable cannot be sent and why."""

    template: str
    parameters: Mapping[str, str] = field(repr=False)
    n_segments: int
    problem: str | None
    by: By = By.TEMPLATE


def load_texts(path: Path) -> Texts:
    """Every text of the file. Raises ConfigError naming section, variable and mend."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"compose.texts_file {path.name}: cannot be read ({error})") from None
    return {
        kind: {gateway: _sendable(kind, gateway, fields) for gateway, fields in sections.items()}
        for kind, sections in content.items()
    }


def _sendable(kind: str, gateway: str, fields: object) -> Text:
    one = _checked(section := f"[{kind}.{gateway}]", fields)
    due = By.SUBSCRIPTION if (kind, gateway) == ("policy", "wechat") else By.TEMPLATE
    if one.by is not due:
        raise ConfigError(
            f'texts {section} by: must be "{due}"; WeChat allows template messages for payment results only, '
            "and a policy goes by long-term subscription"
        )
    return one


def _checked(section: str, fields: object) -> Text:
    try:
        one = Text.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"texts {section} {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    used, filled = set(_VARIABLE.findall(one.content)), set(one.variables)
    if used != filled:
        odd = ", ".join(sorted(used ^ filled))
        raise ConfigError(f"texts {section}: content and variables must name the same variables; differs: {odd}")
    for variable, pattern in one.variables.items():
        unknown = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None} - FACTS
        if unknown:
            raise ConfigError(
                f"texts {section} variables.{variable}: unknown fact {', '.join(sorted(unknown))}; "
                f"known are {', '.join(sorted(FACTS))}"
            )
    if stray := (set(one.cut) | set(one.most)) - filled:
        raise ConfigError(f"texts {section}: cut and most name unknown variables {', '.join(sorted(stray))}")
    return one


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


def fill(text: Text, facts: Mapping[str, str], sign: str) -> Filled:
    """The text with every variable filled; only what may be cut is cut. A missing fact counts as empty."""
    parameters: dict[str, str] = {}
    problem = None
    complete = {name: facts.get(name, "") for name in FACTS}
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
    whole = _VARIABLE.sub(lambda match: parameters[match[1]], text.content)
    return Filled(text.template, parameters, segments(whole, sign), problem, text.by)
