"""Dates as government pages write them, in their text or in their address. Civil dates in Asia/Shanghai."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
_WRITTEN = re.compile(r"((?:19|20)\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_PACKED = re.compile(r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])([0-3]\d)(?!\d)")
_IN_ADDRESS = (
    re.compile(r"/t?((?:19|20)\d{2})(\d{2})(\d{2})[_/]"),
    re.compile(r"/((?:19|20)\d{2})[-/](\d{1,2})[-/](\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})-?(\d{2})/(\d{2})/"),
)


def read_date(text: str, formats: Sequence[str] = ()) -> date | None:
    """The first date in a text: 2026-11-24, 2026年11月24日, 2026 . 11 . 24, 20261124, or a strptime format; or None."""
    for form in formats:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return _first(_WRITTEN, text) or _first(_PACKED, text)


def date_in_address(url: str) -> date | None:
    """The date that the address of a page carries: …/202611/t20261124_123.html, …/2026/11/24/…; or None."""
    for pattern in _IN_ADDRESS:
        if found := _first(pattern, url):
            return found
    return None


def today(now: datetime) -> date:
    """The civil date in Asia/Shanghai at an aware instant."""
    return now.astimezone(SHANGHAI).date()


def _first(pattern: re.Pattern[str], text: str) -> date | None:
    for found in pattern.finditer(text):
        year, month, day = (int(part) for part in found.groups())
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return None
