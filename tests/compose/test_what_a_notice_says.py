"""Texts are filled from facts, cut only where config allows, and never lose a part of an amount."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.compose.facts import basis, payment_facts, policy_facts, quantity
from notifier.compose.texts import load_texts
from notifier.domain.benefits import BenefitKind
from notifier.domain.errors import ConfigError
from notifier.domain.messages import By, Notice
from notifier.domain.shared_phones import shared_notice
from notifier.domain.texts import Text, fill, segments, shorten, units
from notifier.store.composing import Told
from notifier.store.notices import BenefitFacts, Line

TEXTS = load_texts(Path("config/texts.toml"))
SIGN, TEL = "彭阳惠农", "0954-7010000"
BENEFIT = BenefitFacts("耕地地力保护补贴", "2026年", None, None)
NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)  # already the 25th in the county
NAMES = st.text("马王李·样例𠮷一二三", min_size=1, max_size=60)


def line(amount: int | None = 118_750, area: str | None = "12.5", standard: int | None = 9_500, **more: str) -> Line:
    period, why, goods = more.get("period"), more.get("returned_why"), more.get("goods")
    area_mu = None if area is None else Decimal(area)
    taken = more.get("quantity"), more.get("unit"), more.get("pick_up")
    return Line(area_mu, standard, amount, period, why, goods, *taken)


def test_one_line_says_how_it_was_reckoned_and_several_their_sum() -> None:
    one = payment_facts("样例一", [line()], BENEFIT, TEL, NOW)
    assert (one["amount"], one["basis"], one["date"]) == ("1187.50", "12.5亩×95元", "2026年11月25日")
    several = payment_facts("样例一", [line(), line(1), line(99)], BENEFIT, TEL, NOW)
    assert (several["amount"], several["basis"]) == ("1188.50", "共3笔合计")


@pytest.mark.parametrize(
    "odd", [line(area=None), line(standard=None), line(area="123456789.123", standard=123_456_789)]
)
def test_a_reckoning_that_is_unknown_or_too_long_is_not_half_told(odd: Line) -> None:
    assert basis([odd]) == "按发放清单核定"


def test_goods_are_told_with_quantity_and_unit() -> None:
    assert quantity([line(quantity="2", unit="袋"), line(quantity="1", unit="桶")]) == "2袋、1桶"
    assert quantity([]) == "若干"


@pytest.mark.parametrize(("kind", "gateway"), [(kind, gateway) for kind in TEXTS for gateway in TEXTS[kind]])
@given(NAMES, st.integers(0, 10**10), st.text("补贴项目𠮷甲乙", min_size=1, max_size=80))
def test_every_shipped_text_keeps_its_limits_whatever_is_said(
    kind: str, gateway: str, name: str, amount: int, item: str
) -> None:
    said = (
        policy_facts(Told(1, 1, BenefitKind.POLICY, "tell", "短信必达", item, item * 2, free_text=item), TEL, NOW)
        if kind in ("policy", "free")
        else payment_facts(name, [line(amount)], BenefitFacts(item, "2026年", None, None), TEL, NOW)
    )
    one = TEXTS[kind][gateway]
    shared = dict(shared_notice(Notice(1, "returned", said), 3).facts)
    filled = fill(one, dict(said) | shared | {"code": "640425", "answer": "已补发", "tel": TEL, "title": item}, SIGN)
    assert filled.problem is None
    assert set(filled.parameters) == set(one.variables)
    for variable, value in filled.parameters.items():
        assert 1 <= units(value) <= one.limit(variable)
        value.encode("utf-16-le")
    if kind == "paid":
        whole = f"{amount // 100}.{amount % 100:02d}"
        assert whole in filled.parameters.values() or whole + "元" in filled.parameters.values()


def test_what_may_not_be_cut_is_a_problem_when_it_is_too_long_and_so_is_what_is_empty_or_forbidden() -> None:
    one = Text(template="T", content="${a}${b}", variables={"a": "{name}", "b": "{tel}"}, cut=["b"], most={"a": 3})
    assert fill(one, {"name": "一二三", "tel": "1"}, SIGN).problem is None
    assert "a 有 4 字,超过 3 字" in (fill(one, {"name": "一二三四", "tel": "1"}, SIGN).problem or "")
    assert "b 没有内容" in (fill(one, {"name": "一"}, SIGN).problem or "")
    assert "【】或网址" in (fill(one, {"name": "一", "tel": "【1】"}, SIGN).problem or "")


@given(st.text(max_size=50), st.integers(1, 40))
def test_shortened_text_fits_and_is_never_half_a_character(text: str, most: int) -> None:
    short = shorten(text, most)
    assert units(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text("每亩补贴元0123456789.,", max_size=60), st.integers(2, 30))
def test_a_number_is_told_whole_or_not_at_all(text: str, most: int) -> None:
    short = shorten(text, most)
    told, left = short.removesuffix("…"), text[len(short) - 1 :]
    if short != text:
        assert not re.search(r"[0-9][.,]?$", told), "it could go on where the text was cut"
        assert not left[:1].isdigit() or not told[-1:].isdigit()


def test_a_policy_by_wechat_goes_by_subscription_and_a_payment_never_does(tmp_path: Path) -> None:
    path = tmp_path / "texts.toml"
    words = 'template = "T"\ncontent = "${a}"\nvariables = { a = "{name}" }\n'
    path.write_text(f'[policy.wechat]\nby = "subscription"\n{words}[paid.wechat]\n{words}', encoding="utf-8")
    loaded = load_texts(path)
    assert (loaded["policy"]["wechat"].by, loaded["paid"]["wechat"].by) == (By.SUBSCRIPTION, By.TEMPLATE)
    assert fill(loaded["policy"]["wechat"], {"name": "一"}, SIGN).by is By.SUBSCRIPTION
    for wrong in (
        f"[policy.wechat]\n{words}",
        f'[paid.wechat]\nby = "subscription"\n{words}',
        f'[policy.aliyun_sms]\nby = "subscription"\n{words}',
        f'[policy.wechat]\nby = "mass"\n{words}',
    ):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"texts \[\w+\.\w+\] by"):
            load_texts(path)


@given(st.integers(0, 400))
def test_segments_are_one_to_seventy_and_then_sixty_seven_each(n: int) -> None:
    length = n + len(SIGN) + 2
    expected = 1 if length <= 70 else -(-length // 67)
    assert segments("字" * n, SIGN) == expected


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not toml", "cannot be read"),
        ('[policy.x]\ntemplate = "T"\ncontent = "${a}"\nvariables = { b = "{name}" }', "same variables"),
        ('[policy.x]\ntemplate = "T"\ncontent = "${a}"\nvariables = { a = "{id_number}" }', "unknown fact id_number"),
        (
            '[policy.x]\ntemplate = "T"\ncontent = "${a}"\nvariables = { a = "{name}" }\ncut = ["z"]',
            "unknown variables z",
        ),
        ('[policy.x]\ntemplate = ""\ncontent = "${a}"\nvariables = { a = "{name}" }', "template"),
        ('[policy.x]\ntemplate = "T"\ncontent = "${a}"\nvariables = { a = "{name}" }\ncolour = 1', "colour"),
    ],
)
def test_a_wrong_text_stops_the_start_in_a_sentence(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "texts.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(why)):
        load_texts(path)


def test_a_file_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"texts_file none\.toml: cannot be read"):
        load_texts(tmp_path / "none.toml")


def test_a_correction_says_what_was_told_and_what_holds_now() -> None:
    lines = [replace(line(120_000), said_amount_fen=118_750), replace(line(100), said_amount_fen=200)]
    facts = payment_facts("样例一", lines, BENEFIT, TEL, NOW)
    assert (facts["was"], facts["now"]) == ("1189.50元", "1201.00元")
    goods = [replace(line(None, goods="煤", quantity="3", unit="袋"), said_quantity="2")]
    facts = payment_facts("样例一", goods, BENEFIT, TEL, NOW)
    assert (facts["was"], facts["now"]) == ("2袋", "3袋")
