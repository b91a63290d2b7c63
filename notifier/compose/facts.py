"""What a notice says of a benefit and of a chain's payment lines; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from notifier.domain.money import plain, yuan
from notifier.domain.placeholders import put_in
from notifier.domain.texts import GATEWAYS
from notifier.store.composing import Told
from notifier.store.notices import BenefitFacts, Line, Reader

_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_BASIS_MOST = 20
_NO_BASIS = "按发放清单核定"


def policy_facts(told: Told, hotline: str, now: datetime) -> dict[str, str]:
    """The facts of what all households are told alike; what differs from one to the next is still open in `text`."""
    day = on_day(now)
    return {
        "title": told.title,
        "summary": told.summary or "请到村委会了解详情",
        "tel": hotline,
        "date": day,
        "text": put_in(told.free_text, {"咨询电话": hotline, "日期": day}),
        **({GATEWAYS: told.gateways} if told.gateways else {}),
    }


def personal_facts(facts: Mapping[str, str], reader: Reader) -> dict[str, str]:
    """The facts with what is the reader's own put in."""
    return {**facts, "text": put_in(facts["text"], {"姓名": reader.name, "村": reader.village})}


def on_day(now: datetime) -> str:
    """ "2026年11月24日" in the county's time."""
    day = now.astimezone(_COUNTY_TIME)
    return f"{day.year}年{day.month}月{day.day}日"


def payment_facts(
    name: str, lines: Sequence[Line], benefit: BenefitFacts, hotline: str, now: datetime
) -> Mapping[str, str]:
    """The facts of one chain's lines: sums where there are several, the calculation where there is one.

    `lines` is not empty. No id, no card; the name is the addressee's own.
    """
    first = lines[0]
    return {
        "name": name,
        "item": benefit.item or "惠农补贴",
        "period": first.period or benefit.period or "本期",
        "amount": yuan(sum(line.amount_fen or 0 for line in lines)),
        "basis": basis(lines),
        "date": on_day(now),
        "tel": hotline,
        "reason": first.returned_why or "账户信息不符",
        "goods": first.goods or benefit.item or "物资",
        "was": _sum(lines, before=True),
        "now": _sum(lines, before=False),
        "quantity": quantity(lines),
        "time": pick_up_time(first.pick_up),
        "place": pick_up_place(first.pick_up),
        "office": "乡镇便民服务中心",
    }


def _sum(lines: Sequence[Line], *, before: bool) -> str:
    """ "1234.50元" of the lines, or "2袋" of goods: as they are now, or as the household was told `before`."""
    if any(line.amount_fen is not None for line in lines):
        amounts = [line.said_amount_fen if before else line.amount_fen for line in lines]
        return f"{yuan(sum(amount or 0 for amount in amounts))}元"
    quantities = [line.said_quantity if before else line.quantity for line in lines]
    return "、".join(f"{said or 0}{line.unit or ''}" for said, line in zip(quantities, lines, strict=True))


def basis(lines: Sequence[Line]) -> str:
    """How the amount comes about: 面积×标准 for one line, else that the lines add up; at most 20 characters."""
    if len(lines) > 1:
        return f"共{len(lines)}笔合计"
    line = lines[0]
    if line.area_mu is None or line.standard_fen is None:
        return _NO_BASIS
    text = f"{plain(line.area_mu)}亩×{plain(Decimal(line.standard_fen) / 100)}元"
    return text if len(text) <= _BASIS_MOST else _NO_BASIS


def quantity(lines: Sequence[Line]) -> str:
    """ "2袋", or "2袋、1桶" for several lines."""
    return "、".join(f"{line.quantity or ''}{line.unit or ''}" for line in lines) or "若干"


def pick_up_time(pick_up: str | None) -> str:
    """The part of a pick-up note before its last blank or comma, or a plain word when there is none."""
    return _split(pick_up)[0] or "工作日"


def pick_up_place(pick_up: str | None) -> str:
    """The part of a pick-up note after its last blank or comma, or a plain word when there is none."""
    return _split(pick_up)[1] or "村委会"


def _split(pick_up: str | None) -> tuple[str, str]:
    text = (pick_up or "").replace("\uff0c", " ").replace(",", " ").replace(";", " ").replace("\uff1b", " ").strip()
    time, _, place = text.rpartition(" ")
    return time.strip(), place.strip()
