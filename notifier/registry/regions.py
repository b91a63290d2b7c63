"""Loading the 行政区划 tree from its csv: code, name, level, parent."""

import csv
from pathlib import Path

from notifier.domain.errors import InputError
from notifier.domain.regions import Region, level_of
from notifier.store.ledger import Ledger
from notifier.store.registry_regions import keep_regions


async def import_regions(ledger: Ledger, path: Path) -> int:
    """The regions of the file are in the ledger; how many were new or renamed. Safe to repeat.

    Raises InputError naming the line: not a 12-digit code, no name, a parent that is not in the file.
    """
    return await keep_regions(ledger, read_regions_file(path))


def read_regions_file(path: Path) -> list[Region]:
    """The regions of a file in its order; levels are told by the codes. Raises InputError as `import_regions`."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not {"code", "name", "parent"} <= set(reader.fieldnames or ()):
            raise InputError(f"区划文件「{path.name}」应有 code、name、parent 三列;请核对首行")
        regions = [_region(row, f"区划文件「{path.name}」第 {at} 行") for at, row in enumerate(reader, 2)]
    codes = {one.code for one in regions}
    for at, one in enumerate(regions, 2):
        if one.parent and one.parent not in codes:
            raise InputError(f"区划文件「{path.name}」第 {at} 行的上级代码不在文件中;请补上上级一行")
    return regions


def _region(row: dict[str, str], place: str) -> Region:
    code, name = (row["code"] or "").strip(), (row["name"] or "").strip()
    try:
        level = level_of(code)
    except ValueError:
        raise InputError(f"{place}的代码不是 12 位数字;请核对") from None
    if not name:
        raise InputError(f"{place}缺少名称;请补填")
    return Region(code, name, level, (row["parent"] or "").strip() or None)
