"""Users, their own accounts, keys and the trail, as the people see them who use these pages."""

import html
import re
from datetime import timedelta

import pyotp

from notifier.accounts.one_time import fitting_step
from notifier.domain.account_settings import Accounts
from notifier.domain.outcomes import Reason, Refused, Scope
from notifier.store.audit import latest, verify
from notifier.store.factors import Factor, FactorKind, alert_phone, factors_of, put_factor
from tests.report import ground
from tests.web.front import PASSWORD, Front, csrf_in

NEW = "新的密码 wheat hill 7"


async def added(front: Front, name: str, role: str, region: str) -> str:
    """The one-time password of a user that the one who is logged in adds."""
    answer = await front.post("/users/add", name=name, role=role, region=region)
    page = await answer.text()
    assert answer.status == 200, page
    found = re.search(r'class="secret"[^>]*>([^<]+)<', page)
    assert found is not None
    return found[1]


async def handle(front: Front, name: str) -> str:
    found = re.search(r'href="(/users/[0-9a-f]{32})">' + name + "<", await front.page("/users"))
    assert found is not None
    return found[1]


def cookies(front: Front) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in front.client.session.cookie_jar}


def become(front: Front, kept: dict[str, str]) -> None:
    front.client.session.cookie_jar.clear()
    front.client.session.cookie_jar.update_cookies(kept, front.client.make_url("/"))


async def told(front: Front, path: str) -> str:
    found = re.search(r'class="told[^"]*">([^<]+)<', await front.page(path))
    return "" if found is None else html.unescape(found[1])


async def test_a_new_user_must_choose_a_password_before_anything_else(front: Front) -> None:
    await front.log_in("guanli")
    once = await added(front, "新用户", "reviewer", ground.BAIYANG)
    assert (await front.log_in("新用户", once)).status == 303
    assert (await front.client.get("/", allow_redirects=False)).headers["Location"] == "/account/password"
    assert (await front.client.get("/api/report")).status == 403
    token = csrf_in(await front.page("/account/password"))
    for form in ({"old": once, "new": "short", "again": "short"}, {"old": once, "new": NEW, "again": "another one"}):
        refused = await front.client.post("/account/password", data={"_csrf": token, **form}, allow_redirects=False)
        assert refused.status == 400
    form = {"_csrf": token, "old": once, "new": NEW, "again": NEW}
    assert (await front.client.post("/account/password", data=form, allow_redirects=False)).status == 303
    await front.page("/")
    assert (await front.log_in("新用户", once)).status == 401
    whats = [(one.who, one.what) for one in await latest(front.ledger, 6)]
    assert ("新用户", "password.changed") in whats
    assert ("guanli", "user.add") in whats


async def test_a_township_s_administrator_manages_its_users_only(front: Front) -> None:
    await front.log_in("guanli")
    above, beside = await handle(front, "shenhe"), await handle(front, "wangwa")
    await front.log_in("baiyang")
    page = await front.page("/users")
    assert "cunguan" in page
    assert not any(name in page for name in ("guanli<", "wangwa<", "shenhe<", "王洼"))
    for path in (above, beside):
        await front.page(path, 404)
        for deed in ("edit", "disable", "password", "totp", "unlock"):
            assert (await front.post(f"{path}/{deed}", role="official", region=ground.BAIYANG)).status == 404
    await front.post("/users/add", name="outside", role="official", region=ground.WANGWA)
    assert "超出" in await told(front, "/users")
    await added(front, "inside", "administrator", ground.VILLAGE_2)
    own = await handle(front, "baiyang")
    await front.post(f"{own}/disable")
    assert "自己" in await told(front, own)
    await front.page("/")


async def test_deeds_on_a_user_hold_at_once(front: Front) -> None:
    await front.log_in("cunguan")
    theirs = cookies(front)
    await front.log_in("guanli")
    path = await handle(front, "cunguan")
    assert (await front.post(f"{path}/edit", role="official", region=ground.VILLAGE_2)).status == 303
    assert "白阳样例二村" in await front.page(path)
    mine = cookies(front)

    async def as_they(status: int) -> None:
        become(front, theirs)
        await front.page("/", status)
        await front.page("/visits", 403 if status == 200 else status)
        become(front, mine)

    await as_they(200)
    assert (await front.post(f"{path}/disable")).status == 303
    await as_they(303)
    assert (await front.post(f"{path}/enable")).status == 303
    await as_they(303)  # what ended stays ended
    for _ in range(5):
        await front.log_in("cunguan", "not the password")
    await front.log_in("guanli")
    assert "锁定" in await front.page(path)
    assert (await front.post(f"{path}/unlock")).status == 303
    assert (await front.log_in("cunguan")).status == 303
    assert await verify(front.ledger) == []


async def test_a_one_time_password_is_enrolled_asked_for_used_once_and_recovered_from(front: Front) -> None:
    await front.log_in("guanli")
    await front.page("/account/totp.svg", 404)
    await front.post("/account/totp/begin")
    assert "<svg" in await front.page("/account/totp.svg")
    secret = (await factors_of(front.ledger, "guanli"))[FactorKind.TOTP].value
    assert secret in await front.page("/account/totp")
    totp = pyotp.TOTP(secret)
    await front.post("/account/totp/confirm", code="000000" if totp.at(front.clock.at) != "000000" else "000001")
    assert "不对" in await told(front, "/account/totp")
    answer = await front.post("/account/totp/confirm", code=totp.at(front.clock.at))
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", await answer.text())
    assert len(codes) == 8

    async def log_in(code: str) -> int:
        assert (await front.log_in("guanli")).headers["Location"] == "/login/code"
        await front.page("/", 303)  # half in is not in
        token = csrf_in(await front.page("/login/code"))
        sent = await front.client.post("/login/code", data={"_csrf": token, "code": code}, allow_redirects=False)
        return sent.status

    assert await log_in(totp.at(front.clock.at)) == 401  # it was used to confirm
    assert await log_in(totp.at(front.clock.at + timedelta(seconds=30))) == 303
    assert await log_in(codes[0].upper()) == 303
    assert await log_in(codes[0]) == 401
    await front.log_in("guanli")
    for _ in range(5):
        token = csrf_in(await front.page("/login/code"))
        await front.client.post("/login/code", data={"_csrf": token, "code": "123123"}, allow_redirects=False)
    assert (await front.log_in("guanli")).status == 401  # guessed codes lock as guessed passwords do


async def test_a_one_time_password_is_given_up_with_one_s_own_password_only(front: Front) -> None:
    await front.log_in("guanli")
    await put_factor(front.ledger, "guanli", Factor(FactorKind.TOTP, pyotp.random_base32(), front.clock.at))
    await front.post("/account/totp/drop", password="不是我的密码")
    assert "现在的密码不对" in await told(front, "/account")
    assert FactorKind.TOTP in await factors_of(front.ledger, "guanli")
    await front.post("/account/totp/drop", password=PASSWORD)
    assert "已停用动态密码" in await told(front, "/account")
    assert FactorKind.TOTP not in await factors_of(front.ledger, "guanli")


def test_a_one_time_password_may_be_half_a_minute_off_and_is_the_standard_s() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: 94287082 at 59 s
    at = ground.NOW.fromtimestamp(59, ground.NOW.tzinfo)
    assert fitting_step(secret, "287 082", at) == 1
    assert fitting_step(secret, "287082", at.fromtimestamp(89, at.tzinfo)) == 1
    assert fitting_step(secret, "287082", at.fromtimestamp(121, at.tzinfo)) is None
    assert fitting_step(secret, "28708", at) is None


async def test_administrators_enrol_first_where_the_county_wants_it(front: Front) -> None:
    front.settle(accounts=Accounts(require_totp=True))
    await front.log_in("guanli")
    assert (await front.client.get("/", allow_redirects=False)).headers["Location"] == "/account/totp"
    await front.page("/account/totp")
    await front.log_in("lingdao")
    await front.page("/")


async def test_a_phone_is_verified_by_the_code_that_was_texted_to_it(front: Front) -> None:
    await front.log_in("yunwei")
    await front.post("/account/phone/ask", phone="1990000")
    assert "号码" in await told(front, "/account")
    await front.post("/account/phone/ask", phone="199 0000 0001")
    assert front.texts.sent[-1].address == "19900000001"
    await front.post("/account/phone/confirm", code="000000")
    assert await alert_phone(front.ledger, "yunwei") is None
    await front.post("/account/phone/confirm", code=front.texts.sent[-1].facts["code"])
    page = await front.page("/account")
    assert "199****0001" in page
    assert "19900000001" not in page
    assert await alert_phone(front.ledger, "yunwei") == "19900000001"
    await front.post("/account/phone/drop")
    assert await alert_phone(front.ledger, "yunwei") is None
    front.texts.outcome = Refused("x", Scope.NUMBER, Reason.DEAD_NUMBER)
    await front.post("/account/phone/ask", phone="19900000002")
    assert "收不到" in await told(front, "/account")


async def test_one_sees_one_s_logins_and_ends_another_but_nobody_else_s(front: Front) -> None:
    front.client.session.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 <script>"
    await front.log_in("lingdao")
    other = cookies(front)
    front.clock.at += timedelta(minutes=1)
    await front.log_in("lingdao")
    page = await front.page("/account")
    assert page.count("Chrome · Windows") == 2
    assert "<script>" not in page
    found = re.search(r"/account/sessions/(\d+)/end", page)
    assert found is not None
    await front.log_in("shenji")
    assert (await front.post(found[0])).status == 404
    await front.log_in("lingdao")
    assert (await front.post(found[0])).status == 303
    become(front, other)
    await front.page("/", 303)


async def test_the_auditor_reads_who_did_what_in_their_region_and_checks_the_chain(front: Front) -> None:
    for name in ("guanli", "wangwa", "shenji"):
        await front.log_in(name)
    page = await front.page("/audit")
    assert "登录成功" in page
    answer = await front.post("/audit", who="wangwa", kind="login", since="2026-11-24", until="2026-11-24")
    rows = re.findall(r"<tr><td[^>]*>[^<]+</td><th>(\w+)</th>", await answer.text())
    assert set(rows) == {"wangwa"}
    await front.post("/audit/verify")
    assert "审计链完整" in await told(front, "/audit")
    await front.log_in("baiyang")
    page = await front.page("/audit")
    assert "wangwa" not in page
    assert "guanli<" not in page


async def test_a_key_is_shown_once_opens_the_api_only_and_ends_when_revoked(front: Front) -> None:
    await front.log_in("baiyang")
    await front.post("/keys/add", title="平台", permission="read", region=ground.COUNTY, days="30")
    assert "超出" in await told(front, "/keys")
    answer = await front.post("/keys/add", title="县数据平台", permission="read", region=ground.BAIYANG, days="30")
    found = re.search(r'class="secret"[^>]*>(hn_[^<]+)<', await answer.text())
    assert found is not None
    page = await front.page("/keys")
    assert found[1] not in page
    assert found[1][:7] in page
    front.client.session.cookie_jar.clear()
    key = {"Authorization": f"Bearer {found[1]}"}
    assert (await front.client.get("/api/report", headers=key)).status == 200
    assert (await front.client.get(f"/api/report?region={ground.WANGWA}", headers=key)).status == 404
    assert (await front.client.get("/", headers=key, allow_redirects=False)).status == 303
    assert (await front.client.get("/api/report", headers={"Authorization": "Bearer hn_guess"})).status == 401
    await front.log_in("baiyang")
    assert "最近使用" in await front.page("/keys")
    await front.post("/keys/1/revoke")
    front.client.session.cookie_jar.clear()
    assert (await front.client.get("/api/report", headers=key)).status == 401
    assert PASSWORD not in page
