"""One row of a payment workbook: read, checked, and either a line or a reason in Chinese."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from notifier.domain.benefits import AuditState, PaymentLine, PaymentState
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked, masked_or_none
from notifier.domain.identity import card_tail, normal_group, read_card, read_id, says_nothing, unswapped, written
from notifier.domain.money import fen, product_agrees, yuan
from notifier.sources.lines import Cell
from notifier.sources.payment_titles import Titles, in_wan, normal_filing, read_audit, without_correction
from notifier.sources.workbook import SheetRow

_MASKED = re.compile(r"[\dXx*＊×]*[*＊×]{2,}[\dXx*＊×]*")
_VILLAGE_END = re.compile(r"(村民委员会|村委会|居民委员会|居委会|委员会)$")
_GROUP_IN_VILLAGE = re.compile(r"^(.+?村)(第?[一二三四五六七八九十\d]+(?:村民小组|社|组|队))$")
_FAILED = re.compile(r"失败|退票|退回|未成功|不成功")
_MOST_FEN = 10_000_000_000
_MOST_QUANTITY = Decimal(1_000_000)
_MOST_NAME = 60


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What lines of one batch share."""

    item: str
    period: str | None
    filing: str | None
    audit: AuditState


def key_of(row: SheetRow, titles: Titles, file_item: str | None) -> BatchKey:
    """The batch that a row belongs to, readable also where the row itself is not; `file_item` is the last resort."""
    own = _names(row)
    said = {name: masked(written(row.cells.get(name)), own) for name in ("item", "goods", "period", "filing", "audit")}
    item = without_correction(said["item"] or titles.item or said["goods"] or file_item or "") or "惠农补贴"
    period = said["period"] or titles.period
    if period and re.fullmatch(r"(19|20)\d{2}", period):
        period += "年"
    filing = normal_filing(said["filing"] or titles.filing)
    shared = sys.intern("".join(item.split())[:_MOST_NAME])
    return BatchKey(shared, _shared(period), _shared(filing), read_audit(said["audit"] or titles.audit))


def read_line(row: SheetRow, titles: Titles, key: BatchKey) -> PaymentLine:
    """The row as a line. Raises InputError (Chinese, without the value) naming what is wrong with it."""
    cells = unswapped(row.cells)
    name, holder = written(cells.get("name")), written(cells.get("holder"))
    if not (name or holder):
        raise InputError("缺少姓名；请补填")
    id_number = _id(cells.get("id"))
    tail = _tail(cells.get("card"), id_number)
    village, group = _place(row)
    area, standard = _number(cells, "area", "面积"), _standard(row)
    goods, quantity = _goods(cells)
    amount = None if goods and says_nothing(cells.get("amount")) else _amount(row, titles)
    _check_product(row, area, standard, amount)
    state, why = _state(cells, is_goods=goods is not None and amount is None)
    own = _names(row)  # what is kept in clear must not say whose line it is, wherever a clerk wrote the name again
    return PaymentLine(
        sheet=_shared(masked(row.sheet, own)) or "",
        row=row.number,
        beneficiary=name or holder,
        holder=holder or None,
        id_number=id_number,
        account_tail=tail,
        village=_shared(masked_or_none(village, own)),
        group=_shared(masked_or_none(group, own)),
        item=key.item,
        area_mu=area,
        standard_fen=standard,
        amount_fen=amount,
        period=key.period,
        state=state,
        returned_why=_shared(masked_or_none(why, own)),
        goods=_shared(masked_or_none(goods, own)),
        quantity=quantity,
        unit=_shared(masked(written(cells.get("unit")), own) or None) if goods else None,
        pick_up=_shared(masked_or_none(_pick_up(cells), own)) if goods else None,
    )


def _shared(text: str | None) -> str | None:
    """One string for all lines that say the same: a county's list has 200,000 lines and 150 villages."""
    return None if text is None else sys.intern(text)


def corrects(row: SheetRow) -> bool:
    """True when the row says that it corrects a line told before."""
    said = written(row.cells.get("correction"))
    return said not in ("", "0", "否", "false", "False")


def _names(row: SheetRow) -> tuple[str, ...]:
    cells = unswapped(row.cells)
    return tuple(name for one in ("name", "holder") if (name := written(cells.get(one))))


def _id(cell: Cell) -> str | None:
    if says_nothing(cell) or (isinstance(cell, str) and _MASKED.fullmatch(written(cell))):
        return None
    return read_id(cell).value


def _tail(cell: Cell, id_number: str | None) -> str | None:
    if says_nothing(cell):
        return None
    if isinstance(cell, str) and "*" in written(cell):
        return card_tail(cell)
    try:
        return card_tail(read_card(cell))
    except InputError:
        # The account only helps to find the person; where the id does, a spoiled account loses no line.
        if id_number is None:
            raise
        return None


def _place(row: SheetRow) -> tuple[str | None, str | None]:
    township = "".join(written(row.cells.get("township")).split())
    village = "".join(written(row.cells.get("village")).split())
    if not village and row.sheet.endswith("村"):
        village = row.sheet
    village = _VILLAGE_END.sub("", village)
    group = normal_group(row.cells.get("group"))
    if (both := _GROUP_IN_VILLAGE.fullmatch(village)) is not None:
        village, group = both[1], group or normal_group(both[2])
    if not township and row.sheet.endswith(("乡", "镇")):
        township = row.sheet
    if not village:
        return None, group
    return village if village.startswith(township) or not township else township + village, group


def _decimal(cell: Cell) -> Decimal | None:
    if says_nothing(cell):
        return None
    if isinstance(cell, float):
        return Decimal(repr(cell))
    text = written(cell).replace(",", "").removesuffix("亩").removesuffix("元").strip()
    return Decimal(text)


def _number(cells: Mapping[str, Cell], name: str, said: str) -> Decimal | None:
    try:
        value = _decimal(cells.get(name))
    except InvalidOperation:
        raise InputError(f"{said}不是数字；请核对") from None
    if value is not None and not (value.is_finite() and 0 <= value <= _MOST_QUANTITY):
        raise InputError(f"{said}为负数或过大；请核对")
    return value


def _standard(row: SheetRow) -> int | None:
    """A standard that is no number is 档次 or the like, and no fault."""
    try:
        value = _decimal(row.cells.get("standard"))
    except InvalidOperation:
        return None
    if value is None or not value.is_finite() or not 0 < value <= _MOST_QUANTITY:
        return None
    cents = value * 100
    return int(cents) if cents == cents.to_integral_value() else None


def _goods(cells: Mapping[str, Cell]) -> tuple[str | None, Decimal | None]:
    goods = written(cells.get("goods")) or None
    if goods is None:
        return None, None
    quantity = _number(cells, "quantity", "物资数量")
    if not quantity:
        raise InputError("缺少物资数量，或数量为零；请补填")
    return goods, quantity


def _amount(row: SheetRow, titles: Titles) -> int:
    cell = row.cells.get("amount")
    if says_nothing(cell):
        raise InputError("缺少金额；请补填")
    unit = "万元" if in_wan(row.header_of("amount"), titles.unit) else "元"
    text = f"{Decimal(repr(cell)):f}" if isinstance(cell, float) else written(cell)
    try:
        amount = fen(text, unit=unit)
    except ValueError:
        raise InputError("金额不是数字；请核对后填写数字") from None
    if amount <= 0:
        raise InputError("金额为零或负数；请核对（扣回的款项请另行处理）")
    if amount > _MOST_FEN:
        raise InputError("金额过大，可能单位（元/万元）有误；请核对")
    return amount


def _check_product(row: SheetRow, area: Decimal | None, standard: int | None, amount: int | None) -> None:
    """Only an area times a standard per 亩 is the amount; months and persons are not written in the file."""
    if area is None or standard is None or amount is None or re.search(r"月|年|人", row.header_of("standard")):
        return
    if not product_agrees(area, standard, amount):
        expected = yuan(round(area * standard))
        raise InputError(f"面积×标准应为{expected}元，与所填金额不符；请核对")


def _state(cells: Mapping[str, Cell], *, is_goods: bool) -> tuple[PaymentState, str | None]:
    why = written(cells.get("returned_why"))
    if (why and not says_nothing(why)) or _FAILED.search(written(cells.get("status"))):
        return PaymentState.RETURNED, why or "银行退回，未注明原因"
    return (PaymentState.GOODS if is_goods else PaymentState.PAID), None


def _pick_up(cells: Mapping[str, Cell]) -> str | None:
    """Time, then place without blanks: what is behind the last comma or blank is the place."""
    time = written(cells.get("time"))
    place = re.sub(r"[\s,，;；]+", "", written(cells.get("place")))
    return "，".join(part for part in (time, place) if part) or None
