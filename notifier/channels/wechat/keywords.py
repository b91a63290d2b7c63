"""The rules that WeChat has for a template's variables, by the letters of their names (`thing1`, `amount2`). Pure.

A number in a name is a slot, not a length. A value that breaks its rule is answered 47003, so we refuse it first.
"""

import re
from collections.abc import Mapping

_HAN = "\u3007\u3400-\u9fff\U00020000-\U0003ffff"
_CLOCK = r"\d{1,2}[:：]\d{2}([:：]\d{2})?"
_DATE = r"\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}日?"
_MOMENT = rf"({_DATE}( ?{_CLOCK})?|{_CLOCK})"
_RULES: Mapping[str, re.Pattern[str]] = {
    "thing": re.compile(r"[\s\S]{1,20}"),
    "short_thing": re.compile(r"[\s\S]{1,5}"),
    "const": re.compile(r"[\s\S]{1,20}"),
    "number": re.compile(r"(?=.{1,32}$)-?\d+(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(rf"[^\w{_HAN}]{{1,5}}"),
    "character_string": re.compile(rf"[^{_HAN}]{{1,32}}"),
    "time": re.compile(rf"{_MOMENT}( ?[~～] ?{_MOMENT})?"),
    "date": re.compile(rf"{_DATE}( ?{_CLOCK})?( ?[~～] ?{_DATE}( ?{_CLOCK})?)?"),
    "amount": re.compile(r"(?=(\D*\d){1,12}\D*$)[¥￥$€£]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?元?"),
    "phone_number": re.compile(r"[0-9+\-()（） ]{1,17}"),
    "car_number": re.compile(r"[\s\S]{1,8}"),
    "name": re.compile(rf"[\s\S]{{1,10}}|[^{_HAN}]{{1,20}}"),
    "phrase": re.compile(rf"[{_HAN}]{{1,5}}"),
}
_KIND = re.compile(r"([a-z_]+?)\d*")
_THING_LENGTH = 20


def fitted(parameters: Mapping[str, str]) -> dict[str, str]:
    """`parameters` with each `thing` that is too long ended by "…" - only where no digit is lost or cut apart.

    Nothing else is ever shortened: half an amount, a date or a phone number is a wrong one.
    """
    return {name: _shortened(value) if _kind(name) == "thing" else value for name, value in parameters.items()}


def fault(parameters: Mapping[str, str]) -> str | None:
    """The name of the first variable whose value WeChat would refuse; None when all will do."""
    for name, value in parameters.items():
        rule = _RULES.get(_kind(name))
        if not value.strip() or (rule is not None and not rule.fullmatch(value)):
            return name
    return None


def _kind(name: str) -> str:
    found = _KIND.fullmatch(name)
    return found[1] if found else name


def _shortened(value: str) -> str:
    kept, lost = value[: _THING_LENGTH - 1], value[_THING_LENGTH - 1 :]
    if len(value) <= _THING_LENGTH or any(mark.isdigit() for mark in kept[-1] + lost):
        return value
    return kept + "…"
