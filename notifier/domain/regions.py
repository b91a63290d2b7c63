"""行政区划 codes: twelve digits, 2 省 + 2 市 + 2 县 + 3 乡 + 3 村."""

from dataclasses import dataclass

CODE_LENGTH = 12
_LEVEL_ENDS = (("province", 2), ("city", 4), ("county", 6), ("township", 9), ("village", 12))


@dataclass(frozen=True, slots=True)
class Region:
    """One node of the tree; `parent` is None only at the top of what is loaded."""

    code: str
    name: str
    level: str
    parent: str | None


def level_of(code: str) -> str:
    """province, city, county, township or village. Raises ValueError when it is not a 12-digit code."""
    if len(code) != CODE_LENGTH or not (code.isascii() and code.isdigit()):
        raise ValueError("a region code has 12 digits")
    return next(level for level, end in _LEVEL_ENDS if not code[end:].strip("0"))


def span(code: str) -> tuple[str, str]:
    """The first and last code, both included, of everything inside the region: for BETWEEN on an index."""
    end = dict(_LEVEL_ENDS)[level_of(code)]
    return code, code[:end] + "9" * (CODE_LENGTH - end)
