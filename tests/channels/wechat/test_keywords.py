"""The rules of a template's variables, and what may be shortened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.wechat.keywords import fault, fitted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thing1", "耕地地力保护补贴"), ("thing20", "字" * 20), ("number3", "12.50"), ("number3", "-1"),
        ("letter4", "ABC"), ("symbol5", "!@#"), ("character_string32", "SN-0001/2026"), ("time6", "15:01"),
        ("time6", "2026年11月23日 15:01"), ("time6", "2026年11月23日 15:01~2026年11月24日 08:00"),
        ("date7", "2026年11月23日"), ("date7", "2026-11-23 10:00"), ("date7", "2026年1月1日~2026年2月1日"),
        ("amount8", "297.50元"), ("amount8", "¥1234567890"), ("amount8", "￥12.5元"), ("amount8", "1,234.50元"),
        ("phone_number9", "0954-7010000"),
        ("car_number10", "宁D00000"), ("name11", "样例甲"), ("name11", "Ye Li"), ("name11", "字" * 10),
        ("phrase12", "已发放"), ("phrase12", "𠮷祥〇"), ("const13", "已受理"), ("short_thing14", "五字以内啊"),
        ("enum15", "任意"), ("future16", "任意" * 50),
    ],
)  # fmt: skip
def test_a_value_within_its_rule_passes(name: str, value: str) -> None:
    assert fault({name: value}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thing1", ""), ("thing1", "  "), ("thing1", "字" * 21), ("number3", "十二"), ("number3", "1" * 33),
        ("letter4", "字"), ("symbol5", "a"), ("symbol5", "!!!!!!"), ("character_string32", "编号1"),
        ("time6", "下午三点"), ("date7", "十一月"), ("amount8", "约300元"), ("amount8", "1,23.00"),
        ("amount8", "1234567890123"), ("amount8", "元"), ("phone_number9", "打电话"), ("phone_number9", "1" * 18),
        ("car_number10", "宁D000000000"), ("name11", "字" * 11), ("name11", "a" * 21), ("phrase12", "已发放ok"),
        ("phrase12", "六个汉字太长"), ("short_thing14", "六个字太长了"), ("future16", ""),
    ],
)  # fmt: skip
def test_a_value_that_wechat_would_refuse_is_named_by_its_variable(name: str, value: str) -> None:
    assert fault({"thing9": "好", name: value}) == name


def test_a_long_thing_ends_in_an_ellipsis() -> None:
    assert (
        fitted({"thing1": "二〇二六年" + "样例补贴发放通知" * 3})["thing1"] == "二〇二六年样例补贴发放通知样例补贴发放…"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"amount1": "1234567890123元"},
        {"thing1": "面积三亩五分乘以每亩八十五元合计金额为人民币297.50元"},
        {"thing1": "字" * 18 + "12" + "字"},
        {"thing1": "字" * 18 + "1亩三分"},
        {"phone_number1": "1" * 18},
        {"name1": "字" * 11},
        {"character_string1": "x" * 33},
    ],
)
def test_nothing_with_a_number_in_the_lost_part_and_no_other_kind_is_ever_cut(parameters: dict[str, str]) -> None:
    assert fitted(parameters) == parameters
    assert fault(fitted(parameters)) == next(iter(parameters))


@given(st.text(max_size=60))
def test_what_was_fitted_keeps_every_digit_of_a_thing(value: str) -> None:
    kept = fitted({"thing1": value})["thing1"]
    assert [mark for mark in kept if mark.isdigit()] == [mark for mark in value if mark.isdigit()]
    assert len(kept) <= max(20, len(value))
