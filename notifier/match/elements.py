"""The elements that an open directory of subsidies asks of a policy (公开目录), found in its text or missing; pure."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from notifier.match.amounts import Amount
from notifier.match.deadlines import Deadline
from notifier.match.sentences import sentences

_MOST = 90


class Element(StrEnum):
    """What a household must be able to read of a policy (domain.md B.8)."""

    WHO = "对象"
    """补贴对象: for whom."""
    HOW_MUCH = "标准"
    """补贴标准: how much for what."""
    HOW = "程序"
    """申请程序: in which steps."""
    PAPERS = "材料"
    """申请材料: which papers to bring."""
    PHONE = "电话"
    """咨询电话: whom to ask."""
    UNTIL = "时限"
    """办理时限: until when."""


_CUES: Mapping[Element, re.Pattern[str]] = {
    Element.HOW: re.compile(
        r"程序|流程|步骤|(?:村级|乡镇|县级|县[^。，]{0,6}局)[^。，]{0,12}(?:审核|核验|复核|验收|审批)|向[^。]{0,16}申请|通过[^。]{0,30}办理"
    ),
    Element.PAPERS: re.compile(
        r"材料|持(?!有)[^。]{0,20}(?:证|簿|身份)|携?带[^。]{0,8}(?:身份|证|簿)|提供[：:]?[^。]{0,20}(?:证|簿)"
    ),
    Element.PHONE: re.compile(r"(?<!\d)(?:0\d{2,3}[-－ ]?\d{7,8}|1[3-9]\d{9}|\d{5})(?!\d)"),
    Element.UNTIL: re.compile(r"\d+\s*(?:个工作)?日内|时限|截止|截至"),
}
_CALL = ("电话", "拨打", "热线", "致电")


def elements(
    body: str, who: Sequence[str], amounts: Sequence[Amount], deadlines: Sequence[Deadline]
) -> dict[Element, str]:
    """The elements that are there, each with the sentence that says it (at most 90 characters); absent ones have none.

    `who` are the sentences about whom it is for. Safe to repeat: the same text gives the same elements.
    """
    found: dict[Element, str] = {}
    if who:
        found[Element.WHO] = _cut(who[0])
    standard = next((one for one in amounts if one.is_a_standard), None)
    if standard is not None:
        found[Element.HOW_MUCH] = _around(body, standard.at)
    for sentence in sentences(body):
        for element, cue in _CUES.items():
            is_there = cue.search(sentence.words) and (
                element is not Element.PHONE or any(word in sentence.words for word in _CALL)
            )
            if is_there and element not in found:
                found[element] = _cut(sentence.words)
    if deadlines:
        found[Element.UNTIL] = _around(body, deadlines[0].at)
    return {element: found[element] for element in Element if element in found}


def _may_be(element: Element, words: str) -> bool:
    """A number is a telephone's only beside a word that says so."""
    return element is not Element.PHONE or any(word in words for word in _CALL)


def _around(body: str, at: int) -> str:
    holding = [one for one in sentences(body) if one.at <= at < one.at + len(one.words)]
    return _cut(holding[0].words) if holding else ""


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _MOST else sentence[: _MOST - 1] + "…"
