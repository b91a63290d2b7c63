"""A policy in one or two of its own sentences; extracted, never invented."""

import re
from collections.abc import Sequence

MOST_UNITS = 70
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
_CLAUSE = re.compile(r"[^，、,]+[，、,]?")
# 各乡镇人民政府，县直各部门： / 为了…，根据…，现就…通知如下。 say nothing to a household.
_SALUTATION = re.compile(r"^[^，。]{0,20}(各乡镇|各有关|各单位|各部门|县直|广大)[^。]{0,40}[:：]$")
_PREAMBLE = re.compile(r"^(为|为了|根据|按照|经|依据|现将|现就|结合)|(通知|公告|公示|通告|方案|办法|细则)如下|制定本")
_NUMBERING = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十\d]+[)）、.．]|第[一二三四五六七八九十百\d]+条|[问答][:：])\s*"
)
_MOST_HEADING = 10
_WHO_AND_HOW_MUCH = re.compile(r"对象|标准|每亩|每人|每月|每年|每户|元|发放|申请|补助|补贴")


def n_units(text: str) -> int:
    """Length in UTF-16 units, as gateways count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def summarise(body: str, keywords: Sequence[str]) -> str:
    """At most 70 UTF-16 units of the text's own sentences: of those worth saying the first that fit; '' for nothing.

    Sentences that name a keyword, an amount or an audience come before others; a too long one is cut at a comma.
    """
    sentences = [one for line in body.splitlines() for one in _sentences(line)]
    if not sentences:
        return ""
    telling = [one for one in sentences if _WHO_AND_HOW_MUCH.search(one) or any(word in one for word in keywords)]
    chosen = ""
    for sentence in telling or sentences:
        if n_units(chosen + sentence) > MOST_UNITS:
            break
        chosen += sentence
    return (chosen or _cut((telling or sentences)[0])).rstrip("；，、,")


def _sentences(line: str) -> list[str]:
    """The sentences of a paragraph that say something; a heading (补贴标准。) stays with what it heads."""
    found: list[str] = []
    heading = ""
    for raw in _SENTENCE.findall(_NUMBERING.sub("", " ".join(line.split()))):
        sentence = raw.strip()
        if not sentence or sentence.endswith(("？", "?")) or _says_nothing(sentence):
            heading = ""
        elif len(sentence) <= _MOST_HEADING and not found and not heading:
            heading = sentence
        else:
            found.append(heading + sentence)
            heading = ""
    return found


def _says_nothing(sentence: str) -> bool:
    return bool(_SALUTATION.search(sentence) or _PREAMBLE.search(sentence)) or sentence.endswith((":", "："))


def _cut(sentence: str) -> str:
    kept = ""
    for clause in _CLAUSE.findall(sentence):
        if n_units(kept + clause) > MOST_UNITS - 1:
            break
        kept += clause
    if kept:
        return kept.rstrip("，、,")
    while n_units(sentence) > MOST_UNITS - 1:
        sentence = sentence[:-1]
    return sentence + "…"
