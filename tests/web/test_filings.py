"""备案审核 on a page: whose turn it is has the buttons, and nobody else's region."""

from notifier.domain.benefits import AuditState, Disbursement
from notifier.store.audit import latest
from notifier.store.benefits import Origin, add_disbursement
from tests.report import ground
from tests.web.front import Front


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


async def test_another_region_s_project_is_not_there(front: Front) -> None:
    number = await a_project(front, ground.VILLAGE_3, "王洼的项目")
    await front.log_in("cunguan")
    assert "王洼的项目" not in await front.page("/filings")
    assert (await front.post(f"/filings/{number}/file")).status == 404
    await front.page(f"/filings?region={ground.COUNTY}", 404)
    await front.log_in("lingdao")
    await front.page("/filings", 403)
