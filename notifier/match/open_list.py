"""三级政务公开清单: read from a workbook, and under which entry a policy belongs."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.match.understanding import Understanding
from notifier.sources.headers import HeaderAliases
from notifier.sources.workbook import SheetRow, read_workbook
from notifier.store.disclosure import Entry, Listed, keep_entries
from notifier.store.ledger import Ledger

LEVELS = ("市", "县", "乡")
_LEVEL_WORDS = {"市级": "市", "县级": "县", "县(区)": "县", "县区": "县", "乡级": "乡", "乡镇": "乡", "乡(镇)": "乡"}
_LEVEL_OF_REGION = {"city": "市", "county": "县", "township": "乡", "village": "乡"}
_BY_SUB_ITEM, _BY_KEYWORD, _BY_FIELD, _BY_LEVEL = 8, 4, 2, 1


async def import_list(ledger: Ledger, path: Path, aliases: HeaderAliases, by: str, now: datetime) -> int:
    """The list of the file is the county's; how many entries it has. Safe to repeat.

    Raises InputError naming sheet and row: an unknown level, no field or item; nothing is changed then.
    """
    entries = [_entry(row, path.name) for row in read_workbook(path, path.name, aliases)]
    return await keep_entries(ledger, list(dict.fromkeys(entries)), by, now)


def _entry(row: SheetRow, file: str) -> Entry:
    if row.problem:
        raise InputError(row.problem)
    told = {name: str(row.cells.get(name) or "").strip() for name in row.columns}
    level = _LEVEL_WORDS.get(told.get("level", ""), told.get("level", ""))
    place = f"清单「{file}」工作表「{row.sheet}」第 {row.number} 行"
    if level not in LEVELS:
        raise InputError(f"{place}的层级“{level[:10]}”不认识;请写 市、县 或 乡")
    if not told.get("field") or not told.get("item"):
        raise InputError(f"{place}缺少领域或一级事项;请补填")
    words = told.pop("keywords", "").replace("，", ",").replace("、", ",").split(",")
    known = {"sub_item": "", **told, "level": level}
    return Entry(**known, keywords=tuple(word.strip() for word in words if word.strip()))


def entry_for(one: Understanding, title: str, listed: Sequence[Listed]) -> Listed | None:
    """The entry that the policy belongs under: named in its title or topic, or known by a keyword; None when none is.

    Among equals the one of its issuer's level, then the first of the list.
    """
    scored = [(_score(one, title, entry), -at, entry) for at, entry in enumerate(listed)]
    best = max(scored, default=None, key=lambda scored: scored[:2])
    return best[2] if best is not None and best[0] >= _BY_KEYWORD else None


def _score(one: Understanding, title: str, listed: Listed) -> int:
    entry, topics = listed.entry, (one.topic or "").split("、")
    sub_item = entry.sub_item or entry.item
    score = _BY_SUB_ITEM * (sub_item in title or sub_item in topics)
    score += _BY_KEYWORD * any(word in title or word in topics for word in entry.keywords)
    score += _BY_FIELD * (entry.field == one.field)
    level = _LEVEL_OF_REGION.get(level_of(one.region_code), "") if one.region_code else ""
    return score + _BY_LEVEL * (entry.level == level)
