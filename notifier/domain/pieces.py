"""A sentence or two cut into pieces that fit a gateway's variables, never through an amount, a number or a date."""

import re

MOST = 35
"""UTF-16 units that a variable of Aliyun and Tencent holds."""
_CLAUSE = re.compile(r"[^，、,。；;！？]+[，、,。；;！？]*|[，、,。；;！？]+")
_WHOLE = re.compile(r"\d[\d,.]*\s*(?:[万亿]?元(?:[/／]\w)?|[年月日号亩户人只头台周岁%％]+(?:\d+[月日])*)?|\S|\s")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(text: str, most: int = MOST) -> list[str]:
    """The text in pieces of at most `most` UTF-16 units, in order; joined they are the text. [] for "".

    Clauses stay whole where they fit; a longer one is cut, but not inside a number with its unit unless that alone
    is longer than a piece.
    """
    found: list[str] = []
    for clause in _CLAUSE.findall(text):
        for part in _parts(clause, most):
            if found and _units(found[-1] + part) <= most:
                found[-1] += part
            else:
                found.append(part)
    return found


def _parts(clause: str, most: int) -> list[str]:
    if _units(clause) <= most:
        return [clause]
    parts = [""]
    for token in _WHOLE.findall(clause):
        for bit in [token] if _units(token) <= most else list(token):
            if _units(parts[-1] + bit) > most:
                parts.append("")
            parts[-1] += bit
    return parts
