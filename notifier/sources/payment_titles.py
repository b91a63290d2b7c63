"""What the titles and words of a payment workbook say of the whole batch: filing, audits, period, item, unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notifier.domain.benefits import AuditState
from notifier.domain.free_text import masked
from notifier.domain.identity import fold
from notifier.sources.document_numbers import normal_number

_TOLD = re.compile(
    r"(备案(?:文)?号|备案编号|审核(?:状态|情况|结果)|期次|发放批次|所属期|补贴项目|项目名称|单位|政策依据|依据)\s*[::]\s*"
    r"(.+?)(?=\s{2,}|[,;,;]|\s*(?:备案(?:文)?号|备案编号|审核(?:状态|情况|结果)|期次|发放批次|所属期|单位|政策依据)\s*[::]"
    r"|\s+[\u4e00-\u9fff]{2,8}\s*[::]|$)"
)
_FIELD = {
    "备案号": "filing",
    "备案文号": "filing",
    "备案编号": "filing",
    "审核状态": "audit",
    "审核情况": "audit",
    "审核结果": "audit",
    "期次": "period",
    "发放批次": "period",
    "所属期": "period",
    "补贴项目": "item",
    "项目名称": "item",
    "单位": "unit",
    "政策依据": "basis",
    "依据": "basis",
}
_PERIOD = re.compile(
    r"(?:19|20)\d{2}年(?:度)?(?:第?[一二三四1-4]季度|[上下]半年|1?\d月(?:份)?(?:[-—至]1?\d月(?:份)?)?|[春秋]季)?"
)
_AREA_PREFIX = re.compile(r"^[\u4e00-\u9fff]{1,8}?(?:自治县|县|市|区|乡|镇)")
_LIST_WORDS = re.compile(
    r"(?:资金)?(?:补贴|补助)?(?:发放|兑付|兑现|支付|补发|退票|失败|领取)?(?:情况)?"
    r"(?:清册|花名册|名册|名单|明细表?|清单|台账|登记表|公示表?|统计表|汇总表|表)(?:[((].*)?$"
)
_CORRECTION = re.compile(r"[((]?(?<!账号)(?<!账户)(?<!信息)(?:更正|修正|订正|勘误|重新发布)(?:后|版|稿|表)?的?[))]?")
_SENT_BACK = re.compile(r"整改|退回|不通过|未通过|驳回|不合格")
_PASSED = re.compile(r"通过|已审|审定|完成|同意|已发放|已拨付|合格")
_LEVELS = (("县", AuditState.COUNTY), ("市", AuditState.COUNTY), ("乡", AuditState.TOWNSHIP))
_BELOW = {
    AuditState.COUNTY: AuditState.TOWNSHIP,
    AuditState.TOWNSHIP: AuditState.VILLAGE,
    AuditState.VILLAGE: AuditState.NONE,
}


@dataclass(frozen=True, slots=True)
class Titles:
    """What stands above a table; None where it is not said. `unit` is 元 or 万元; `corrects`: it says 更正 or alike."""

    filing: str | None = None
    audit: str | None = None
    period: str | None = None
    item: str | None = None
    unit: str | None = None
    basis: str | None = None
    corrects: bool = False


def read_titles(titles: Sequence[str]) -> Titles:
    """What the texts above a table say; item and period also from a headline such as 彭阳县2026年高龄津贴发放花名册."""
    told: dict[str, str] = {}
    headlines = []
    for title in titles:
        pairs = _TOLD.findall(fold(masked(title)))
        for word, what in pairs:
            told.setdefault(_FIELD[word], what.strip())
        if not pairs:
            headlines.append(fold(masked(title)))
    corrects = any(corrects_another(title) for title in headlines)
    headline = without_correction(headlines[0]) if headlines else ""
    period = told.get("period") or (found[0] if (found := _PERIOD.search(headline)) else None)
    item = told.get("item") or item_of(headline)
    return Titles(told.get("filing"), told.get("audit"), period, item, told.get("unit"), told.get("basis"), corrects)


def corrects_another(text: str) -> bool:
    """True when a title or file name says that its list corrects an earlier one: 更正, 修正, 订正, 勘误, 重新发布."""
    return bool(_CORRECTION.search(text))


def without_correction(headline: str) -> str:
    """The headline without those words, so that a corrected list is of the item that it corrects."""
    return _CORRECTION.sub("", headline)


def item_of(headline: str) -> str | None:
    """The item that a headline or file name is about: without place, period and the words for a list; or None."""
    bare = _AREA_PREFIX.sub("", _PERIOD.sub("", "".join(headline.split())))
    bare = re.sub(r"^第?[一二三四1-4]季度|^\d{1,2}月份?", "", bare)
    shorter = _LIST_WORDS.sub("", bare)
    # 农村低保金发放表 loses its list words, 耕地地力保护补贴发放清册 must keep 补贴.
    if bare.startswith((shorter + "补贴", shorter + "补助")):
        shorter += bare[len(shorter) :][:2]
    return shorter or None


def read_audit(text: str | None) -> AuditState:
    """The audit state that a text means. What is empty or not understood is 未审核, which tells nobody."""
    said = "".join((text or "").split())
    if _SENT_BACK.search(said):
        return AuditState.RETURNED
    level = _level(said)
    if _PASSED.search(said) and not re.search(r"[未待]|中$", said):
        return level or AuditState.COUNTY
    return _BELOW[level] if level else AuditState.NONE


def _level(said: str) -> AuditState | None:
    for word, level in (*_LEVELS, ("镇", AuditState.TOWNSHIP), ("村", AuditState.VILLAGE)):
        if word in said:
            return level
    return None


def normal_filing(text: str | None) -> str | None:
    """A 备案号 in one form, since files write its brackets in every way; None for nothing."""
    said = "".join(fold(text or "").split())
    return normal_number(said) or said or None


def in_wan(header: str, title_unit: str | None) -> bool:
    """True when amounts are in 万元: the column's own unit wins over the title's."""
    said = header if "元" in header else (title_unit or "")
    return "万元" in said
