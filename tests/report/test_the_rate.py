"""通知率: what it divides, how it rounds, and that it says so when the sums do not agree."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from rich.console import Console
from sqlalchemy import text

from notifier.domain.shares import floored
from notifier.report.rate import rate_report
from notifier.report.rates import Figures
from notifier.report.table import report_table
from notifier.report.workbook import write_workbook
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.reporting import unreached_households
from notifier.store.sealing import Vault, load_keys
from tests.report import ground


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await ground.lay_county(opened)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [(0, 0, "—"), (0, 7, "0.0%"), (9996, 10000, "99.9%"), (7, 7, "100.0%"), (2, 3, "66.6%")],
)
def test_a_rate_is_floored_and_nothing_of_nothing_is_a_dash(part: int, whole: int, rate: str) -> None:
    assert floored(part, whole) == rate


@given(st.integers(1, 10**7).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_only_everybody_is_a_hundred_per_cent(of: tuple[int, int]) -> None:
    part, whole = of
    shown = floored(part, whole)
    assert (shown == "100.0%") == (part == whole)
    assert float(shown[:-1]) <= part * 100 / whole + 1e-9


async def test_the_rate_divides_reached_by_owed_without_the_excused(ledger: Ledger) -> None:
    report = await rate_report(ledger, 1)
    total = report.total
    assert (total.owed, total.reached, total.unreached, total.excused, total.pending) == (18, 14, 3, 1, 0)
    assert (total.rate, total.acknowledged_rate) == ("82.3%", "5.8%")
    assert report.problems == []


async def test_a_region_s_report_holds_that_region_only(ledger: Ledger) -> None:
    report = await rate_report(ledger, 1, ground.BAIYANG)
    assert [(place.name, place.figures.owed) for place in report.villages] == [("白阳样例一村", 9), ("白阳样例二村", 4)]
    assert [(place.name, place.figures.owed) for place in report.townships] == [("白阳镇", 13)]
    village = await rate_report(ledger, 1, ground.VILLAGE_3)
    assert (village.total.owed, village.total.rate) == (5, "80.0%")


async def test_all_campaigns_together_and_nothing_at_all(ledger: Ledger) -> None:
    everything = await rate_report(ledger)
    assert (everything.total.owed, everything.total.pending) == (23, 3)
    nothing = await rate_report(ledger, 99)
    assert (nothing.total.owed, nothing.total.rate, nothing.title) == (0, "—", None)


async def test_messages_are_counted_by_medium_and_what_became_of_them(ledger: Ledger) -> None:
    report = await rate_report(ledger, 1)
    sms, wechat = report.media["sms"], report.media["wechat"]
    assert (sms.made, sms.accepted, sms.delivered, sms.failed, sms.silent, sms.unsure) == (18, 15, 14, 2, 1, 1)
    assert (wechat.made, wechat.accepted, wechat.delivered) == (2, 2, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE owed SET state = 'lost_in_space' WHERE id = 1000",
        "DELETE FROM owed WHERE id = 1000",
        "UPDATE tally SET n = n + 1 WHERE subject = 'owed' AND campaign_id = 1 AND state = 'excused'",
    ],
)
async def test_a_sum_that_does_not_agree_is_said_aloud(ledger: Ledger, damage: str) -> None:
    async with ledger.writing() as c:
        await c.execute(text(damage))
        if "lost" in damage:
            await c.execute(text("UPDATE tally SET state = 'lost_in_space' WHERE state = 'reached' AND n = 6"))
    report = await rate_report(ledger, 1)
    assert report.problems
    assert "≠ 应通知" in report.problems[0]
    assert "账目不平" in shown(report_table(report))


def test_a_negative_count_is_a_problem_even_when_the_sum_agrees() -> None:
    figures = Figures(owed=3, reached=4, pending=-1)
    assert figures.problem() is not None


def shown(what: object) -> str:
    out = Console(file=io.StringIO(), width=140, color_system=None)
    out.print(what)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


async def test_the_table_shows_places_reasons_and_messages(ledger: Ledger) -> None:
    page = shown(report_table(await rate_report(ledger, 1), villages=True))
    for words in ("82.3%", "白阳样例二村", "空号", "无号码", "免予通知：去世销户", "短信", "待核对"):
        assert words in page


async def test_json_has_stable_keys_and_names_the_level(ledger: Ledger) -> None:
    content = (await rate_report(ledger, 1)).as_json()
    assert content["rate_level"] == "handset"
    assert content["unreached_by_reason"] == {"dead_number": 2, "no_contact": 1}
    assert content["reached_by_level"] == {"acknowledged": 1, "handset": 13}
    assert content["townships"][0]["rate_handset"] == "83.3%"


async def test_unreached_households_come_masked_with_reason_and_visit(ledger: Ledger) -> None:
    found = await unreached_households(ledger, 1, ground.VILLAGE_1, 10)
    assert [(one.reason, one.visit_state) for one in found] == [("dead_number", "open")] * 2
    assert all("*" in one.householder and one.householder not in ground.NAMES for one in found)
    assert len(await unreached_households(ledger, None, None, 2)) == 2


async def test_the_workbook_holds_the_same_figures_and_no_name_in_clear(ledger: Ledger) -> None:
    content = await write_workbook(ledger, await rate_report(ledger, 1), ground.NOW)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["汇总", "乡镇", "村", "未通知户", "咨询办结"]
    summary = {row[0]: row[1] for row in book.get_sheet_by_name("汇总").to_python()}
    assert (summary["应通知"], summary["通知率"], summary["未通知：空号"]) == (18.0, "82.3%", 2.0)
    listed = book.get_sheet_by_name("未通知户").to_python()
    assert len(listed) == 4
    assert not any(name in str(cell) for row in listed for cell in row for name in ground.NAMES)


async def test_a_title_that_looks_like_a_formula_stays_text(ledger: Ledger) -> None:
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET title = '=1+1' WHERE id = 1"))
    content = await write_workbook(ledger, await rate_report(ledger, 1), ground.NOW)
    summary = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("汇总").to_python()
    assert summary[1][1] == "=1+1"


async def test_payments_that_wait_for_a_person_stand_beside_and_are_not_owed(ledger: Ledger) -> None:
    sealed = b"x"
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO benefit (id, kind, version, source, title, found_at, body, audit, n_lines, n_rejected) "
                "VALUES (1, 'disbursement', 1, 's', 't', 0, '', 'county', 2, 0)"
            )
        )
        await c.execute(
            text(
                "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, state, "
                "match_state, confidence) VALUES (:id, 1, :hash, 's', 1, :sealed, :sealed, 'paid', :state, 0)"
            ),
            [
                {"id": i, "hash": bytes([i]), "sealed": sealed, "state": state}
                for i, state in enumerate(("new", "matched", "ambiguous", "unknown", "refused"))
            ],
        )
    report = await rate_report(ledger, 1)
    assert (report.unmatched, report.total.owed) == (3, 18)
    assert (await rate_report(ledger, 2)).unmatched == 0
    assert (await rate_report(ledger, None, ground.BAIYANG)).unmatched == 0
