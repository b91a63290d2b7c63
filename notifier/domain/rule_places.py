"""Regions by the names that people write: 城阳乡, 城阳乡长城村, 彭阳县/城阳乡; pure."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate

from notifier.domain.regions import CODE_LENGTH, level_of

_ENDS = (2, 4, 6, 9, 12)
_BETWEEN = dict.fromkeys(map(ord, "/ >·\u3000"))


class Places:
    """The regions of a county, `names` by code, found by a name or by the end of a path of names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def codes(self, written: str) -> list[str]:
        """Every region that the text can mean, in the order of codes; a 12-digit code means itself, if it is known."""
        if written in self.names:
            return [written]
        return self._by_path.get(written.translate(_BETWEEN), [])

    def path(self, code: str) -> str | None:
        """The shortest path of names that means this region alone, parts apart by /; None when there is none."""
        parts = list(reversed(list(self._names_upwards(code))))
        for n in range(1, len(parts) + 1):
            path = "/".join(parts[-n:])
            if self.codes(path) == [code]:
                return path
        return None

    @property
    def spoken(self) -> list[str]:
        """Every region's own name, for suggestions."""
        return list(dict.fromkeys(self.names.values()))

    @cached_property
    def _by_path(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code in sorted(self.names):
            for path in accumulate(self._names_upwards(code), lambda end, above: above + end):
                codes = found.setdefault(path.translate(_BETWEEN), [])
                if code not in codes:
                    codes.append(code)
        return found

    def _names_upwards(self, code: str) -> Iterator[str]:
        """The region's own name, then those above it, as far as they are known."""
        if code not in self.names:
            return
        yield self.names[code]
        level_of(code)
        for end in reversed(_ENDS):
            above = code[:end].ljust(CODE_LENGTH, "0")
            if above < code and above in self.names:
                yield self.names[above]
                code = above
