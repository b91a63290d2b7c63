"""Which village a row means: by its own columns, else by its sheet, titles or file name."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from notifier.domain.errors import InputError
from notifier.domain.identity import says_nothing, written
from notifier.domain.regions import Region
from notifier.sources.lines import Cell

_COMMITTEE = re.compile(r"(村?(村民委员会|居民委员会|村委会|居委会|社区)|村)$")
_TOWN = re.compile(r"(人民政府|街道办事处|街道|镇|乡)$")
_BLANKS = re.compile(r"\s+")


def village_key(text: str) -> str:
    """A village's name as villages are compared: without committee, 村 and blanks."""
    return _COMMITTEE.sub("", _BLANKS.sub("", text))


def _town_key(text: str) -> str:
    bare = _BLANKS.sub("", text)
    return _TOWN.sub("", bare) or bare


class Gazetteer:
    """The villages and townships that the ledger knows, by name."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._towns: dict[str, list[str]] = defaultdict(list)
        self._villages: dict[str, list[Region]] = defaultdict(list)
        self._town_names: list[tuple[str, str]] = []
        for region in regions:
            if region.level == "township":
                self._towns[_town_key(region.name)].append(region.code)
                self._town_names.append((region.name, region.code))
            elif region.level == "village":
                self._villages[village_key(region.name)].append(region)
        self._named_in = lru_cache(1024)(self._find_named_in)

    def village_of(self, cells: Mapping[str, Cell], sheet: str, around: Sequence[str]) -> str | None:
        """The code of the village of a row; None when neither the row nor its surroundings name any.

        `around` are texts above and about the table (titles, file name). Raises InputError: unknown or ambiguous.
        """
        said = "" if says_nothing(cells.get("village")) else written(cells.get("village"))
        town = None
        if not says_nothing(cells.get("township")):
            town = self._town(written(cells["township"]))
        if said:
            return self._village(said, town, self._hinted_town(sheet, around))
        hinted = town or self._hinted_town(sheet, around)
        if village_key(sheet) in self._villages:
            return self._village(sheet, town, hinted)
        named = self._named_in(tuple(around))
        return named if named is None or town is None or named.startswith(town) else None

    def _town(self, name: str) -> str:
        codes = self._towns.get(_town_key(name), [])
        if len(codes) != 1:
            raise InputError(f"乡镇「{name}」{'不在区划表中' if not codes else '有同名'};请核对乡镇名称")
        return codes[0][:9]

    def _hinted_town(self, sheet: str, around: Sequence[str]) -> str | None:
        found = {code for text in (sheet, *around) for name, code in self._town_names if name in text}
        return found.pop()[:9] if len(found) == 1 else None

    def _village(self, name: str, town: str | None, hinted: str | None) -> str:
        found = self._villages.get(village_key(name), [])
        if town:
            found = [one for one in found if one.code.startswith(town)]
        elif len(found) > 1 and hinted:
            found = [one for one in found if one.code.startswith(hinted)]
        if not found:
            where = "该乡镇没有" if town else "区划表中没有"
            raise InputError(f"{where}行政村「{name}」;请核对村名,或先补充区划表")
        if len(found) > 1:
            raise InputError(f"有多个行政村叫「{name}」;请补填乡镇一列")
        return found[0].code

    def _find_named_in(self, around: tuple[str, ...]) -> str | None:
        texts = [_BLANKS.sub("", text) for text in around]
        found = {
            (len(one.name), one.code)
            for villages in self._villages.values()
            for one in villages
            if any(one.name in text for text in texts)
        }
        if not found:
            return None
        longest = max(length for length, _ in found)
        codes = {code for length, code in found if length == longest}
        return codes.pop() if len(codes) == 1 else None
