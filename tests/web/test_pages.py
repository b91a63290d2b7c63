"""What the pages say, and that a deed does what its button promises."""

import json
import re
from html import unescape
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from notifier.store.audit import latest
from notifier.web.evidence import marked, triggers
from tests.report import ground
from tests.web.front import Front


@pytest.fixture
async def admin(front: Front) -> Front:
    await front.log_in("guanli")
    return front


async def test_the_overview_adds_up_and_polls_only_while_something_runs(admin: Front) -> None:
    page = await admin.page("/")
    assert "82.3%" in page
    assert 'hx-get="/part"' in page
    async with admin.ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'finished' WHERE id = 2"))
    assert "hx-get" not in await admin.page("/part")


async def test_an_empty_console_says_what_to_do_next(admin: Front) -> None:
    async with admin.ledger.writing() as c:
        for table in ("campaign", "owed", "tally", "visit"):
            await c.execute(text(f"DELETE FROM {table}"))
    assert "还没有通知任务" in await admin.page("/")
    assert "没有等待审核的政策" in await admin.page("/reviews")
    assert "没有待核对的明细" in await admin.page("/matching")
    assert "没有等待入户的农户" in await admin.page("/visits")


async def test_the_report_page_carries_the_chart_s_numbers(admin: Front) -> None:
    page = await admin.page("/campaigns/1")
    found = re.search(r'data-chart="([^"]*)"', page)
    assert found is not None
    chart = json.loads(unescape(found[1]))
    assert chart["places"] == ["白阳镇", "王洼镇"]
    assert sum(sum(band["values"]) for band in chart["bands"]) == 18
    assert chart["reasons"] == [{"name": "空号", "value": 2}, {"name": "无号码", "value": 1}]


async def test_a_sum_that_does_not_agree_stands_on_the_page(admin: Front) -> None:
    assert "账目不平" not in await admin.page("/campaigns/1")
    async with admin.ledger.writing() as c:
        await c.execute(text("DELETE FROM owed WHERE id = 1000"))
    assert "账目不平" in await admin.page("/campaigns/1")


async def test_the_drill_down_shows_masked_households_with_reasons(admin: Front) -> None:
    page = await admin.page(f"/campaigns/1/unreached?region={ground.VILLAGE_1}")
    assert page.count("空号") == 2
    assert "无号码" not in page


async def test_the_workbook_downloads(admin: Front) -> None:
    answer = await admin.client.get("/campaigns/1/report.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(await answer.read()))
    assert "未通知户" in book.sheet_names
    assert "attachment" in answer.headers["Content-Disposition"]


async def test_the_api_gives_the_report_and_the_campaigns(admin: Front) -> None:
    report = await (await admin.client.get("/api/report", params={"campaign": "1"})).json()
    assert (report["owed"], report["rate_handset"]) == (18, "82.3%")
    listed = await (await admin.client.get("/api/campaigns")).json()
    assert [one["campaign_id"] for one in listed["campaigns"]] == [3, 2, 1]
    assert (await admin.client.get("/api/report", params={"campaign": "x"})).status == 400


@pytest.mark.parametrize("deed", ["launch", "pause", "resume", "cancel"])
async def test_a_button_does_its_deed_once(admin: Front, deed: str) -> None:
    answer = await admin.post(f"/campaigns/2/{deed}")
    assert answer.headers["Location"] == "/campaigns/2"
    assert admin.deeds.done == [(deed, 2, "guanli")]


async def test_a_refused_deed_is_said_once(admin: Front) -> None:
    admin.deeds.refusal = "通知任务 2 刚被别人操作过"
    await admin.post("/campaigns/2/pause")
    assert "刚被别人操作过" in await admin.page("/campaigns/2")
    assert "刚被别人操作过" not in await admin.page("/campaigns/2")
    assert admin.deeds.done == []


async def test_a_review_shows_why_and_whom_and_records_the_verdict(admin: Front) -> None:
    page = await admin.page("/reviews")
    assert "<mark>养羊</mark>" in page
    assert 'hx-get="/reviews/3/audience"' in page
    assert "1,234" in await admin.page("/reviews/3/audience")
    assert "羊只数 &gt;= 10" in page
    await admin.post("/campaigns/3/review", verdict="return", remark="")
    assert admin.deeds.done == []
    await admin.post("/campaigns/3/review", verdict="return", remark="名单太宽")
    seen = re.search(r'name="mark" value="([0-9a-f]{64})"', page)
    assert seen is not None
    await admin.post("/campaigns/3/review", verdict="approve", mark="0" * 64)
    assert "被修改过，没有通过" in await admin.page("/reviews")
    assert len(admin.deeds.done) == 1
    await admin.post("/campaigns/3/review", verdict="approve", mark=seen[1])
    assert admin.deeds.done == [
        ("review", 3, "guanli", False, "名单太宽"),
        ("review", 3, "guanli", True, None),
    ]
    assert (await admin.post("/campaigns/3/review", verdict="maybe")).status == 400


async def test_a_visit_is_signed_off_or_excused_by_two(admin: Front) -> None:
    await admin.post("/visits/1007/sign", how="当面告知", remark=" 在家 ")
    await admin.post("/visits/1007/excuse", reason="moved")
    await admin.post("/visits/1007/confirm")
    assert [done[0] for done in admin.deeds.done] == ["sign", "excuse", "confirm"]
    assert admin.deeds.done[0] == ("sign", 1007, "guanli", "当面告知", "在家")
    assert (await admin.post("/visits/1007/sign", how="托梦")).status == 400
    assert (await admin.post("/visits/1007/excuse", reason="silent")).status == 400
    assert (await admin.post("/visits/424242/sign", how="当面告知")).status == 404


async def test_the_one_who_asked_for_an_excuse_is_offered_no_confirmation(admin: Front) -> None:
    async with admin.ledger.writing() as c:
        asked = "UPDATE visit SET state = 'excuse_asked', by_user = :who, excuse = 'deceased' WHERE id = 1007"
        await c.execute(text(asked), {"who": "guanli"})
    assert "/visits/1007/confirm" not in await admin.page("/visits")
    await admin.log_in("shenhe")
    page = await admin.page("/visits")
    assert "/visits/1007/confirm" in page
    assert "申请免予通知：去世销户" in page


async def lay_unmatched(front: Front) -> None:
    vault = front.ledger.vault
    async with front.ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO benefit (id, kind, version, source, title, found_at, body, audit, n_lines, n_rejected) "
                "VALUES (9, 'disbursement', 1, 's', '高龄津贴', 0, '', 'county', 1, 0)"
            )
        )
        await c.execute(
            text(
                "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, state, "
                "match_state, match_why, confidence, amount_fen, village) VALUES (5, 9, :hash, '白阳镇', 12, :name, "
                ":hash, 'paid', 'ambiguous', '有两人同名', 0, 123450, '样例村')"
            ),
            {"hash": b"h", "name": vault.seal_text("payment.beneficiary_sealed", 5, ground.NAMES[0])},
        )
        await c.execute(text("UPDATE person SET name_hash = :hash WHERE id IN (1000, 1004)"), {"hash": b"h"})


async def test_an_unmatched_payment_is_settled_by_a_person_on_masked_candidates(admin: Front) -> None:
    await lay_unmatched(admin)
    page = await admin.page("/matching")
    assert "1234.50 元" in page
    assert 'value="1004"' in page
    assert ground.NAMES[0] not in page
    assert (await admin.post("/matching/5/resolve")).status == 400
    await admin.post("/matching/5/resolve", person="1004")
    async with admin.ledger.reading() as c:
        row = (await c.execute(text("SELECT match_state, household_id FROM payment"))).one()
    assert tuple(row) == ("matched", 1004)
    assert (await latest(admin.ledger, 1))[0].what == "payment.resolve"
    await admin.post("/matching/5/refuse", reason="重复")
    assert "不在待核对队列中" in await admin.page("/matching")


def test_trigger_words_are_marked_where_they_stand_whatever_they_hold() -> None:
    told = [{"phrase": "养羊", "where": "标题"}, {"phrase": "补贴(试行)"}, {"phrase": "养羊"}, {"where": "正文"}, 7]
    words = triggers(json.dumps(told))
    assert words == ["补贴(试行)", "养羊"]
    assert marked("养羊补贴(试行)办法", words) == [("养羊", True), ("补贴(试行)", True), ("办法", False)]
    assert triggers("not json") == triggers("{}") == []
    assert marked("原文", []) == [("原文", False)]
