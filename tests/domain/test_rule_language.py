"""The rule language: it reads what clerks write, prints what it reads, and points at what it cannot read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import InputError
from notifier.domain.rule_faults import RuleError
from notifier.domain.rule_language import parse_rule, print_rule
from notifier.domain.rules import AllOf, AnyOf, Comparison, Has, Not, Rule, Within, tidy
from tests.domain.rule_strategies import WORDS, rules

POOR = Has("is_low_income", Comparison.EQUAL, Decimal(1))
DISABLED = Has("n_disabled", Comparison.MORE, Decimal(0))
FARMS = Has("farmland_mu", Comparison.AT_LEAST, Decimal(5))
SHEEP = Has("n_sheep", Comparison.MORE, Decimal(30))
EXAMPLE = AllOf((POOR, Within("640425200000"), AnyOf((FARMS, SHEEP)), Not(DISABLED)))


@given(rules)
def test_a_rule_comes_back_from_its_text(rule: Rule) -> None:
    assert parse_rule(print_rule(rule, WORDS), WORDS) == tidy(rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('低保 且 居住在 "城阳样例乡" 且 (耕地亩 >= 5 或 羊只数 > 30) 且 非 残疾', EXAMPLE),
        ("低保户，且居住在城阳样例乡且（耕地不少于5亩或养羊超过30只），并且不是残疾", EXAMPLE),
        ("低保 且 居住在 640425200000\n  且（耕地≥5 或 羊＞30）\n  且 非残疾人", EXAMPLE),
        ("低保 或 特困 且 残疾", AnyOf((POOR, AllOf((Has("is_destitute", Comparison.EQUAL, Decimal(1)), DISABLED))))),
        ("居住在 城阳样例乡/白阳样例一村", Within("640425200201")),
        ("居住在彭阳县白阳镇白阳样例一村", Within("640425100201")),
        ("羊 不等于 5", Not(Has("n_sheep", Comparison.EQUAL, Decimal(5)))),
        ("((低保))", POOR),
        ("全部农户", AllOf(())),
    ],
)
def test_what_clerks_write_is_read(text: str, rule: Rule) -> None:
    assert parse_rule(text, WORDS) == rule


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("低保 且 耕地面 >= 5", "耕地面", "是不是“耕地亩”"),
        ("低保 且\n 单身", "单身", "可用：低保"),
        ("低保 > 5", "5", "只分是和否"),
        ("耕地 = 是", "是", "数字"),
        ("羊只数 >= 5 亩", "亩", "只、头"),
        ("登记日期 >= 5", "5", "日期"),
        ("耕地亩 >= 2025-01-01", "2025-01-01", "登记日期"),
        ("登记日期 < 2025-02-30", "2025-02-30", "没有"),
        ("居住在 城阳样乡", "城阳样乡", "是不是“城阳样例乡”"),
        ("居住在 白阳样例一村", "白阳样例一村", "白阳镇/白阳样例一村、城阳样例乡/白阳样例一村"),
        ('领过 "耕地地力补贴"', '"耕地地力补贴"', "是不是“耕地地力保护补贴”"),
        ('领过 "耕地地力保护补贴" 在 25 年', "25", "四位"),
        ('领过 "耕地地力保护补贴" >= 5 亩', "亩", "元或万元"),
        ('在名单 "没有"', '"没有"', "先上传名单"),
        ("低保 特困", "特困", "且、或"),
        ("低保 且 且 特困", "且", "一个条件"),
        ("收到 羊只数 >= 5", "收到", "不认识"),
        ("低保 且 住 城阳样例乡", "住", "不认识"),
        ("低保)", ")", "结束"),
        ("骆驼 >= 1000000000000000", "1000000000000000", "过大"),
    ],
)
def test_an_error_points_at_the_word(text: str, word: str, said: str) -> None:
    with pytest.raises(RuleError, match=said) as caught:
        parse_rule(text, WORDS)
    problem, line = caught.value, text.split("\n")[caught.value.line - 1]
    assert line[problem.column - 1 :][: problem.length] == word
    assert said in problem.said


@pytest.mark.parametrize("text", ["", " \n", "低保 且", "(低保", "非", "居住在", "耕地亩 >=", "在名单", "领过 '甲'"])
def test_an_unfinished_rule_says_what_is_missing(text: str) -> None:
    with pytest.raises(RuleError, match="第1行"):
        parse_rule(text, WORDS)


@given(st.text() | st.text(alphabet='低保且或非()（）"“”耕地亩羊>=<5. 居住在城阳领过名单年年月元到从登记日期\n'))
def test_no_text_raises_anything_but_an_input_error(text: str) -> None:
    try:
        rule = parse_rule(text, WORDS)
    except InputError:
        return
    assert parse_rule(print_rule(rule, WORDS), WORDS) == tidy(rule)


def test_neither_endless_nor_bottomless_texts_are_read() -> None:
    for text in ("低保 且 " * 1000 + "低保", "非" * 300 + "低保", "(" * 100 + "低保" + ")" * 100):
        with pytest.raises(RuleError):
            parse_rule(text, WORDS)
