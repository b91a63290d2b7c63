"""The pages 咨询: masked, within the user's region, and what is done on them is done once."""

import re
from datetime import timedelta

from sqlalchemy import text

from notifier.domain.messages import ContactKind
from notifier.domain.replies import InquiryKind
from notifier.store import audit
from notifier.store.inquiries import Asked, add_inquiry
from notifier.store.registry_contacts import INSERT_CONTACT, contact_values
from tests.report import ground
from tests.web.front import Front

NUMBER = "19900000007"


async def asked(front: Front, village: str, text: str = "补贴什么时候发", *, late: bool = False) -> int:
    at = ground.NOW
    async with front.ledger.writing() as c:
        inquiry = Asked(
            InquiryKind.QUESTION, "aliyun_sms", (ContactKind.PHONE, NUMBER), None, village, text, at,
            at + timedelta(days=-1 if late else 1),
        )  # fmt: skip
        return await add_inquiry(c, front.ledger, inquiry)


async def test_a_user_sees_the_inquiries_of_their_region_masked(front: Front) -> None:
    await asked(front, ground.VILLAGE_1, f"<b>我</b>的号码是{NUMBER}")
    await asked(front, ground.VILLAGE_3, "王洼的问题")
    await front.log_in("cunguan")
    page = await front.page("/inquiries")
    assert "&lt;b&gt;我&lt;/b&gt;" in page
    assert "<dd>0.0%</dd>" in page
    assert NUMBER not in page
    assert "王洼的问题" not in page
    assert 'href="/inquiries" aria-current="page"' in page
    await front.page(f"/inquiries?region={ground.VILLAGE_3}", 404)
    await front.log_in("lingdao")
    await front.page("/inquiries", 403)
    assert "/inquiries" not in await front.page("/")


async def test_no_other_region_s_inquiry_is_there(front_at_work: Front) -> None:
    front = front_at_work
    other = await asked(front, ground.VILLAGE_3)
    await front.log_in("cunguan")
    await front.page(f"/inquiries/{other}", 404)
    for deed in ("answer", "close", "reopen", "assign", "number"):
        assert (await front.post(f"/inquiries/{other}/{deed}", text="x", region=ground.VILLAGE_1)).status == 404
    said = {"kind": "咨询", "how": "电话", "text": "x"}
    assert (await front.post("/inquiries/new", **said, region=ground.VILLAGE_3)).status == 404


async def test_an_inquiry_is_answered_once_settled_opened_again_and_handed_up(front_at_work: Front) -> None:
    front = front_at_work
    mine = await asked(front, ground.VILLAGE_1)
    await front.log_in("cunguan")
    for _ in range(2):
        await front.post(f"/inquiries/{mine}/answer", text="下周到账", once="the-same-form")
        page = await front.page(f"/inquiries/{mine}")
        assert page.count("下周到账") == 1
    assert "已经提交过了" in page
    await front.post(f"/inquiries/{mine}/close", remark="已解释")
    assert "已办结" in await front.page(f"/inquiries/{mine}")
    assert "<dd>100.0%</dd>" in await front.page("/inquiries?settled=1")
    await front.post(f"/inquiries/{mine}/reopen", remark="又来电")
    assert (await front.post(f"/inquiries/{mine}/assign", region=ground.VILLAGE_3)).status == 404
    answer = await front.post(f"/inquiries/{mine}/assign", region=ground.BAIYANG)
    assert answer.headers["Location"] == "/inquiries"
    await front.page(f"/inquiries/{mine}", 404)
    await front.log_in("baiyang")
    assert "给 白阳镇" in await front.page(f"/inquiries/{mine}")


async def test_an_officer_may_call_back_and_it_is_on_the_audit_trail(front_at_work: Front) -> None:
    front = front_at_work
    mine = await asked(front, ground.VILLAGE_1)
    await front.log_in("cunguan")
    assert NUMBER not in await front.page(f"/inquiries/{mine}")
    answer = await front.post(f"/inquiries/{mine}/number")
    assert f"tel:{NUMBER}" in await answer.text()
    newest = (await audit.latest(front.ledger, 1))[0]
    assert (newest.who, newest.what) == ("cunguan", "inquiry.number")
    await front.post(f"/inquiries/{mine}/close", remark="已电话解释")
    assert (await front.post(f"/inquiries/{mine}/number")).status == 403


async def test_a_call_is_entered_once_and_its_number_finds_the_household(front_at_work: Front) -> None:
    front = front_at_work
    async with front.ledger.writing() as c:
        await c.execute(text(INSERT_CONTACT), contact_values(front.ledger, (1, 1000, 1000), "phone", NUMBER, 1))
    await front.log_in("baiyang")
    found = re.search(r'name="once" value="([^"]+)"', await front.page("/inquiries/new"))
    assert found is not None
    said = {"kind": "投诉", "how": "电话", "text": "克扣补贴", "phone": NUMBER, "once": found[1]}
    first = await front.post("/inquiries/new", **said)
    page = await front.page(first.headers["Location"])
    assert "白阳样例一村" in page
    assert "199****0007" in page
    assert (await front.post("/inquiries/new", **said)).headers["Location"] == "/inquiries"
    assert (await front.page("/inquiries")).count('class="inquiry"') == 1
    await front.post("/inquiries/new", **{**said, "phone": "123", "once": ""})
    assert "手机号" in await front.page("/inquiries/new")


async def test_lists_are_sifted_and_rates_told_by_region(front: Front) -> None:
    await asked(front, ground.VILLAGE_1, "超期的问题", late=True)
    await asked(front, ground.VILLAGE_3, "不超期的问题")
    await front.log_in("guanli")
    page = await front.page("/inquiries?late=1")
    assert "超期的问题" in page
    assert "不超期的问题" not in page
    assert "没有待办的咨询" in await front.page("/inquiries?kind=%E6%8A%95%E8%AF%89")
    assert f'href="/inquiries?region={ground.WANGWA}">王洼镇</a>' in page


async def test_what_the_desk_objects_to_is_said(front: Front) -> None:
    mine = await asked(front, ground.VILLAGE_1)
    await front.log_in("cunguan")
    front.deeds.refusal = "现在是“已办结”"
    await front.post(f"/inquiries/{mine}/answer", text="x")
    assert "现在是“已办结”" in await front.page("/inquiries")


async def test_nothing_waits_says_so(front: Front) -> None:
    await front.log_in("cunguan")
    assert "没有待办的咨询" in await front.page("/inquiries")
    assert "还没有办结的咨询" in await front.page("/inquiries?settled=1")
