"""Dates as government pages write them, in their text or in their address. Civil dates in Asia/Shanghai."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
_ZONED = re.compile(r"(?:19|20)\d{2}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?\s*(?:Z|[+-]\d{2}:?\d{2})")
_WRITTEN = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*[-/.年．－—–]\s*(\d{1,2})\s*[-/.月．－—–]\s*(\d{1,2})(?!\d)")
_PACKED = re.compile(r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])([0-3]\d)(?=(?:[0-2]\d[0-5]\d[0-5]\d)?(?!\d))")
_HAN = re.compile(
    r"([一二][〇○零Ｏ0九一二三四五六七八]{3})\s*年\s*([一二三四五六七八九十]{1,2})\s*月\s*([一二三四五六七八九十]{1,3})\s*日"
)
_EPOCH = re.compile(r"(?:/Date\()?(\d{13}|1\d{9})(?:[+-]\d{4})?(?:\)/)?")
_FIRST_EPOCH, _LAST_EPOCH = 631_152_000, 4_102_444_800  # 1990 to 2100: what else ten digits could be is a number
_HAN_DIGITS = {letter: at % 10 for at, letter in enumerate("〇一二三四五六七八九")} | dict.fromkeys("○零Ｏ0", 0)
_IN_ADDRESS = (
    re.compile(r"/t?((?:19|20)\d{2})(\d{2})(\d{2})[_/]"),
    re.compile(r"/((?:19|20)\d{2})[-/](\d{1,2})[-/](\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})-?(\d{2})/(\d{2})/"),
    re.compile(r"/((?:19|20)\d{2})(\d{2})/t(?:19|20)\d{4}(\d{2})_"),
)
_PLAIN_DIGITS = {ord("０") + digit: str(digit) for digit in range(10)}


def read_date(text: str, formats: Sequence[str] = ()) -> date | None:
    """The first date in a text, or None: 2026-11-24, 2026年11月24日, 2026 . 11 . 24, 20261124, 二〇二六年十一月四日.

    Also an instant with its zone (its day in Shanghai), seconds or milliseconds since 1970, or a strptime format.
    """
    plain = text.translate(_PLAIN_DIGITS)
    for form in formats:
        try:
            return datetime.strptime(plain.strip(), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return _instant(plain) or _first(_WRITTEN, plain) or _first(_PACKED, plain) or _han(plain)


def date_in_address(url: str) -> date | None:
    """The date that the address of a page carries: …/202611/t20261124_123.html, …/2026/11/24/…; or None."""
    for pattern in _IN_ADDRESS:
        if found := _first(pattern, url):
            return found
    return None


def today(now: datetime) -> date:
    """The civil date in Asia/Shanghai at an aware instant."""
    return now.astimezone(SHANGHAI).date()


def _instant(text: str) -> date | None:
    if whole := _EPOCH.fullmatch(text.strip()):
        seconds = int(whole[1]) // (1000 if len(whole[1]) == 13 else 1)
        return today(datetime.fromtimestamp(seconds, UTC)) if _FIRST_EPOCH <= seconds < _LAST_EPOCH else None
    if found := _ZONED.search(text):
        try:
            return today(datetime.fromisoformat(f"{found[0][:10]}T{found[0][11:].replace(' ', '')}"))
        except (ValueError, OverflowError):
            return None
    return None


def _han(text: str) -> date | None:
    for found in _HAN.finditer(text):
        year = int("".join(str(_HAN_DIGITS[letter]) for letter in found[1]))
        try:
            return date(year, _han_number(found[2]), _han_number(found[3]))
        except ValueError:
            continue
    return None


def _han_number(text: str) -> int:
    """十一 is 11, 二十四 is 24; nonsense is a number that no month has."""
    tens, ten, units = text.rpartition("十")
    if not ten:
        return _HAN_DIGITS[text] if len(text) == 1 else 0
    if len(tens) > 1 or len(units) > 1:
        return 0
    return (_HAN_DIGITS[tens] if tens else 1) * 10 + (_HAN_DIGITS[units] if units else 0)


def _first(pattern: re.Pattern[str], text: str) -> date | None:
    for found in pattern.finditer(text):
        year, month, day = (int(part) for part in found.groups())
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return None
