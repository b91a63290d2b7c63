"""Logging in, staying in, and being put out."""

from datetime import timedelta

import pytest

from notifier.store.accounts import set_disabled
from tests.web.front import PASSWORD, Front

PAGES = ("/", "/campaigns/1", "/campaigns/1/unreached", "/campaigns/1/report.xlsx", "/reviews", "/matching", "/visits")


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_is_led_to_the_login(front: Front, path: str) -> None:
    answer = await front.client.get(path, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")


async def test_a_stranger_s_api_call_is_401_and_a_fragment_opens_the_login(front: Front) -> None:
    assert (await front.client.get("/api/report")).status == 401
    fragment = await front.client.get("/part", headers={"HX-Request": "true"}, allow_redirects=False)
    assert fragment.headers["HX-Redirect"] == "/login"


async def test_the_right_password_opens_the_overview(front: Front) -> None:
    answer = await front.log_in("guanli")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    page = await front.page("/")
    assert "guanli · 管理员" in page
    assert "2026年耕地地力保护补贴" in page


async def test_a_wrong_password_gets_the_form_again_without_the_password_in_it(front: Front) -> None:
    answer = await front.log_in("guanli", "not-the-password-77")
    assert answer.status == 401
    page = await answer.text()
    assert "用户名或密码不对" in page
    assert "not-the-password-77" not in page
    await front.page("/", 303)


async def test_the_cookie_is_sealed_and_out_of_reach_of_scripts(front: Front) -> None:
    cookie = (await front.log_in("guanli")).headers.getall("Set-Cookie")[0]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "guanli" not in cookie


async def test_a_session_ends_after_its_hours_and_when_nobody_uses_it(front: Front) -> None:
    await front.log_in("guanli")
    for _ in range(7):
        front.clock.at += timedelta(hours=1, minutes=42)
        await front.page("/")
    front.clock.at += timedelta(minutes=7)
    await front.page("/", 303)
    await front.log_in("guanli")
    front.clock.at += timedelta(hours=2, seconds=1)
    await front.page("/", 303)


async def test_a_disabled_user_is_out_at_once(front: Front) -> None:
    await front.log_in("guanli")
    await set_disabled(front.ledger, "guanli", disabled=True)
    await front.page("/", 303)


async def test_logging_out_ends_the_session(front: Front) -> None:
    await front.log_in("guanli")
    stolen = {cookie.key: cookie.value for cookie in front.client.session.cookie_jar}
    assert (await front.post("/logout")).status == 303
    await front.page("/", 303)
    front.client.session.cookie_jar.update_cookies(stolen)
    await front.page("/", 303)


async def test_a_forged_cookie_is_nobody(front: Front) -> None:
    front.client.session.cookie_jar.update_cookies({"notifier": "gAAAAABforged"})
    await front.page("/", 303)


async def test_a_post_without_the_session_s_token_is_refused(front: Front) -> None:
    await front.log_in("guanli")
    for form in ({}, {"_csrf": ""}, {"_csrf": "guessed"}):
        assert (await front.client.post("/campaigns/2/pause", data=form)).status == 403
    assert front.deeds.done == []


async def test_another_session_s_token_is_refused(front: Front) -> None:
    await front.log_in("guanli")
    theirs = await front.page("/")
    await front.log_in("baiyang")
    token = theirs.split('name="_csrf" value="')[1].split('"')[0]
    assert (await front.client.post("/campaigns/2/pause", data={"_csrf": token})).status == 403


async def test_a_login_form_of_another_site_is_refused(front: Front) -> None:
    answer = await front.client.post("/login", data={"name": "guanli", "password": PASSWORD})
    assert answer.status == 403
