"""What a farmer's page says of one notice, in words that can be read aloud. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from notifier.domain.benefits import BenefitKind
from notifier.domain.money import plain, yuan
from notifier.domain.placeholders import put_in
from notifier.store.farmer_pages import Telling
from notifier.store.notices import Line


@dataclass(frozen=True, slots=True)
class Said:
    """A line as the page shows it: whose, for which period, how much and how it comes about; "" where nothing is."""

    name: str = field(repr=False)
    period: str
    amount: str = field(repr=False)
    sum: str = field(repr=False)
    note: str


_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_STATE: dict[str, str] = {"paid": "已发放到一卡通", "returned": "没有发放成功", "goods": "请领取"}


def heading(of: Telling) -> str:
    """What it is: the item for money and goods, the title for a policy."""
    return of.title if of.kind is BenefitKind.POLICY else of.item or of.title


def body(name: str, of: Telling, hotline: str) -> str:
    """What a policy or a text of a person's own says; "" for payments."""
    if of.kind is not BenefitKind.POLICY:
        return ""
    day = of.told_at.astimezone(_COUNTY_TIME)
    values = {"姓名": name, "村": of.village, "咨询电话": hotline, "日期": f"{day.year}年{day.month}月{day.day}日"}
    return put_in(of.text, values) or of.summary or "请到村委会了解详情。"


def state_words(of: Telling) -> str:
    """What became of it, in three words; "" for a policy."""
    return _STATE.get(of.purpose, "") if of.kind is BenefitKind.DISBURSEMENT else ""


def total(of: Telling) -> str:
    """The sum of all lines in 元, or "" where no money is paid."""
    amounts = [line.amount_fen for _, line in of.lines if line.amount_fen is not None]
    return yuan(sum(amounts)) if amounts and of.purpose != "goods" else ""


def said_lines(of: Telling) -> list[Said]:
    """The lines in file order; empty for a policy."""
    return [_said(of, name, line) for name, line in of.lines]


def _said(of: Telling, name: str, line: Line) -> Said:
    period = line.period or of.period or ""
    if of.purpose == "goods":
        what = line.goods or of.item or "物资"
        return Said(name, period, f"{what} {line.quantity or ''}{line.unit or ''}".strip(), "", line.pick_up or "")
    amount = "" if line.amount_fen is None else f"{yuan(line.amount_fen)} 元"
    note = f"原因：{line.returned_why}" if of.purpose == "returned" and line.returned_why else ""
    return Said(name, period, amount, _sum(line), note)


def _sum(line: Line) -> str:
    """面积×标准=金额, where the line says both."""
    if line.area_mu is None or line.standard_fen is None or line.amount_fen is None:
        return ""
    standard = plain(Decimal(line.standard_fen) / 100)
    return f"{plain(line.area_mu)} 亩 × {standard} 元 = {yuan(line.amount_fen)} 元"


def spoken(name: str, of: Telling, hotline: str) -> str:
    """The page as a speaker reads it: sentences, "乘" for ×, digits of the telephone one by one."""
    parts = [f"{name}，您好。", f"{heading(of)}。"]
    if said := body(name, of, hotline):
        parts.append(f"{said}。")
    for one in said_lines(of):
        words = f"{one.name}，{one.period}，{one.amount}{state_words(of)}。"
        if one.sum:
            words += one.sum.replace("×", "乘").replace("=", "等于") + "。"
        parts.append(words + (f"{one.note}。" if one.note else ""))
    digits = " ".join(letter for letter in hotline if letter.isdigit())
    parts.append(f"有不明白的，请打电话 {digits}，或者问村干部。")
    return "".join(parts)
