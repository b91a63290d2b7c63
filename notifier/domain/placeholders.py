"""What the author of a free text may leave open, in braces, and how it is put in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`name` stands in braces; `what` explains it; `sample` is for previews, `longest` for counting what it may cost.

    `is_personal` ones differ from household to household.
    """

    name: str
    what: str
    sample: str
    longest: str
    is_personal: bool = False


MENU: tuple[Placeholder, ...] = (
    Placeholder("姓名", "户主姓名", "样例甲", "样例一二三四五六七八", is_personal=True),
    Placeholder("村", "所在行政村", "样例一村", "样例一二三四五六村", is_personal=True),
    Placeholder("咨询电话", "统一咨询电话", "", ""),
    Placeholder("日期", "发送当天的日期", "2026年12月31日", "2026年12月31日"),
)
_KNOWN = {one.name: one for one in MENU}
_OPEN = re.compile(r"[{｛]\s*([^{}｛｝]{0,20}?)\s*[}｝]")


def unknown(text: str) -> list[str]:
    """The names in braces that nobody can put in, in order; empty when all are known."""
    return [name for name in _OPEN.findall(text) if name not in _KNOWN]


def is_personal(text: str) -> bool:
    """Whether the text differs from household to household."""
    return any(_KNOWN[name].is_personal for name in _OPEN.findall(text) if name in _KNOWN)


def put_in(text: str, values: Mapping[str, str]) -> str:
    """The text with the values of these names put in; the other braces stay."""
    return _OPEN.sub(lambda found: values.get(found[1], found[0]), text)


def samples(hotline: str) -> dict[str, str]:
    """A value for each name, for a preview."""
    return {one.name: one.sample or hotline for one in MENU}


def longest(hotline: str) -> dict[str, str]:
    """A long value for each name, for counting what a text may cost."""
    return {one.name: one.longest or hotline for one in MENU}
