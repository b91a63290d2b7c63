"""Columns without a header word that we know, recognised by what stands in them; two that could be it are an error."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise, permutations

from notifier.domain.errors import InputError
from notifier.domain.identity import normal_name, read_id, says_nothing, written
from notifier.domain.money import product_agrees
from notifier.sources.lines import Cell

SURE = 0.8
"""The least share of a column's cells that must look like the field."""
_LEAST_CELLS = 2
_SAID: Mapping[str, str] = {"name": "姓名", "id": "身份证号", "card": "银行账号", "amount": "金额", "village": "行政村"}
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦傅方白邹孟熊秦邱江尹薛阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤虎海拜哈黑沙米撒禹保穆安兰苗祁柳强冶惠火铁者剡样"
)
_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{1,7}(?:·[\u4e00-\u9fff]{1,7}){1,2}")
_NO_NAME = re.compile(r"(?:村|组|社|镇|乡|县|户|补贴|补助|津贴|金|通过|成功|失败|正常|女|男|是|否)$")
_MASKED_ID = re.compile(r"\d{4,6}[*＊×]{4,}[\dXx]{2,4}")
_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_CARD = re.compile(r"\d{16,19}|[*＊×]{2,}\d{4}")
_VILLAGE = re.compile(r".{1,20}(?:村|社区|村委会|居委会)")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A column that was recognised; `column` from 0, `share` of its cells that look like the field."""

    field: str
    column: int
    share: float

    def says(self) -> str:
        """In Chinese, for a report."""
        return f"第{self.column + 1}列没有认识的列名，按内容认作{_SAID.get(self.field, self.field)}（{self.share:.0%}）"


def recognise(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], known: Mapping[str, int], wanted: Sequence[str]
) -> list[Recognised]:
    """The `wanted` fields, and the id and account where the header names neither, among columns that nobody knows.

    `rows` are the first ones of the table. A field that no column looks like is left out.
    Raises InputError naming the columns when more than one could be a wanted field.
    """
    free = [at for at in range(max(map(len, rows), default=0)) if at not in known.values()]
    columns = {at: [row[at] for row in rows if at < len(row) and not says_nothing(row[at])] for at in free}
    columns = {at: cells for at, cells in columns.items() if len(cells) >= _LEAST_CELLS}
    found: list[Recognised] = []
    asked = [*wanted, *(name for name in ("id", "card", "village") if name not in known and name not in wanted)]
    for name, looks in _LOOKS.items():
        fits = [Recognised(name, at, share) for at, cells in columns.items() if (share := _share(cells, looks)) >= SURE]
        for one in fits:
            columns.pop(one.column)
        if name in asked and fits:
            found += _only(name, fits, header, rows, is_needed=name in wanted)
    if "amount" in wanted:
        found += _money(columns, header, known)
    return found


def _share(cells: Sequence[Cell], looks: Callable[[str], bool]) -> float:
    return sum(looks(_text(cell)) for cell in cells) / len(cells)


def _text(cell: Cell) -> str:
    return re.sub(r"[\s\-]", "", written(cell)).strip("'\"`’‘")


def _is_id(text: str) -> bool:
    if _MASKED_ID.fullmatch(text):
        return True
    try:
        read_id(text)
    except InputError:
        return False
    return True


def _is_name(text: str) -> bool:
    name = normal_name(text)
    return bool(_NAME.fullmatch(name)) and name[0] in _SURNAMES and not _NO_NAME.search(name)


_LOOKS: Mapping[str, Callable[[str], bool]] = {
    "id": _is_id,
    "phone": lambda text: bool(_PHONE.fullmatch(text)),
    "card": lambda text: bool(_CARD.fullmatch(text)),
    "village": lambda text: bool(_VILLAGE.fullmatch(text)),
    "name": _is_name,
}


def _only(
    name: str, fits: Sequence[Recognised], header: Sequence[str], rows: Sequence[Sequence[Cell]], *, is_needed: bool
) -> list[Recognised]:
    if len(fits) == 1:
        return list(fits)
    if name == "name" and len(fits) == 2 and _mostly_same(rows, fits[0].column, fits[1].column):
        # 姓名 and 户名: mostly one person, written twice.
        return [fits[0], Recognised("holder", fits[1].column, fits[1].share)]
    if not is_needed and name != "id":
        return []
    raise InputError(_ambiguous(name, [one.column for one in fits], header))


def _mostly_same(rows: Sequence[Sequence[Cell]], one: int, other: int) -> bool:
    pairs = [(_text(row[one]), _text(row[other])) for row in rows if max(one, other) < len(row)]
    return bool(pairs) and sum(a == b for a, b in pairs) >= len(pairs) / 2


def _ambiguous(name: str, columns: Sequence[int], header: Sequence[str]) -> str:
    said = "、".join(
        f"第{at + 1}列" + (f"「{header[at]}」" if at < len(header) and header[at] else "") for at in columns
    )
    return f"{said}都像{_SAID[name]}，分不清用哪一列；请在表头写明「{_SAID[name]}」"


def _money(columns: Mapping[int, Sequence[Cell]], header: Sequence[str], known: Mapping[str, int]) -> list[Recognised]:
    numbers = {at: values for at, cells in columns.items() if (values := _numbers(cells)) and not _counts_up(values)}
    if "area" not in known and "standard" not in known:
        for area, standard, amount in permutations(numbers, 3):
            share = _product_share(numbers[area], numbers[standard], numbers[amount])
            if share >= SURE and area < standard:
                return [
                    Recognised(name, at, share)
                    for name, at in (("area", area), ("standard", standard), ("amount", amount))
                ]
    if len(numbers) > 1:
        raise InputError(_ambiguous("amount", sorted(numbers), header))
    return [Recognised("amount", at, 1.0) for at in numbers]


def _numbers(cells: Sequence[Cell]) -> list[Decimal]:
    """The numbers of a column of numbers; empty when it is none, or holds years."""
    values = []
    for cell in cells:
        try:
            values.append(Decimal(_text(cell).replace(",", "").removesuffix("元")))
        except InvalidOperation:
            continue
    if len(values) < SURE * len(cells) or all(value in range(1990, 2100) for value in values):
        return []
    return values


def _counts_up(values: Sequence[Decimal]) -> bool:
    return values[0] == 1 and all(after - before == 1 for before, after in pairwise(values))


def _product_share(areas: Sequence[Decimal], standards: Sequence[Decimal], amounts: Sequence[Decimal]) -> float:
    if not len(areas) == len(standards) == len(amounts):
        return 0
    fits = (
        product_agrees(area, int(standard * 100), int(amount * 100))
        for area, standard, amount in zip(areas, standards, amounts, strict=True)
        if area > 0 and standard > 1
    )
    return sum(fits) / len(areas)
