"""A clerk writes a campaign in a browser's requests; people watch one run."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO

import pytest
from aiohttp import ClientResponse, FormData
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from notifier.domain.contracts import Paper
from notifier.domain.messages import Medium
from notifier.store.accounts import Account, add_account
from notifier.store.audit import latest
from notifier.store.factors import Factor, FactorKind, put_factor
from notifier.store.looking_on import look_at
from notifier.store.tables.columns import stamp
from notifier.web.desk import DESK
from notifier.web.watchers import WATCHERS, Watchers
from tests.report import ground
from tests.web.front import Front, ScriptedGateway, csrf_in

TEXT = "{姓名}您好，冬天烧煤请开窗通风。咨询电话{咨询电话}。"
ROWS = {"r0-depth": "0", "r0-what": "all", "r1-depth": "1", "r1-what": "within", "r1-value": "白阳样例一村"}


@pytest.fixture
async def clerk(front: Front) -> Front:
    await add_account(front.ledger, Account("zhenshen", "-", "reviewer", ground.BAIYANG), ground.NOW)
    await front.log_in("baiyang")
    return front


async def begun(front: Front) -> str:
    answer = await front.post("/drafts", title="冬季用煤安全提醒")
    return str(answer.headers["Location"]).removesuffix("/words")


async def shown(answer: ClientResponse) -> str:
    assert answer.status == 200
    return await answer.text()


async def test_a_clerk_writes_chooses_times_checks_and_submits(clerk: Front) -> None:
    draft = await begun(clerk)
    trying = {"kind": "free", "title": "用煤安全", "text": TEXT, "ladder": "短信必达"}
    page = await shown(await clerk.post(f"{draft}/words", op="try", **trying))
    assert "【彭阳惠农】样例甲您好，冬天烧煤请开窗通风。咨询电话0954-7010000。" in page
    assert "审核过的模板，不收自由文本" in page
    assert "冬季用煤安全提醒" in await clerk.page("/drafts")  # what was tried is not kept
    assert (await clerk.post(f"{draft}/words", op="save", **trying)).headers["Location"] == f"{draft}/audience"

    page = await shown(await clerk.post(f"{draft}/audience", op="add:0:n_sheep", **ROWS))
    assert "有条件还没填完" in page
    assert 'name="r2-what"' in page
    page = await shown(await clerk.post(f"{draft}/audience", op="text", text='居住在 "白阳样例一村" 且 养龙 > 1'))
    assert 'class="told bad fault"' in page
    assert "^^" in page
    page = await shown(await clerk.post(f"{draft}/audience", op="try", **ROWS))
    assert "14 户" in page
    assert "（本户：白阳样例一村）" in page
    assert not any(name in page for name in ground.NAMES)
    assert "王洼" not in page
    assert (await clerk.post(f"{draft}/audience", op="save", **ROWS)).headers["Location"] == f"{draft}/moment"

    page = await shown(await clerk.post(f"{draft}/moment", when="at", at="2026-01-01T09:00", op="save"))
    assert "已经过去" in page
    answer = await clerk.post(f"{draft}/moment", when="at", at="2026-12-01T09:00", op="save")
    assert answer.headers["Location"] == f"{draft}/check"
    page = await clerk.page(f"{draft}/check")
    assert "12月01日 09:00" in page
    assert "乡级（白阳镇）：zhenshen" in page
    assert "0.63 元" in page  # 14 households, one segment each, 4.5 分
    answer = await clerk.post(f"{draft}/submit")
    assert str(answer.headers["Location"]).startswith("/campaigns/")
    assert "等待乡级审核（0/2）" in await clerk.page(answer.headers["Location"])
    assert (await clerk.client.get(f"{draft}/words", allow_redirects=False)).status == 303


async def test_a_draft_is_reviewed_by_whoever_s_turn_it_is_and_comes_back_with_the_remark(clerk: Front) -> None:
    draft = await begun(clerk)
    await clerk.post(f"{draft}/words", kind="free", title="用煤安全", text=TEXT, ladder="短信必达", op="save")
    await clerk.post(f"{draft}/audience", op="save", **ROWS)
    await clerk.post(f"{draft}/submit")
    await clerk.log_in("shenhe")
    assert "用煤安全" not in await clerk.page("/reviews")  # the county's turn comes after the township's
    async with clerk.ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET review_levels = 'county' WHERE title = '用煤安全'"))
    page = await clerk.page("/reviews")
    assert "县级审核" in page
    assert "样例甲您好" in page
    async with clerk.ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'returned' WHERE title = '用煤安全'"))
        await c.execute(
            text(
                "INSERT INTO review (id, campaign_id, reviewer, verdict, remark, at) "
                "SELECT 1, id, 'shenhe', 'return', '请写明停用日期', 1 FROM campaign WHERE title = '用煤安全'"
            )
        )
    await clerk.log_in("baiyang")
    assert "请写明停用日期" in await clerk.page(f"{draft}/words")


class PapersGateway(ScriptedGateway):
    """An account whose provider tells the state of its templates."""

    async def papers(self, templates: Mapping[str, str]) -> Sequence[Paper]:
        return [Paper(f"模板 {template}", False, "审核中") for template in templates]


async def test_the_provider_s_word_on_a_template_is_shown_while_the_draft_is_checked(clerk: Front) -> None:
    clerk.client.app[DESK].channels["aliyun_sms"] = PapersGateway("aliyun_sms", Medium.SMS)  # type: ignore[index]
    draft = await begun(clerk)
    told = await clerk.page(f"{draft}/papers")
    assert "阿里云短信 模板 SMS_640425002：审核中" in told
    assert f'hx-get="{draft}/papers"' in await clerk.page(f"{draft}/check")
    await clerk.post(f"{draft}/words", kind="free", title="用煤安全", text=TEXT, ladder="短信必达", op="save")
    assert "模板" not in await clerk.page(f"{draft}/papers")


async def test_another_township_s_draft_is_nowhere_to_be_found(clerk: Front) -> None:
    draft = await begun(clerk)
    async with clerk.ledger.writing() as c:
        await c.execute(
            text("UPDATE campaign SET region_code = :there WHERE title = '冬季用煤安全提醒'"), {"there": ground.WANGWA}
        )
    for step in ("words", "audience", "moment", "check"):
        await clerk.page(f"{draft}/{step}", 404)
    for deed in ("words", "audience", "moment", "try", "submit", "discard"):
        assert (await clerk.post(f"{draft}/{deed}")).status == 404
    await clerk.page("/drafts/1/words", 404)
    await clerk.log_in("lingdao")
    assert (await clerk.post("/drafts", title="x")).status == 403


async def test_a_trial_needs_a_verified_phone_of_one_s_own(clerk: Front) -> None:
    draft = await begun(clerk)
    await clerk.post(f"{draft}/words", kind="free", title="用煤安全", text=TEXT, ladder="短信必达", op="save")
    await clerk.post(f"{draft}/try")
    assert "没有验证过的手机号" in await clerk.page(f"{draft}/check")
    phone = Factor(FactorKind.PHONE, "19900001234", ground.NOW)
    await put_factor(clerk.ledger, "baiyang", replace(phone, verified_at=None))
    await clerk.post(f"{draft}/try")
    assert clerk.texts.sent == []
    await put_factor(clerk.ledger, "baiyang", phone)
    await clerk.post(f"{draft}/try")
    page = await clerk.page(f"{draft}/check")
    assert "已试发到您的手机号" in page
    assert "199****1234" in page
    assert [one.address for one in clerk.texts.sent] == ["19900001234"]
    assert (await latest(clerk.ledger, 1))[0].what == "draft.try"


async def test_a_trial_by_wechat_goes_to_one_s_own_openid_where_wechat_says_it(clerk: Front) -> None:
    draft = await begun(clerk)
    trying = {"title": "秸秆还田补贴", "summary": "每亩三十元，到村委会登记", "ladder": "微信优先", "op": "save"}
    await clerk.post(f"{draft}/words", kind="policy", **trying)
    await clerk.post(f"{draft}/audience", op="save", **ROWS)
    assert "试发到我的微信" not in await clerk.page(f"{draft}/check")
    await clerk.post(f"{draft}/try", by="wechat")
    assert "没有验证过的微信" in await clerk.page(f"{draft}/check")
    await put_factor(clerk.ledger, "baiyang", Factor(FactorKind.OPENID, "o-baiyang", ground.NOW))
    assert "试发到我的微信" in await clerk.page(f"{draft}/check")
    await clerk.post(f"{draft}/try", by="wechat")
    assert "已试发到您的微信" in await clerk.page(f"{draft}/check")
    (sent,) = clerk.texts.sent
    assert (sent.address, sent.medium, sent.kind) == ("o-baiyang", Medium.WECHAT, "policy")
    assert "o-baiyang" not in (await latest(clerk.ledger, 1))[0].detail
    await clerk.post(f"{draft}/words", **{**trying, "ladder": "短信必达"}, kind="free", text=TEXT)
    assert "试发到我的微信" not in await clerk.page(f"{draft}/check")


async def test_a_launch_that_tells_many_or_some_again_says_so_and_wants_their_number(clerk: Front) -> None:
    draft = await begun(clerk)
    await clerk.post(f"{draft}/words", kind="free", title="用煤安全", text=TEXT, ladder="短信必达", op="save")
    await clerk.post(f"{draft}/audience", op="save", **ROWS)
    number = int(draft.rpartition("/")[2])
    async with clerk.ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'approved' WHERE id = :id"), {"id": number})
    assert 'name="typed"' not in await clerk.page(f"/campaigns/{number}")
    async with clerk.ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET launched_at = :at WHERE id = 1"), {"at": stamp(ground.NOW)})
    page = await clerk.page(f"/campaigns/{number}")
    assert "启动前请再核对" in page
    assert 'name="typed"' in page
    await clerk.post(f"/campaigns/{number}/launch")
    assert "请核对后输入户数 14 再启动" in await clerk.page(f"/campaigns/{number}")
    assert clerk.deeds.done == []
    await clerk.post(f"/campaigns/{number}/launch", typed="14")
    assert clerk.deeds.done == [("launch", number, "baiyang")]


async def frame(answer: ClientResponse) -> str:
    """The next message of the stream."""
    lines: list[str] = []
    async with asyncio.timeout(10):
        while (line := (await answer.content.readline()).decode().rstrip("\r\n")) or not lines:
            if line and not line.startswith(":"):
                lines.append(line)
    return "\n".join(lines)


async def test_a_page_is_pushed_what_changes_until_it_is_over(front: Front) -> None:
    front.client.app[WATCHERS]._every_s = 0.01
    await front.log_in("baiyang")
    async with front.client.get(f"/campaigns/2/live?region={ground.VILLAGE_1}") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert "40.0%" in await frame(answer)
        async with front.ledger.writing() as c:
            await c.execute(text("UPDATE campaign SET state = 'paused', paused_why = '模板停用' WHERE id = 2"))
        while "模板停用" not in (said := await frame(answer)):
            pass
        assert 'action="/campaigns/2/resume"' in said
        async with front.ledger.writing() as c:
            await c.execute(text("UPDATE campaign SET state = 'finished' WHERE id = 2"))
        while "event: ended" not in (said := await frame(answer)):
            pass
        assert said.endswith("data: over")
    await front.page(f"/campaigns/2/live?region={ground.WANGWA}", 404)


async def test_a_stream_ends_with_the_login(front: Front) -> None:
    front.client.app[WATCHERS]._every_s = 0.01
    await front.log_in("guanli")
    async with front.client.get("/campaigns/2/live") as answer:
        await frame(answer)
        async with front.ledger.writing() as c:
            await c.execute(text("UPDATE account SET is_disabled = 1 WHERE name = 'guanli'"))
        while "event: ended" not in (said := await frame(answer)):
            pass
        assert said.endswith("data: logged-out")


async def test_a_hundred_watchers_cost_one_look_at_a_time_and_nobody_none(front: Front) -> None:
    asked: list[list[int]] = []

    async def look(campaign_ids: object) -> object:
        asked.append(list(campaign_ids))  # type: ignore[call-overload]
        return await look_at(front.ledger, asked[-1])

    watchers = Watchers(look, every_s=0.01)  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        async with watchers.watching(1) as finished, watchers.watching(2) as first, watchers.watching(2) as second:
            for _ in range(3):
                one, other = await first.get(), await second.get()
                assert one is other
                assert one is not None
            assert (await finished.get()) is not None
            assert all(both == [1, 2] for both in asked)
            assert one is not None
            assert one.per_minute == 0
            n_looks = len(asked)
            await watchers.end()
            assert await first.get() is None
            async with watchers.watching(2) as late:
                assert await late.get() is None
        await asyncio.sleep(0.03)
        assert len(asked) == n_looks


async def test_a_list_that_is_uploaded_is_whom_the_draft_is_for_and_what_meant_nobody_comes_back(clerk: Front) -> None:
    draft = await begun(clerk)
    vault = clerk.ledger.vault
    async with clerk.ledger.writing() as c:
        await c.execute(
            text("UPDATE person SET name_sealed = :sealed, name_hash = :hash WHERE id = 1000"),
            {
                "sealed": vault.seal_text("person.name_sealed", 1000, "样例独一"),
                "hash": vault.blind("name", "样例独一"),
            },
        )
    csv = "姓名,行政村\n样例独一,白阳样例一村\n样例无此人,白阳样例一村\n".encode()
    page = await clerk.page(f"{draft}/audience")

    async def upload(content: bytes, name: str) -> ClientResponse:
        form = FormData({"_csrf": csrf_in(page), "name": name})
        form.add_field("file", content, filename="名单.csv", content_type="text/csv")
        return await clerk.client.post(f"{draft}/list", data=form, allow_redirects=False)

    answer = await upload(csv, "危房名单")
    where = str(answer.headers["Location"])
    assert where.startswith(f"{draft}/audience?run=")
    page = await clerk.page(where)
    assert "对上 1 户，1 行没有对上" in page
    assert "1 户" in page
    back = await clerk.client.get(f"{draft}/rejected.xlsx?{where.partition('?')[2]}")
    (sheet, *_) = CalamineWorkbook.from_filelike(BytesIO(await back.read())).sheet_names
    assert sheet
    assert (await latest(clerk.ledger, 1))[0].what == "list.rejected"
    async with clerk.ledger.writing() as c:
        await c.execute(text("UPDATE name_list SET by_user = 'guanli'"))
    await upload(csv, "危房名单")
    assert "同名名单" in await clerk.page(f"{draft}/audience")
    await clerk.page(f"{draft}/rejected.xlsx?run=424242", 404)
