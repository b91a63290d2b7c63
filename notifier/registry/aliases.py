"""Loading old and other names of regions from a csv: name, code."""

import csv
from pathlib import Path

from notifier.domain.errors import InputError
from notifier.store.ledger import Ledger
from notifier.store.region_aliases import keep_aliases
from notifier.store.registry_regions import read_regions

_NAMES, _CODES = ("name", "旧名", "名称", "别名"), ("code", "代码", "区划代码")
_LONGEST = 60


async def import_aliases(ledger: Ledger, path: Path) -> int:
    """Every name of the file means its region from now on; how many were new. Safe to repeat; nothing is kept of a file
    with a fault.

    Raises InputError naming the line: no name, or a code that is not in the 行政区划 of the ledger.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or ()
        name_column = next((one for one in _NAMES if one in header), None)
        code_column = next((one for one in _CODES if one in header), None)
        if name_column is None or code_column is None:
            raise InputError(f"别名文件「{path.name}」应有“旧名”和“代码”两列（或 name、code）;请核对首行")
        rows = [(at, "".join((row[name_column] or "").split()), (row[code_column] or "").strip())
                for at, row in enumerate(reader, 2)]  # fmt: skip
    known = {one.code for one in await read_regions(ledger)}
    for at, name, code in rows:
        if not name or len(name) > _LONGEST:
            raise InputError(f"别名文件「{path.name}」第 {at} 行缺少名称,或名称过长;请核对")
        if code not in known:
            raise InputError(f"别名文件「{path.name}」第 {at} 行的代码不在行政区划中;请核对,或先导入区划")
    return await keep_aliases(ledger, [(name, code) for _, name, code in rows])
