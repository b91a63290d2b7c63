"""A payment workbook as batches; a bad row loses nobody else."""

import contextlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifier.domain.benefits import AuditState, Disbursement, PaymentState
from notifier.domain.errors import InputError
from notifier.sources.headers import load_aliases
from notifier.sources.payments import PaymentWorkbook, identities_of, read_payments
from tests.registered import FARMLAND, TITLE, Cell, a_line, a_workbook, an_id

ALIASES = load_aliases(Path("config/headers.toml"), "payments")


def read(content: bytes, name: str = "清册.xlsx") -> PaymentWorkbook:
    return read_payments(content, name, ALIASES)


def only(workbook: PaymentWorkbook) -> Disbursement:
    (batch,) = workbook.batches
    return batch


def why_rejected(*lines: Sequence[Cell]) -> list[str]:
    batch = only(read(a_workbook([*lines, a_line("好行", an_id(99))])))
    assert batch.lines[-1].beneficiary == "好行"
    return [one.why for one in batch.rejected]


def test_a_line_is_read_whole() -> None:
    batch = only(
        read(a_workbook([a_line("样 例·甲", an_id(1), area=12.5, card="6217000000000001234", group="第一村民小组")]))
    )
    assert (batch.title, batch.item, batch.period) == ("2026年耕地地力保护补贴", "耕地地力保护补贴", "2026年")
    assert (batch.filing_number, batch.audit) == ("彭农补备〔2026〕12号", AuditState.COUNTY)
    (line,) = batch.lines
    assert (line.id_number, line.account_tail, line.village, line.group) == (an_id(1), "1234", "白阳样例一村", "1组")
    assert (line.area_mu, line.standard_fen, line.amount_fen) == (Decimal("12.5"), 9860, 123250)
    assert (line.state, line.sheet, line.row) == (PaymentState.PAID, "清单", 4)


@pytest.mark.parametrize("off", [-0.01, 0, 0.01])
def test_a_product_may_be_a_fen_off(off: float) -> None:
    assert why_rejected(a_line("甲", an_id(1), area=33.66, amount=round(3318.88 + off, 2))) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (a_line("甲", an_id(1), amount=986.05), "面积×标准"),
        (a_line("甲", an_id(1), amount="待核"), "金额不是数字"),
        (a_line("甲", an_id(1), amount=None), "缺少金额"),
        (a_line("甲", an_id(1), amount=-986), "零或负数"),
        (a_line("甲", an_id(1), amount="1e400"), "金额"),
        (a_line("", an_id(1)), "缺少姓名"),
        (a_line("甲", 6.40425197001010e17), "身份证号"),
        (a_line("甲", an_id(1)[:-1]), "身份证号"),
        (a_line("甲", card=6.217e18), "账号"),
    ],
)
def test_a_bad_line_comes_back_with_its_reason_and_its_neighbour_stays(line: list[Cell], said: str) -> None:
    (why,) = why_rejected(line)
    assert said in why


def test_a_spoiled_account_loses_no_line_that_has_an_id() -> None:
    batch = only(read(a_workbook([a_line("甲", an_id(1), card=6.217e18)])))
    assert batch.lines[0].account_tail is None


def test_a_masked_id_is_no_id_and_a_masked_account_has_a_tail() -> None:
    (line,) = only(read(a_workbook([a_line("甲", "640425********0017", card="****1234")]))).lines
    assert (line.id_number, line.account_tail) == (None, "1234")


def test_the_second_of_two_equal_lines_is_rejected_and_two_plots_are_not() -> None:
    twice = a_line("甲", an_id(1))
    (why,) = why_rejected(twice, a_line("甲", an_id(1), area=4), twice)
    assert "第4行重复" in why


def test_several_items_in_one_file_are_a_batch_each() -> None:
    workbook = read(
        a_workbook([a_line("甲", an_id(1)), a_line("乙", an_id(2), item="种粮补贴"), a_line("丙", an_id(3))])
    )
    assert [(batch.item, len(batch.lines)) for batch in workbook.batches] == [("耕地地力保护补贴", 2), ("种粮补贴", 1)]


def test_goods_have_a_quantity_and_where_to_fetch_them() -> None:
    header = ("行政村", "姓名", "身份证号", "物资名称", "数量", "单位", "领取地点", "领取时间", "备案号", "审核状态")
    filing = "彭民补备（2026）40号"
    rows: list[list[Cell]] = [
        ["一村", "甲", an_id(1), "取暖煤", 1.5, "吨", "村 部", "2026-11-28 09:00-16:00", filing, "已审核"],
        ["一村", "乙", an_id(2), "取暖煤", None, "吨", "村部", "2026-11-28", filing, "已审核"],
    ]
    batch = only(read(a_workbook(rows, titles=["彭阳县2026年冬季取暖煤发放花名册"], header=header)))
    (line,) = batch.lines
    assert (line.state, line.amount_fen, line.quantity, line.unit) == (PaymentState.GOODS, None, Decimal("1.5"), "吨")
    assert line.pick_up == "2026-11-28 09:00-16:00，村部"
    assert (batch.filing_number, batch.period, "数量" in batch.rejected[0].why) == (
        "彭民补备〔2026〕40号",
        "2026年",
        True,
    )


def test_a_returned_payment_keeps_the_banks_reason() -> None:
    header = ("行政村", "姓名", "身份证号", "账户姓名", "银行账号", "补贴项目", "金额(元)", "发放状态", "退票原因")
    row: list[Cell] = ["一村", "甲", an_id(1), "乙", "6217000000001234", "高龄津贴", 300, "发放失败", "账户已销户"]
    batch = only(read(a_workbook([row], header=header)))
    assert (batch.lines[0].state, batch.lines[0].returned_why) == (PaymentState.RETURNED, "账户已销户")
    assert (batch.lines[0].holder, batch.title) == ("乙", "2026年高龄津贴退票")


def test_ten_thousand_yuan_columns_are_read_exactly() -> None:
    header = ("行政村", "姓名", "身份证号", "草原面积", "标准(元/亩)", "补助金额(万元)")
    batch = only(read(a_workbook([["一村", "甲", an_id(1), 9.88, 7.5, 0.00741]], header=header)))
    assert batch.lines[0].amount_fen == 7410


def test_months_times_a_monthly_standard_are_not_called_wrong() -> None:
    header = ("行政村", "户主姓名", "身份证号码", "保障人数", "月标准(元)", "金额（元）")
    assert len(only(read(a_workbook([["一村", "甲", an_id(1), 2, 420, 2520]], header=header))).lines) == 1


def test_a_list_without_audit_tells_nobody() -> None:
    assert (
        only(read(a_workbook([a_line("甲", an_id(1))], titles=["彭阳县2026年高龄津贴发放表"]))).audit is AuditState.NONE
    )


def test_gb18030_text_is_read_like_a_workbook() -> None:
    rows = [FARMLAND, a_line("马·木沙", an_id(1), card="6217000000001234")]
    content = "\r\n".join([TITLE, *(",".join(str(cell or "") for cell in row) for row in rows)]).encode("gb18030")
    assert only(read(content, "清册.csv")).lines[0].beneficiary == "马·木沙"


def test_a_batch_is_known_by_its_filing_whatever_its_file() -> None:
    batch = only(read(a_workbook([a_line("甲", an_id(1))])))
    one, two = identities_of(batch, "aa"), identities_of(batch, "bb")
    assert one[0] != two[0]
    assert one[1] == two[1]


@settings(max_examples=25)
@given(st.binary(max_size=400))
@example(b"PK\x03\x04")
@example(a_workbook([a_line("甲", an_id(1))])[:-200])
@example("姓名,金额\n甲,1\n".encode())
def test_random_bytes_raise_nothing_but_an_input_error(content: bytes) -> None:
    for name in ("x.csv", "x.xlsx"):
        with contextlib.suppress(InputError):
            workbook = read(content, name)
            assert workbook.n_rows == sum(len(one.lines) + len(one.rejected) for one in workbook.batches)


_cells = st.one_of(
    st.none(), st.floats(), st.text(max_size=12), st.sampled_from(["待核", "1,234.5", "12亩", "¥3", "-", "无"])
)


@settings(max_examples=60)
@given(st.lists(st.lists(_cells, min_size=10, max_size=10), min_size=1, max_size=5))
def test_every_row_is_a_line_or_a_rejected_one(rows: list[list[Cell]]) -> None:
    text = "\n".join(",".join(f'"{str(cell or "").replace(chr(34), "")}"' for cell in row) for row in [FARMLAND, *rows])
    try:
        workbook = read(text.encode("utf-8", "replace"), "x.csv")
    except InputError:
        return
    for batch in workbook.batches:
        assert all(line.amount_fen is None or line.amount_fen > 0 for line in batch.lines)
        assert all(one.why for one in batch.rejected)
