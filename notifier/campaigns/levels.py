"""Who reviews a draft, level by level, from its author's region upwards; pure."""

from collections.abc import Sequence

from notifier.domain.regions import level_of

ORDER = ("village", "township", "county", "city", "province")
"""The levels, the lowest first."""
LEVEL_TEXT = {"village": "村级", "township": "乡级", "county": "县级", "city": "市级", "province": "省级"}
_DIGITS = {"province": 2, "city": 4, "county": 6, "township": 9, "village": 12}
_CODE_LENGTH = 12


def levels_above(region_code: str, configured: Sequence[str]) -> tuple[str, ...]:
    """The configured levels at or above the region's own, in their order; empty when all are below it."""
    own = ORDER.index(level_of(region_code))
    return tuple(level for level in configured if ORDER.index(level) >= own)


def region_at(region_code: str, level: str) -> str:
    """The region of that level that the region is, or lies in."""
    return region_code[: _DIGITS[level]].ljust(_CODE_LENGTH, "0")
