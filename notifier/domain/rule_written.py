"""Names, days and sums as the rule language writes them; each reader is the inverse of its writer."""

import re
from datetime import date
from decimal import Decimal

_QUOTES = {"“": "”", "「": "」", "《": "》"}
_DIGITS = re.compile(r"\d+")
_FEN = {None: 100, "元": 100, "块": 100, "万元": 1_000_000, "万": 1_000_000}


def quoted(name: str) -> str:
    """A name in quotes; a quote in it is doubled."""
    return '"' + name.replace('"', '""') + '"'


def unquoted(word: str) -> str:
    """A name without its quotes of whatever kind, and without blanks around it."""
    if word[:1] == '"':
        return word[1:-1].replace('""', '"').strip()
    return word[1:-1].strip() if word[:1] in _QUOTES else word


def day_written(word: str) -> date:
    """The day of 2025-06-01, 2025/6/1 or 2025年6月1日. Raises ValueError when there is no such day."""
    year, month, day = (int(part) for part in _DIGITS.findall(word))
    return date(year, month, day)


def fen_written(number: Decimal, unit: str | None) -> int:
    """The sum in fen. Raises ValueError for another unit than 元 and 万元, and for parts of a fen."""
    if unit not in _FEN or (number * _FEN[unit]) % 1:
        raise ValueError("not a sum of money")
    return int(number * _FEN[unit])
