"""备案审核 on a page: whose turn it is has the buttons, and nobody else's region."""

from sqlalchemy import text

from notifier.domain.benefits import AuditState, Disbursement, PaymentLine, PaymentState
from notifier.store.audit import latest
from notifier.store.benefits import Origin, add_disbursement, add_lines
from tests.report import ground
from tests.web.front import Front

PAID = PaymentState.PAID


async def a_project(front: Front, region_code: str, title: str) -> int:
    batch = Disbursement(title, title, "2026年", None, AuditState.NONE, None, (), ())
    async with front.ledger.writing() as c:
        return await add_disbursement(c, batch, Origin("import", region_code, 1, ground.NOW))


async def test_a_project_goes_up_by_buttons_and_comes_back_with_a_remark(front: Front) -> None:
    number = await a_project(front, ground.VILLAGE_1, "<i>样例</i>项目")
    await front.log_in("cunguan")
    page = await front.page("/filings")
    assert "&lt;i&gt;样例&lt;/i&gt;项目" in page
    assert "村级备案" in page
    assert (await front.post(f"/filings/{number}/file")).status == 303
    assert "已备案到村级" in await front.page("/filings")
    await front.post(f"/filings/{number}/audit")
    assert "请由另一人审核" in await front.page("/filings")
    await front.log_in("shenhe")
    await front.post(f"/filings/{number}/audit")
    await front.post(f"/filings/{number}/return", remark="面积与确权不符")
    page = await front.page("/filings?audit=returned")
    assert "待整改" in page
    assert "面积与确权不符" in page
    assert (await latest(front.ledger, 1))[0].what == "filing.return"


async def test_lines_that_another_batch_has_too_are_settled_by_a_button(front: Front) -> None:
    number = await a_project(front, ground.VILLAGE_1, "样例项目")
    line = PaymentLine(
        "s", 1, "样例", None, None, None, "白阳样例一村", None, "样例项目", None, None, 100, "2026年", PAID
    )
    async with front.ledger.writing() as c:
        await add_lines(front.ledger, c, number, [line])
        await c.execute(text("UPDATE payment SET match_state = 'repeated' WHERE benefit_id = :id"), {"id": number})
    await front.log_in("cunguan")
    assert "与其他批次重复 1 笔" in await front.page("/filings")
    await front.post(f"/filings/{number}/drop")
    page = await front.page("/filings")
    assert "不再通知" in page
    assert "与其他批次重复" not in page
    await front.post(f"/filings/{number}/tell")
    assert "可能已由他人处理" in await front.page("/filings")


async def test_another_region_s_project_is_not_there(front: Front) -> None:
    number = await a_project(front, ground.VILLAGE_3, "王洼的项目")
    await front.log_in("cunguan")
    assert "王洼的项目" not in await front.page("/filings")
    assert (await front.post(f"/filings/{number}/file")).status == 404
    await front.page(f"/filings?region={ground.COUNTY}", 404)
    await front.log_in("lingdao")
    await front.page("/filings", 403)
