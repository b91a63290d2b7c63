"""Rules of template keyword values: the letters of a keyword are its type, the digits only its slot."""

import re
from collections.abc import Collection

_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_DAY = r"\d{4}年(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12]\d|3[01])日|\d{4}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])"
_MOMENT = rf"(?:(?:{_DAY})(?:\s*{_CLOCK})?|{_CLOCK})"
_DATE = rf"(?:{_DAY})(?:\s*{_CLOCK})?"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"

_RULES = {
    "thing": re.compile(r".{1,20}", re.S),
    "short_thing": re.compile(r".{1,5}", re.S),
    "const": re.compile(r".{1,20}", re.S),
    "enum": re.compile(r".{1,20}", re.S),
    "number": re.compile(r"(?=.{1,33}$)-?\d+(?:\.\d+)?", re.A),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "time": re.compile(rf"{_MOMENT}(?:\s*~\s*{_MOMENT})?", re.A),
    "date": re.compile(rf"{_DATE}(?:\s*~\s*{_DATE})?", re.A),
    "amount": re.compile(r"[¥￥$€£]?(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d+)?元?", re.A),
    "phone_number": re.compile(r"[\d+\-() #*]{1,17}", re.A),
    "car_number": re.compile(rf"[{_HAN}A-Z0-9]{{1,8}}"),
    "name": re.compile(rf"[{_HAN}·•]{{1,10}}|[A-Za-z\s.'\-·]{{1,20}}"),
    "phrase": re.compile(rf"[{_HAN}]{{1,5}}"),
}
_KEYWORD = re.compile(r"([a-z]+(?:_[a-z]+)*)\d+", re.A)


def rule_of(keyword: str) -> re.Pattern[str] | None:
    """The rule of a keyword such as thing20 (a thing in slot 20), or None for an unknown type."""
    shape = _KEYWORD.fullmatch(keyword)
    return _RULES.get(shape[1]) if shape else None


def is_allowed(keyword: str, value: str, approved: Collection[str] = ()) -> bool:
    """Whether the platform takes the value; `approved` are the values of a const or enum keyword."""
    rule = rule_of(keyword)
    if rule is None or not value.strip() or not rule.fullmatch(value):
        return False
    return not approved or value in approved
