"""The grammar of the rule language, as data: what a clerk may write, and what each kind of word is called in an error.

低保 且 居住在 "城阳乡" 且 (耕地亩 >= 5 或 羊只数 > 30) 且 非 残疾
领过 "耕地地力保护补贴" 在 2025 年 >= 100 元        在名单 "2026危房名单"        登记日期 < 2025-06-01
"""

import re
from collections.abc import Mapping

from notifier.domain.rules import Comparison

_COMPARISONS: Mapping[Comparison, tuple[str, ...]] = {
    Comparison.AT_LEAST: (">=", "≥", "＞＝", "＞=", "不少于", "不低于", "不早于", "大于等于", "至少"),
    Comparison.MORE: (">", "＞", "多于", "大于", "高于", "超过", "晚于"),
    Comparison.AT_MOST: (
        "<=",
        "≤",
        "＜＝",
        "＜=",
        "不多于",
        "不超过",
        "不大于",
        "不高于",
        "不晚于",
        "小于等于",
        "至多",
    ),
    Comparison.LESS: ("<", "＜", "少于", "小于", "低于", "早于", "不足", "不满"),
    Comparison.EQUAL: ("==", "=", "＝", "等于"),
}
COMPARISON_OF: Mapping[str, Comparison] = {word: one for one, words in _COMPARISONS.items() for word in words}
"""Every way to write a comparison."""

UNEQUAL = ("!=", "≠", "不等于")
"""Not one of the comparisons: read as 非 (… = …)."""

_AND = ("并且", "而且", "且", "&&")
_OR = ("或者", "或", "||")
_NOT = ("非", "不是")


def _either(words: tuple[str, ...]) -> str:
    escaped = [word.replace("|", r"\|") for word in sorted(words, key=len, reverse=True)]
    return "|".join(escaped)


_OPERATORS = _either((*COMPARISON_OF, *UNEQUAL))
_ENDS_A_WORD = _either((*_AND, *_OR, *_NOT, *(one for one in (*COMPARISON_OF, *UNEQUAL) if one[0] >= "一")))

_WORD = (
    rf"((?!{_ENDS_A_WORD})[^\s\d()\"“”「」《》<>=≥≤≠＞＜＝!,，;；&|.-])"
    rf"((?!{_ENDS_A_WORD})[^\s()\"“”「」《》<>=≥≤≠＞＜＝!,，;；&|])*"
)
NEEDS_NO_QUOTES = re.compile(
    rf"(?!全部农户|所有农户|没有农户|居住|住在|在名单|名单中有|列入名单|领取过|领过|and|or|not){_WORD}"
)
"""A name that reads as one word wherever a condition may begin."""

GRAMMAR = rf"""
?start: either
?either: both (_OR both)*
?both: single (_AND single)*
?single: _NOT single -> negation
    | "(" either ")" -> group
    | EVERYBODY -> everybody
    | NOBODY -> nobody
    | _LIVES (TEXT | WORD | NUMBER) -> within
    | _LISTED TEXT -> listed
    | _RECEIVED TEXT year? days? sum? -> received
    | (WORD | TEXT) -> plain
    | (WORD | TEXT) OPERATOR NUMBER WORD? -> compared
    | (WORD | TEXT) OPERATOR DAY -> dated
    | (WORD | TEXT) OPERATOR (YES | NO) -> answered
year: _IN NUMBER _YEAR
days: first last? | last
first: _FROM DAY
last: _TO DAY
sum: OPERATOR NUMBER WORD?

_AND.5: /[,，]?\s*({_either(_AND)}|and(?![A-Za-z]))/i
_OR.5: /[,，]?\s*({_either(_OR)}|or(?![A-Za-z]))/i
_NOT.5: /{_either(_NOT)}|not(?![A-Za-z])|!(?!=)/i
OPERATOR.6: /{_OPERATORS}/
EVERYBODY.4: /全部农户|所有农户/
NOBODY.4: /没有农户/
_LIVES.4: /居住在|居住于|住在/
_LISTED.4: /在名单|名单中有|列入名单/
_RECEIVED.4: /领取过|领过/
_IN.3: /在|于/
_YEAR.3: /年度?/
_FROM.3: /从|自/
_TO.3: /到|至/
YES.3: /是/
NO.3: /否/
DAY.3: /\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日|\d{{4}}\/\d{{1,2}}\/\d{{1,2}}/
NUMBER.2: /-?\d+(\.\d+)?/
TEXT.2: /"([^"]|"")*"|“[^”]*”|「[^」]*」|《[^》]*》/
WORD: /{_WORD}/
%ignore /[\s\u3000]+/
"""

EXPECTED: Mapping[str, str] = {
    "_AND": "且",
    "_OR": "或",
    "_NOT": "非",
    "LPAR": "（",
    "RPAR": "）",
    "EVERYBODY": "全部农户",
    "NOBODY": "没有农户",
    "_LIVES": "居住在",
    "_LISTED": "在名单",
    "_RECEIVED": "领过",
    "_IN": "“在 2025 年”",
    "_YEAR": "年",
    "_FROM": "“从 2025-01-01”",
    "_TO": "“到 2025-12-31”",
    "YES": "是",
    "NO": "否",
    "DAY": "日期（如 2025-06-01）",
    "NUMBER": "数字",
    "TEXT": "带引号的名称",
    "WORD": "属性（如 低保、耕地亩）",
    "OPERATOR": "比较（如 >= 5）",
    "$END": "结束",
}
"""What an error calls the words that may stand somewhere, by terminal."""

STARTS_A_CONDITION = frozenset({"WORD", "_LIVES", "_LISTED", "_RECEIVED"})
"""Terminals that together mean: any condition may stand here."""
