"""Until when a notice asks for something, and the words that say so; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from notifier.match.sentences import Span, sentences

_DATE = r"(?:(?P<{0}y>\d{{4}})年)?(?P<{0}m>\d{{1,2}})月(?P<{0}d>\d{{1,2}})日"
_UNTIL = re.compile(r"(?:截止|截至|止于)[^\d。]{0,12}" + _DATE.format("u"))
_BEFORE = re.compile(_DATE.format("b") + r"(?:\d{1,2}[时点])?(?:之|以)?前")
_RANGE = re.compile(
    r"(?:时间|期限|期|申报|受理|报名|登记|领取|缴费|公示)[^\d。]{0,6}"
    + _DATE.format("f")
    + r"\s*(?:至|到|—+|-+|～|~)\s*"
    + _DATE.format("r")
)
_LEAST_LIKELY = timedelta(days=60)
"""A day of the year this long before publication means the next year."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last civil day in Asia/Shanghai; `at` is where the phrase begins in the text."""

    on: date
    phrase: str
    at: int


def deadlines(text: str, published_on: date | None) -> list[Deadline]:
    """Every last day that the text names, the surest wording first (截止, then …前, then the end of a range).

    A day without a year is the first one that is not long before publication; without a publication it is left out.
    A day that no calendar has (2月30日) is left out.
    """
    found: dict[date, Deadline] = {}
    for pattern, mark in ((_UNTIL, "u"), (_BEFORE, "b"), (_RANGE, "r")):
        for sentence in sentences(text):
            for deadline in _matches(pattern, mark, sentence, published_on):
                found.setdefault(deadline.on, deadline)
    return list(found.values())


def _matches(pattern: re.Pattern[str], mark: str, sentence: Span, published_on: date | None) -> Iterator[Deadline]:
    for match in pattern.finditer(sentence.words):
        year = match[f"{mark}y"] or (match["fy"] if mark == "r" else None)
        on = _day(year, int(match[f"{mark}m"]), int(match[f"{mark}d"]), published_on)
        if on is not None:
            yield Deadline(on, match[0], sentence.at + match.start())


def _day(year: str | None, month: int, day: int, published_on: date | None) -> date | None:
    if year is None and published_on is None:
        return None
    try:
        if year is not None or published_on is None:
            return date(int(year or 0), month, day)
        this_year = date(published_on.year, month, day)
        return this_year if this_year >= published_on - _LEAST_LIKELY else date(published_on.year + 1, month, day)
    except ValueError:
        return None
