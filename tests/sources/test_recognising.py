"""Columns recognised by what stands in them, and errors that name both where two could be it."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from notifier.domain.benefits import Disbursement
from notifier.domain.errors import InputError
from notifier.sources.headers import load_aliases
from notifier.sources.payments import PaymentWorkbook, read_payments
from tests.registered import FARMLAND, Cell, a_line, a_workbook, an_id

ALIASES = load_aliases(Path("config/headers.toml"), "payments")
NAMES = ("王样一", "马样二", "李样三")


def lines(*, columns: Sequence[int] = range(len(FARMLAND))) -> list[list[Cell]]:
    whole = [a_line(name, an_id(n), area=10 + n, card=f"62170000000000{n:04}1") for n, name in enumerate(NAMES, 1)]
    return [[float(n), *line[1:]] for n, line in enumerate(([line[at] for at in columns] for line in whole), 1)]


def read(content: bytes) -> tuple[Disbursement, PaymentWorkbook]:
    workbook = read_payments(content, "2026年耕地补贴.xlsx", ALIASES)
    (batch,) = workbook.batches
    return batch, workbook


def test_a_table_without_a_header_is_read_by_its_cells() -> None:
    batch, workbook = read(a_workbook(lines(), header=(), titles=["彭阳县2026年耕地地力保护补贴发放清册"]))
    assert [line.beneficiary for line in batch.lines] == list(NAMES)
    assert [line.id_number for line in batch.lines] == [an_id(1), an_id(2), an_id(3)]
    assert [line.amount_fen for line in batch.lines] == [round((10 + n) * 9860) for n in (1, 2, 3)]
    assert {line.village for line in batch.lines} == {"白阳样例一村"}
    first = batch.lines[0]
    assert (first.area_mu, first.standard_fen, first.account_tail) == (Decimal(11), 9860, "0011")
    assert any("第4列" in note and "姓名" in note and "100%" in note for note in workbook.notes)


def test_odd_headers_are_read_by_what_stands_below() -> None:
    header = [{"姓名": "补贴户", "身份证号": "居民证", "补贴金额(元)": "实到"}.get(word, word) for word in FARMLAND]
    batch, workbook = read(a_workbook(lines(), header=header))
    assert [line.id_number for line in batch.lines] == [an_id(1), an_id(2), an_id(3)]
    assert len(workbook.notes) == 3
    assert not batch.rejected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({3: "补贴户", 2: "联系人"}, "第3列「联系人」、第4列「补贴户」都像姓名"),
        ({8: "实到", 6: "数一", 7: "数二"}, None),
        ({8: "实到", 7: "批次数"}, "第8列「批次数」、第9列「实到」都像金额"),
    ],
)
def test_two_columns_that_could_be_it_are_named(change: dict[int, str], said: str | None) -> None:
    header = [change.get(at, word) for at, word in enumerate(FARMLAND)]
    rows = lines()
    for n, row in enumerate(rows):
        row[2] = ("张样甲", "赵样乙", "周样丙")[n]
    if said is None:  # area × standard = amount tells the three numbers apart
        assert len(read(a_workbook(rows, header=header))[0].lines) == 3
        return
    with pytest.raises(InputError, match=said):
        read(a_workbook(rows, header=header))


def test_a_sheet_without_a_table_stays_one() -> None:
    with pytest.raises(InputError, match="没有找到表头"):
        read(a_workbook([["填表说明"], ["一、请如实填写", "二、加盖公章", "三、留存备查"]], header=(), titles=()))
