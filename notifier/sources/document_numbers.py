"""文号: read and brought to one form, 固政办发〔2026〕98号, whatever the way from Word to the web did to it."""

import re

_OPEN, _CLOSE = r"[〔﹝\[［(（【{｛<《]", r"[〕﹞\]］)）】}｝>》]"
_NUMBER = re.compile(
    rf"(?P<organ>[\u4e00-\u9fff]{{2,14}})\s*"
    rf"(?:{_OPEN}\s*(?P<y1>(?:19|20)\d{{2}})\s*年?\s*{_CLOSE}?|(?P<y2>(?:19|20)\d{{2}})\s*年?\s*{_CLOSE})"
    r"\s*第?\s*(?P<n>\d{1,4})\s*号"
)
_LABEL = re.compile(r"(?:发文字号|文\s*号|文件编号)\s*[:：]\s*(.{4,40})")
_NOT_ITS_OWN = re.compile(r"^.*(?:根据|按照|依据|关于|印发|落实|转发|执行|参照|贯彻|经|和|与|及|对|以)")
_HEAD_LINES = 12


def normal_number(text: str) -> str | None:
    """The first 文号 in a text in its one form; None when there is none. 〔201714号 and [2017]14号 are 〔2017〕14号."""
    found = _NUMBER.search(text.translate(_PLAIN_DIGITS))
    if found is None:
        return None
    organ = _NOT_ITS_OWN.sub("", found["organ"]) or found["organ"]
    return f"{organ}〔{found['y1'] or found['y2']}〕{int(found['n'])}号"


def own_number(title: str, page: str) -> str | None:
    """The 文号 of a document itself, never a cited one: labelled, on a line near the top, or in the title."""
    if labelled := _LABEL.search(page):
        return normal_number(labelled[1])
    for line in page.splitlines()[:_HEAD_LINES]:
        bare = line.strip().translate(_PLAIN_DIGITS).strip("（）() ")
        if _NUMBER.fullmatch(bare):
            return normal_number(bare)
    return normal_number(title)


_PLAIN_DIGITS = {ord("０") + digit: str(digit) for digit in range(10)}
