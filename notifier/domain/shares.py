"""Shares as officials read them: floored, so that nothing looks better than it is."""

NO_RATE = "—"


def floored(part: int, whole: int) -> str:
    """part/whole in per cent with one decimal, never rounded up: 99.96 % is "99.9%". 0/0 is "—"."""
    if whole == 0:
        return NO_RATE
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%"
