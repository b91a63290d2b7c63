"""The page 咨询: masked, within the user's region, and each button does its deed."""

from datetime import timedelta

from notifier.domain.messages import ContactKind
from notifier.domain.replies import InquiryKind
from notifier.store.inquiries import Asked, add_inquiry
from tests.report import ground
from tests.web.front import Front

NUMBER = "19900000007"


async def asked(front: Front, village: str, text: str = "补贴什么时候发") -> int:
    at = ground.NOW
    async with front.ledger.writing() as c:
        inquiry = Asked(
            InquiryKind.QUESTION, "aliyun_sms", (ContactKind.PHONE, NUMBER), None, village, text, at,
            at + timedelta(days=1),
        )  # fmt: skip
        return await add_inquiry(c, front.ledger, inquiry)


async def test_a_user_sees_the_inquiries_of_their_region_masked(front: Front) -> None:
    await asked(front, ground.VILLAGE_1, f"<b>我</b>的号码是{NUMBER}")
    await asked(front, ground.VILLAGE_3, "王洼的问题")
    await front.log_in("cunguan")
    page = await front.page("/inquiries")
    assert "&lt;b&gt;我&lt;/b&gt;" in page
    assert "办结率 <strong>0.0%</strong>" in page
    assert NUMBER not in page
    assert "王洼的问题" not in page
    assert 'href="/inquiries" aria-current="page"' in page
    await front.page(f"/inquiries?region={ground.VILLAGE_3}", 404)
    await front.log_in("lingdao")
    await front.page("/inquiries", 403)
    assert "/inquiries" not in await front.page("/")


async def test_each_button_does_its_deed_and_no_other_region_s(front: Front) -> None:
    mine, other = await asked(front, ground.VILLAGE_1), await asked(front, ground.VILLAGE_3)
    await front.log_in("cunguan")
    for deed, form in (("answer", {"text": "下周"}), ("close", {"remark": "已解释"}), ("reopen", {})):
        assert (await front.post(f"/inquiries/{mine}/{deed}", **form)).status == 303
        assert (await front.post(f"/inquiries/{other}/{deed}", **form)).status == 404
    assert front.deeds.done == [
        ("answer", mine, "cunguan", "下周"),
        ("close", mine, "cunguan", "已解释"),
        ("reopen", mine, "cunguan", ""),
    ]
    assert "请电话或当面告知" not in await front.page("/inquiries")


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
