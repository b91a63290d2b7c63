"""Followers of the official account: recognised by WeChat, bound by phone, name and id, shown their own and no more."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import text

from notifier.accounts.codes import CodeDesk
from notifier.domain.errors import InputError
from notifier.domain.settings import Inquiries
from notifier.registry.binding import MOST_WRONG, BindingDesk
from notifier.store import audit
from notifier.store.following import set_following_in
from notifier.store.ledger import open_ledger
from notifier.store.registry_contacts import INSERT_CONTACT, contact_values
from notifier.store.sealing import Vault, load_keys
from notifier.track.farmers import FarmerDesk
from tests.day.planting import plant_campaign, plant_lines
from tests.registered import Home, an_id, register
from tests.report.ground import NOW
from tests.web.front import Front, FrozenClock, RecordedTexts, a_front, csrf_in

ME, OTHER = "oSample000000000000000000001", "oSample000000000000000000002"
PHONE = "19900000101"
HOTLINE = "0954-7010000"


class WeChatDoor:
    """The account's part: a code stands for an openid, once."""

    def __init__(self) -> None:
        self.openids = {"code-of-me": ME, "code-of-other": OTHER}

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        return f"https://open.example.test/authorize?redirect_uri={quote(redirect_uri, safe='')}&state={state}"

    async def openid_of(self, code: str) -> str:
        try:
            return self.openids.pop(code)
        except KeyError:
            raise InputError("授权码无效或已过期，请从公众号菜单重新进入") from None


@pytest.fixture
async def front(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Front]:
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    clock, texts = FrozenClock(), RecordedTexts()
    desk = FarmerDesk(ledger, clock, Inquiries(), HOTLINE, timedelta(days=90), timedelta(days=7))
    followers = BindingDesk(ledger, clock, CodeDesk(ledger, clock, texts), Inquiries(), HOTLINE)
    front = await a_front(ledger, farmers=desk, followers=followers, account=WeChatDoor(), clock=clock)
    front.clock, front.texts = clock, texts
    async with ledger.writing() as c:
        await c.execute(text("DELETE FROM household"))
        await c.execute(text("DELETE FROM person"))
    ids = await register(ledger, [Home("样例丙", an_id(7)), Home("样例丙", an_id(8)), Home("样例丁", an_id(9))])
    assert ids == [1, 2, 3]
    async with ledger.writing() as c:
        for n, home in ((101, 1), (102, 2)):
            value = PHONE if home == 1 else "19900000102"
            await c.execute(text(INSERT_CONTACT), contact_values(ledger, (n, home, home), "phone", value, 1))
        await c.execute(text("INSERT INTO counter (name, next_id) VALUES ('contact', 200)"))
    await plant_lines(ledger, 60, [(1, 1), (2, 2)], 600)
    await plant_campaign(ledger, 60, "disbursement", "微信优先", "paid", NOW)
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, state_at) "
                "SELECT 9000 + id, 60, id, region_code, '', 'unreached', 0, 0 FROM household WHERE id < 3"
            )
        )
    yield front
    assert await audit.verify(ledger) == []
    await front.client.close()
    await ledger.close()


async def enter(front: Front, code: str = "code-of-me", page: str = "/wechat/mine") -> None:
    """Sent to WeChat and back."""
    front.client.session.cookie_jar.clear()
    answer = await front.client.get(page, allow_redirects=False)
    assert answer.status == 302
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8640/wechat/back"]
    back = await front.client.get(f"/wechat/back?code={code}&state={asked['state'][0]}", allow_redirects=False)
    assert back.status == 303
    assert back.headers["Location"] == page


async def do(front: Front, path: str, page: str = "/wechat/bind", **form: str) -> str:
    """The page after the deed."""
    token = csrf_in(await (await front.client.get(page)).text())
    answer = await front.client.post(path, data={"_csrf": token, **form})
    return await answer.text()


async def prove(front: Front, phone: str = PHONE) -> str:
    await do(front, "/wechat/bind/phone", phone=phone)
    return await do(front, "/wechat/bind/code", code=front.texts.sent[-1].facts["code"])


async def bind(front: Front) -> str:
    await prove(front)
    return await do(front, "/wechat/bind/person", name="样例丙", tail=an_id(7)[-4:])


async def test_phone_code_name_and_id_bind_and_show_the_own_household_only(front: Front) -> None:
    await enter(front)
    page = await bind(front)
    assert "绑定成功" in page
    assert "12.5 亩 × 95 元 = 1187.50 元" in page
    assert page.count("<section>") == 3
    assert an_id(7)[-4:] not in page
    assert (await audit.latest(front.ledger, 1))[0].what == "follower.bind"
    async with front.ledger.reading() as c:
        rows = (await c.execute(text("SELECT household_id, state, person_id FROM contact WHERE kind = 'openid'"))).all()
    assert [tuple(row) for row in rows] == [(1, "usable", 1)]
    await bind(front)
    assert (await front.client.get("/wechat/mine")).headers["Referrer-Policy"] == "no-referrer"


async def test_a_strangers_number_gets_no_code_and_the_page_does_not_tell(front: Front) -> None:
    await enter(front, page="/wechat/bind")
    page = await do(front, "/wechat/bind/phone", phone="19900009999")
    assert front.texts.sent == []
    await do(front, "/wechat/bind/again")
    front.clock.at += timedelta(minutes=2)
    other = await do(front, "/wechat/bind/phone", phone=PHONE)
    assert len(front.texts.sent) == 1

    def without_token(html: str) -> str:
        return re.sub(r'value="[^"]*"', "", html)

    assert without_token(page) == without_token(other)


async def test_wrong_guesses_end_for_the_day(front: Front) -> None:
    await enter(front, page="/wechat/bind")
    await prove(front)
    for n in range(MOST_WRONG):
        page = await do(front, "/wechat/bind/person", name="样例丙", tail=f"{n}000")
        assert "不一致" in page
    page = await do(front, "/wechat/bind/person", name="样例丙", tail=an_id(7)[-4:])
    assert "今天试得太多了" in page
    front.clock.at += timedelta(days=1, minutes=1)
    await enter(front, "code-of-other")
    assert "绑定成功" in await bind(front)


async def test_name_and_id_of_a_household_with_another_phone_do_not_bind(front: Front) -> None:
    await enter(front, page="/wechat/bind")
    await prove(front)
    assert "不一致" in await do(front, "/wechat/bind/person", name="样例丁", tail=an_id(9)[-4:])
    assert "不一致" in await do(front, "/wechat/bind/person", name="样例丙", tail=an_id(8)[-4:])


async def test_another_session_s_state_is_worth_nothing(front: Front) -> None:
    front.client.session.cookie_jar.clear()
    await front.client.get("/wechat/mine", allow_redirects=False)
    answer = await front.client.get("/wechat/back?code=code-of-me&state=forged", allow_redirects=False)
    assert answer.status == 400
    assert (await front.client.get("/wechat/mine", allow_redirects=False)).status == 302
    await enter(front)
    answer = await front.client.get("/wechat/back?code=code-of-other&state=", allow_redirects=False)
    assert answer.status == 400


async def test_what_is_not_theirs_is_not_there(front: Front) -> None:
    await enter(front)
    await bind(front)
    token = csrf_in(await (await front.client.get("/wechat/mine")).text())
    for deed, form in (("read", {"owed": "9002"}), ("read", {"owed": "77"}), ("ask", {"household": "2", "words": "x"})):
        answer = await front.client.post(f"/wechat/mine/{deed}", data={"_csrf": token, **form}, allow_redirects=False)
        assert answer.status == 404
    assert (await front.client.post("/wechat/mine/read", data={"owed": "9001"})).status == 403
    await do(front, "/wechat/mine/read", "/wechat/mine", owed="9001")
    async with front.ledger.reading() as c:
        rows = await c.execute(text("SELECT id, state, level FROM owed WHERE campaign_id = 60 ORDER BY id"))
        assert [tuple(row) for row in rows] == [(9001, "reached", "acknowledged"), (9002, "unreached", None)]


async def test_one_openid_has_several_persons_several_openids_one_household_and_both_can_leave(front: Front) -> None:
    await enter(front)
    await bind(front)
    front.clock.at += timedelta(minutes=2)
    await prove(front, "19900000102")
    page = await do(front, "/wechat/bind/person", name="样例丙", tail=an_id(8)[-4:])
    assert page.count("解除绑定") == 2
    front.clock.at += timedelta(minutes=2)
    await enter(front, "code-of-other")
    assert "绑定成功" in await bind(front)
    page = await do(front, "/wechat/mine/unbind", "/wechat/mine", person="1")
    assert "在村里登记的手机号" in page
    async with front.ledger.writing() as c:
        assert await set_following_in(c, front.ledger, ME, following=False) == 2
        rows = await c.execute(text("SELECT state, COUNT(*) FROM contact WHERE kind = 'openid' GROUP BY state"))
        assert {tuple(row) for row in rows} == {("unfollowed", 2), ("replaced", 1)}


async def test_a_question_is_asked_once_and_answered_on_the_page(front: Front) -> None:
    await enter(front)
    await bind(front)
    for _ in range(2):
        page = await do(front, "/wechat/mine/ask", "/wechat/mine", household="1", words="何时到账", once="same")
    assert page.count("何时到账") == 1
    assert "待答复" in page


async def test_without_an_account_there_are_no_such_pages(front_at_work: Front) -> None:
    assert (await front_at_work.client.get("/wechat/mine")).status == 404
