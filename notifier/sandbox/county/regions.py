"""The land: one real county and its twelve real townships, with villages that exist nowhere.

Township codes are the published ones (code 202 is a gap, so codes are never made by counting). Real village names
would not be wanted here: every village is called 样例 and its row says `synthetic`.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

PROVINCE = ("640000000000", "宁夏回族自治区")
CITY = ("640400000000", "固原市")
COUNTY = ("640425000000", "彭阳县")

# name, three digits of the township, number of villages; 156 villages in all
_TOWNSHIPS = (
    ("白阳镇", "100", 17),
    ("王洼镇", "101", 18),
    ("古城镇", "102", 18),
    ("红河镇", "103", 15),
    ("新集乡", "200", 18),
    ("城阳乡", "201", 13),
    ("冯庄乡", "203", 9),
    ("小岔乡", "204", 8),
    ("孟塬乡", "205", 11),
    ("罗洼乡", "206", 8),
    ("交岔乡", "207", 8),
    ("草庙乡", "208", 13),
)
_FIRST_VILLAGE = 201
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Village:
    """One synthetic village: `code` 12 digits, `township_code` its parent, `name` unique in the county."""

    code: str
    name: str
    township_code: str
    township: str


@dataclass(frozen=True, slots=True)
class Township:
    """One real township with its villages in order of code."""

    code: str
    name: str
    villages: tuple[Village, ...]


def chinese_number(number: int) -> str:
    """`number` (1-99) as it is spoken: 7 is 七, 10 is 十, 18 is 十八, 20 is 二十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_DIGITS[tens]}十")
    return head + (_DIGITS[ones] if ones or not head else "")


def townships() -> tuple[Township, ...]:
    """All twelve, in order of code."""
    return tuple(_township(*row) for row in _TOWNSHIPS)


def _township(name: str, digits: str, n_villages: int) -> Township:
    code = f"{COUNTY[0][:6]}{digits}000"
    villages = tuple(
        Village(
            code=f"{code[:9]}{_FIRST_VILLAGE + index}",
            name=f"{name[:-1]}样例{chinese_number(index + 1)}村",
            township_code=code,
            township=name,
        )
        for index in range(n_villages)
    )
    return Township(code, name, villages)


def region_rows() -> list[tuple[str, str, str, str, str]]:
    """The whole tree, parents before children: code, name, level, parent code, synthetic (0 or 1)."""
    rows = [
        (*PROVINCE, "省", "", "0"),
        (*CITY, "市", PROVINCE[0], "0"),
        (*COUNTY, "县", CITY[0], "0"),
    ]
    for township in townships():
        rows.append((township.code, township.name, "乡", COUNTY[0], "0"))
        rows.extend((v.code, v.name, "村", township.code, "1") for v in township.villages)
    return rows


def write_regions(path: Path) -> int:
    """`config/regions.csv` is written anew from the tree; gives the number of regions. Safe to repeat."""
    rows = region_rows()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "name", "level", "parent", "synthetic"))
        writer.writerows(rows)
    return len(rows)
