"""文号, dates, audit states and items as files and pages write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.benefits import AuditState
from notifier.sources.dates import date_in_address, read_date
from notifier.sources.document_numbers import normal_number, own_number
from notifier.sources.payment_titles import in_wan, item_of, normal_filing, read_audit, read_titles


@pytest.mark.parametrize(
    "written",
    [
        "宁政公开办发〔2017〕14号", "宁政公开办发〔201714号", "宁政公开办发[2017]14号", "宁政公开办发（2017）14号",
        "宁政公开办发【2017】第14号", "宁政公开办发 〔 ２０１７ 〕 １４ 号", "宁政公开办发2017〕14号",
        "宁政公开办发［2017］014号", "宁政公开办发?2017?14号", "宁政公开办发201714号", "宁政公开办发〈2017〉14号",
        "宁政公开办发〔2017 14号", "宁政公开办发〔二〇一七〕十四号", "宁政公开办发\ufffd2017\ufffd14号",
    ],
)  # fmt: skip
def test_a_damaged_document_number_is_brought_to_one_form(written: str) -> None:
    assert normal_number(written) == "宁政公开办发〔2017〕14号"


@pytest.mark.parametrize("text", ["2017年14号台风", "第14号", "索引号：640425-4510001", "", "〔2017〕14号"])
def test_what_is_no_document_number_is_none(text: str) -> None:
    assert normal_number(text) is None


def test_a_cited_number_is_not_the_documents_own() -> None:
    body = "各乡镇人民政府：\n根据固政办发〔2026〕98号文件要求，现就有关事项通知如下。"
    assert own_number("关于做好补贴工作的通知", body) is None
    assert own_number("关于做好补贴工作的通知", "彭政办发〔2026〕3号\n" + body) == "彭政办发〔2026〕3号"
    assert (
        own_number("关于做好补贴工作的通知", "文号：彭政办发[2026]3号 发布机构：县政府\n" + body)
        == "彭政办发〔2026〕3号"
    )


_BRACKETS = [("〔", "〕"), ("[", "]"), ("（", "）"), ("【", "】"), ("〔", ""), ("?", "?"), ("《", "》"), ("", "")]


@given(
    st.sampled_from(["彭政办发", "宁农规发", "固民函", "国办发"]),
    st.integers(1990, 2030),
    st.integers(1, 9999),
    st.sampled_from(_BRACKETS),
    st.text("　 ", max_size=2),
)
def test_a_number_survives_every_damage(organ: str, year: int, n: int, marks: tuple[str, str], gap: str) -> None:
    gap = gap if marks[0] else ""  # a year that stands apart without brackets may be any year
    written = f"{organ}{gap}{marks[0]}{gap}{year}{marks[1]}{gap}第{n}号"
    assert normal_number(f"（{written}）") == f"{organ}〔{year}〕{n}号"


@given(st.text())
def test_any_text_has_a_number_or_none(text: str) -> None:
    number = normal_number(text)
    assert number is None or normal_number(number) == number


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("2026-11-24", date(2026, 11, 24)), ("发布时间：2026年11月 4日", date(2026, 11, 4)),
        ("2026 . 11 . 24", date(2026, 11, 24)), ("2026-11-24-10:00:00", date(2026, 11, 24)),
        ("[2026/1/2]", date(2026, 1, 2)), ("20261124", date(2026, 11, 24)), ("2026-13-40", None), ("昨天", None),
        ("二〇二六年十一月二十四日", date(2026, 11, 24)), ("二○二六年十月四日", date(2026, 10, 4)),
        ("2026-11-23T16:00:00.000Z", date(2026, 11, 24)), ("1795449600000", date(2026, 11, 24)),
        ("/Date(1795449600000+0800)/", date(2026, 11, 24)), ("2026112401", None),
        ("２０２６－１１－２４", date(2026, 11, 24)),
        ("20261124103000", date(2026, 11, 24)), ("一百年", None), ("二〇二六年十三月一日", None),
    ],
)  # fmt: skip
def test_dates_as_pages_write_them(text: str, on: date | None) -> None:
    assert read_date(text) == on


_HAN = "〇一二三四五六七八九"


def _han(n: int) -> str:
    tens = "" if n < 10 else "十" if n < 20 else f"{_HAN[n // 10]}十"
    return tens + (_HAN[n % 10] if n % 10 or n < 10 else "")


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.text(" \u00a0", max_size=2))
def test_a_date_is_the_same_in_every_form(on: date, gap: str) -> None:
    year = "".join(_HAN[int(digit)] for digit in str(on.year))
    for written in (
        f"{on:%Y-%m-%d}", f"{on:%Y}{gap}年{gap}{on.month}{gap}月{on.day}日", f"{on.year}/{on.month}/{on.day} 9:30",
        f"{on:%Y}{gap}.{gap}{on:%m}{gap}.{gap}{on:%d}", f"{on:%Y%m%d}", f"{year}年{_han(on.month)}月{_han(on.day)}日",
        f"{on:%Y-%m-%d}-08:00:00", f"{on:%Y-%m-%d}T00:30:00+08:00",
    ):  # fmt: skip
        assert read_date(written) == on, written
    assert date_in_address(f"http://x/{on:%Y%m}/t{on:%Y%m%d}_1.html") == on


@given(st.text(), st.text(max_size=8))
def test_any_text_has_a_date_or_none(text: str, form: str) -> None:
    read_date(text, [form] if form else [])
    date_in_address(text)


def test_a_countys_own_date_format_is_tried_first() -> None:
    assert read_date("24.11.26", ["%d.%m.%y"]) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("url", "on"),
    [
        ("/xxgk/202611/t20261124_451.html", date(2026, 11, 24)), ("/a/2026/11/24/x.html", date(2026, 11, 24)),
        ("/a/2026-11-24/x.html", date(2026, 11, 24)), ("/a/list.html", None), ("/t20269999_1.html", None),
    ],
)  # fmt: skip
def test_the_date_in_an_address(url: str, on: date | None) -> None:
    assert date_in_address(url) == on


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("县级审核通过", AuditState.COUNTY), ("已审核", AuditState.COUNTY), ("县 级 审 核 通 过", AuditState.COUNTY),
        ("乡级审核通过", AuditState.TOWNSHIP), ("待县级审核", AuditState.TOWNSHIP), ("县级审核中", AuditState.TOWNSHIP),
        ("乡级审核中", AuditState.VILLAGE), ("乡镇审核通过", AuditState.TOWNSHIP), ("村级审核通过", AuditState.VILLAGE),
        ("待整改", AuditState.RETURNED), ("县级审核不通过", AuditState.RETURNED), ("退回修改", AuditState.RETURNED),
        ("未审核", AuditState.NONE), ("待审核", AuditState.NONE), ("", AuditState.NONE), ("嗯", AuditState.NONE),
        ("县级未审核", AuditState.TOWNSHIP),
    ],
)  # fmt: skip
def test_audit_states(said: str, state: AuditState) -> None:
    assert read_audit(said) is state


@pytest.mark.parametrize(
    ("headline", "item"),
    [
        ("彭阳县2026年耕地地力保护补贴发放清册", "耕地地力保护补贴"),
        ("彭阳县2026年三季度高龄津贴发放花名册", "高龄津贴"),
        ("2026年草原生态保护补助奖励兑付表", "草原生态保护补助奖励"),
        ("白阳镇2026年度退耕还林补助资金发放明细表", "退耕还林补助"),
        ("彭阳县2026年冬季取暖煤发放花名册", "冬季取暖煤"),
        ("", None),
    ],
)
def test_the_item_of_a_headline(headline: str, item: str | None) -> None:
    assert item_of(headline) == item


def test_titles_say_filing_audit_and_period() -> None:
    titles = read_titles(
        [
            "彭阳县2026年高龄津贴发放表",
            "备案号：彭民补备[2026]3号  审核状态:县级审核通过  期次：2026年三季度",
            "单位:万元",
        ]
    )
    assert (titles.filing, titles.audit, titles.period) == ("彭民补备[2026]3号", "县级审核通过", "2026年三季度")
    assert (titles.item, titles.unit) == ("高龄津贴", "万元")
    assert normal_filing(titles.filing) == "彭民补备〔2026〕3号"


def test_a_columns_own_unit_wins_over_the_titles() -> None:
    assert in_wan("补助金额(万元)", None)
    assert in_wan("补助金额", "万元")
    assert not in_wan("补助金额(元)", "万元")
