"""文号: read and brought to one form, 固政办发〔2026〕98号, whatever the way from Word to the web did to it."""

import re

_OPEN, _CLOSE = r"[〔﹝\[［(（【{｛<《〈「『〖〘?？\ufffd]", r"[〕﹞\]］)）】}｝>》〉」』〗〙?？\ufffd]"
_YEAR = r"(?:19|20)\d{2}"
_HAN_YEAR = "[一二][〇○零Ｏ九一二三四五六七八]{3}"
_NUMBER = re.compile(
    rf"(?P<organ>[\u4e00-\u9fff]{{2,14}})\s*"
    rf"(?:{_OPEN}\s*(?P<y1>{_YEAR}|{_HAN_YEAR})\s*年?\s*{_CLOSE}?|(?P<y2>{_YEAR})\s*年?\s*{_CLOSE}"
    # Both brackets lost: only behind what 文号 end with, or any year and number in a row would be one.
    rf"|(?<=[发函办字规令通告电呈批复])(?P<y3>{_YEAR})\s*年?\s*[-—]?)"
    r"\s*第?\s*(?P<n>\d{1,4}|[一二三四五六七八九十百]{1,6})\s*号"
)
_LABEL = re.compile(r"(?:发文字号|文\s*号|文件编号|公文编号)\s*[:：]\s*(.{4,40})")
_NOT_ITS_OWN = re.compile(r"^.*(?:根据|按照|依据|关于|印发|落实|转发|执行|参照|贯彻|经|和|与|及|对|以)")
_HEAD_LINES = 12
_PLAIN_DIGITS = {ord("０") + digit: str(digit) for digit in range(10)}
_HAN_DIGITS = {letter: at % 10 for at, letter in enumerate("〇一二三四五六七八九")} | dict.fromkeys("○零Ｏ", 0)
_HAN_UNITS = {"十": 10, "百": 100}


def normal_number(text: str) -> str | None:
    """The first 文号 in a text in its one form; None when there is none. 〔201714号 and [2017]14号 are 〔2017〕14号."""
    found = _NUMBER.search(text.translate(_PLAIN_DIGITS))
    if found is None:
        return None
    organ = _NOT_ITS_OWN.sub("", found["organ"]) or found["organ"]
    year = found["y1"] or found["y2"] or found["y3"]
    if not year.isascii():
        year = "".join(str(_HAN_DIGITS[letter]) for letter in year)
    return f"{organ}〔{year}〕{_counted(found['n'])}号"


def own_number(title: str, page: str) -> str | None:
    """The 文号 of a document itself, never a cited one: labelled, on a line near the top, or in the title."""
    if labelled := _LABEL.search(page):
        return normal_number(labelled[1])
    for line in page.splitlines()[:_HEAD_LINES]:
        bare = line.strip().translate(_PLAIN_DIGITS).strip("（）() ")
        if _NUMBER.fullmatch(bare):
            return normal_number(bare)
    return normal_number(title)


def _counted(text: str) -> int:
    """九十八 is 98, 一百零三 is not written in a 文号."""
    if text.isascii():
        return int(text)
    total, digit = 0, 0
    for letter in text:
        if letter in _HAN_UNITS:
            total, digit = total + (digit or 1) * _HAN_UNITS[letter], 0
        else:
            digit = _HAN_DIGITS[letter]
    return total + digit
