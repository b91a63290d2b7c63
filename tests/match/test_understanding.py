"""Forty notices that the reading was tuned on and twenty that it had never seen, and what is true of any text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.pieces import MOST, pieces
from notifier.domain.rule_forms import explain
from notifier.match.amounts import amounts
from notifier.match.deadlines import deadlines
from notifier.match.elements import Element
from notifier.match.summaries import n_units
from notifier.match.understanding import Published, understand
from tests.match.notices import KINDS, Notice, notices, read, said, scores, taxonomy, tree, wrong_rules

SURE = 80
FLOORS = dict.fromkeys(KINDS, 0.7) | {"rule": 0.6}
COUNTY = "640425000000"


@pytest.mark.parametrize("notice", notices("tuned"), ids=lambda notice: notice.slug)
def test_a_notice_says_what_a_careful_reader_finds(notice: Notice) -> None:
    assert said(read(notice)) == notice.expected


@pytest.mark.parametrize("kind", KINDS)
def test_notices_of_another_hand_are_mostly_understood(kind: str) -> None:
    score = scores("fresh")[kind]
    assert score.precision >= FLOORS[kind], score
    assert score.recall >= FLOORS[kind], score


@pytest.mark.parametrize("part", ["tuned", "fresh"])
def test_no_wrong_suggestion_is_a_sure_one(part: str) -> None:
    assert {notice.slug: one.confidence for notice, one in wrong_rules(part) if one.confidence >= SURE} == {}


@pytest.mark.parametrize("notice", notices("tuned") + notices("fresh"), ids=lambda notice: notice.slug)
def test_everything_understood_stands_in_the_text(notice: Notice) -> None:
    one, body = read(notice), notice.published.body
    assert all(amount.phrase == body[amount.at : amount.at + len(amount.phrase)] for amount in one.amounts)
    assert all(deadline.phrase == body[deadline.at : deadline.at + len(deadline.phrase)] for deadline in one.deadlines)
    assert all(found.phrase in notice.published.title + body for found in (*one.evidence, *one.unread))
    assert all(sentence.rstrip("…") in body for sentence in one.elements.values())
    assert "".join(one.pieces) == one.summary
    assert all(n_units(piece) <= MOST for piece in one.pieces)


def of(title: str, body: str, on: date | None = None) -> str:
    one = understand(Published(title, body, "彭阳县农业农村局", COUNTY, on), taxonomy(), tree())
    return explain(one.rule, tree()) if one.rule is not None else ""


def test_groups_of_one_family_are_alternatives_and_another_family_narrows() -> None:
    body = "扶持对象：脱贫户、监测对象中饲养肉牛3头以上的农户。"
    assert of("养殖补贴通知", body) == "居住在彭阳县，且牛头数不少于3，且（是脱贫户或是监测对象）"


def test_who_is_left_out_is_left_out_of_the_rule_and_makes_it_less_sure() -> None:
    with_all = understand(Published("冬季取暖补贴", "补贴对象为低保户。"), taxonomy(), tree())
    without = understand(Published("冬季取暖补贴", "补贴对象为低保户，不含特困人员。"), taxonomy(), tree())
    assert without.rule is not None
    assert explain(without.rule, tree()) == explain(with_all.rule, tree()) + "，且不符合（是特困）"  # type: ignore[arg-type]
    assert without.confidence < with_all.confidence


def test_a_threshold_that_fits_nothing_the_register_knows_makes_it_unsure() -> None:
    one = understand(
        Published("肉牛养殖补贴通知", "对存栏肉鸡500只以上的养殖户补助，肉牛同。", None, COUNTY), taxonomy(), tree()
    )
    assert one.confidence < SURE


@pytest.mark.parametrize(
    ("title", "body", "phrase"),
    [
        ("肉牛养殖补贴", "补助对象：肉牛存栏不低于5头的农户。", "不低于5头"),
        ("白阳镇肉牛养殖补贴", "补助对象：养牛的农户。", "白阳镇"),
        ("肉牛养殖补贴", "补助对象：养牛的农户。脱贫户已另行安排。", "脱贫户"),
        ("肉牛养殖补贴", "经核实纳入监测对象的，均可申请补助。", "监测对象"),
    ],
)
def test_a_condition_that_got_into_no_rule_is_shown_and_makes_it_unsure(title: str, body: str, phrase: str) -> None:
    one = understand(Published(title, body, None, COUNTY), taxonomy(), tree())
    assert [found.phrase for found in one.unread] == [phrase]
    assert one.confidence < SURE


def test_a_condition_of_the_rule_leaves_no_doubt() -> None:
    body = "补助对象：白阳镇肉牛存栏5头以上的农户，不含脱贫户。"
    one = understand(Published("肉牛养殖补贴", body, None, COUNTY), taxonomy(), tree())
    assert [found.phrase for found in one.unread] == []


def test_townships_narrow_only_the_region_they_lie_in() -> None:
    body = "实施范围为白阳镇、城阳乡。"
    assert of("退耕还林补助", body) == "（居住在白阳镇或居住在城阳乡），且退耕多于0亩"
    city = understand(Published("退耕还林补助", "实施范围为除白阳镇外各乡镇。", None, COUNTY), taxonomy(), tree())
    assert city.rule is not None
    assert explain(city.rule, tree()) == "居住在彭阳县，且退耕多于0亩"


def test_a_topic_that_the_register_knows_nothing_of_suggests_nobody() -> None:
    one = understand(Published("公益林补偿公示", "每亩每年16元。"), taxonomy(), tree())
    assert (one.topic, one.rule) == ("公益林补偿", None)


def test_missing_elements_are_missing() -> None:
    one = understand(Published("高龄津贴通知", "每人每月100元。"), taxonomy(), tree())
    assert set(one.elements) == {Element.HOW_MUCH}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("每人每月补助500元", "500元/人·月"), ("补贴标准为92.40元/亩", "92.4元/亩"), ("每户最高1万元", "10000元/户"),
        ("安排资金1.2亿元", "120000000元"), ("每生每学期2000元", "2000元/人·学期"), ("1,250元", "1250元"),
    ],
)  # fmt: skip
def test_an_amount_keeps_what_it_is_per(text: str, expected: str) -> None:
    assert [str(one) for one in amounts(text)] == [expected]


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("截止时间为9月30日", date(2026, 4, 1), [date(2026, 9, 30)]),
        ("于1月15日前申报", date(2026, 12, 20), [date(2027, 1, 15)]),
        ("申报时间：9月1日至10月20日", date(2026, 9, 1), [date(2026, 10, 20)]),
        ("2026年2月30日前", None, []), ("6月30日前", None, []), ("7月3日8时停水", date(2026, 7, 1), []),
    ],
)  # fmt: skip
def test_a_deadline_is_a_day_of_the_calendar(text: str, published: date | None, expected: list[date]) -> None:
    assert [one.on for one in deadlines(text, published)] == expected


@given(st.text(max_size=300), st.text(max_size=40), st.dates())
def test_any_text_can_be_understood(body: str, title: str, on: date) -> None:
    one = understand(Published(title, body, title, None, on), taxonomy(), tree())
    assert 0 <= one.confidence <= 95
    assert one.topic is not None or one.rule is None


@given(st.text(alphabet="补贴，。、0123456789元亩月日年每人", max_size=200), st.integers(8, 40))
def test_pieces_are_the_text_and_fit(text: str, most: int) -> None:
    cut = pieces(text, most)
    assert "".join(cut) == text
    assert all(n_units(piece) <= most for piece in cut)


def test_a_piece_never_ends_inside_an_amount_or_a_date() -> None:
    text = "凡具有本县户籍且在规定时间内完成登记备案手续的种植户自2026年10月31日起每亩一次性补助1250.50元并发放到户"
    for most in range(20, 36):
        for piece in pieces(text, most):
            assert not piece.endswith(("2026年1", "2026年10", "1", "12", "125", "1250", "1250.", "1250.5", "1250.50"))


@pytest.mark.parametrize(
    ("said", "least"), [("30只", 30), ("三十只", 30), ("十五只", 15), ("一百二十只", 120), ("两百只", 200)]
)
def test_a_threshold_can_be_written_in_characters(said: str, least: int) -> None:
    body = f"补贴对象为存栏基础母羊{said}以上的养殖户。"
    assert of("滩羊补贴公示", body) == f"居住在彭阳县，且羊只数不少于{least}"
