"""我的账号: one's own password, one-time password, phone for alerts, and open logins."""

import io

import segno
from aiohttp import web
from aiohttp_session import get_session

from notifier.accounts.desk import change_own_password, demand_own_password
from notifier.accounts.one_time import begin_totp, confirm_totp, drop_totp, pending_totp
from notifier.accounts.own import OwnPhone
from notifier.accounts.roles import Role
from notifier.domain.codes import Asker
from notifier.domain.errors import InputError
from notifier.domain.identity import mask_phone
from notifier.store.audit import append
from notifier.store.factors import FactorKind, count_recovery_codes, factors_of
from notifier.store.reporting import region_names
from notifier.store.sessions import end_session, end_sessions, list_sessions
from notifier.web.addresses import address_of
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import LOGIN, USER, ages, open_session, tell


def _phone_desk(request: web.Request) -> OwnPhone:
    desk = request.app[DESK]
    return OwnPhone(desk.ledger, desk.clock, desk.codes)


def _asker(request: web.Request) -> Asker:
    return Asker(request[USER].name, address_of(request))


async def account_page(request: web.Request) -> web.Response:
    """GET /account: what the user has, and where they are logged in."""
    desk, user = request.app[DESK], request[USER]
    factors = await factors_of(desk.ledger, user.name)
    phone, totp = factors.get(FactorKind.PHONE), factors.get(FactorKind.TOTP)
    wechat = None if desk.account is None or desk.followers is None else FactorKind.OPENID in factors
    return await render(
        request,
        "account.html",
        region=(await region_names(desk.ledger)).get(user.region_code, user.region_code),
        phone=mask_phone(phone.value) if phone and phone.verified_at else None,
        wechat=wechat,
        has_totp=totp is not None and totp.verified_at is not None,
        must_totp=desk.accounts.require_totp and user.role is Role.ADMINISTRATOR,
        n_codes=await count_recovery_codes(desk.ledger, user.name),
        logins=await list_sessions(desk.ledger, user.name, ages(desk), desk.clock.now()),
        here=request[LOGIN],
        asked=(await get_session(request)).get("phone"),
    )


async def password_page(request: web.Request) -> web.Response:
    """GET /account/password."""
    return await render(request, "account_password.html", refused=None)


async def do_password(request: web.Request) -> web.Response:
    """POST /account/password: the new one holds, every other login has ended, and this one goes on; or the form."""
    desk, user, form = request.app[DESK], request[USER], await request.post()
    old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
    try:
        if new != again:
            raise InputError("两次输入的新密码不一样，请重新输入")
        await change_own_password(desk.ledger, user.name, (old, new), desk.clock.now())
    except InputError as refused:
        page = await render(request, "account_password.html", refused=str(refused))
        page.set_status(400)
        return page
    await open_session(request, user)
    await tell(request, "密码已修改，其他设备上的登录已全部结束")
    raise web.HTTPSeeOther("/account")


async def totp_page(request: web.Request) -> web.Response:
    """GET /account/totp: the QR code of a secret that waits to be confirmed, or the button that makes one."""
    pending = await pending_totp(request.app[DESK].ledger, request[USER].name)
    return await render(request, "account_totp.html", secret=pending[1] if pending else None, refused=None)


async def totp_image(request: web.Request) -> web.Response:
    """GET /account/totp.svg: the QR code; 404 when nothing waits to be confirmed."""
    pending = await pending_totp(request.app[DESK].ledger, request[USER].name)
    if pending is None:
        raise web.HTTPNotFound
    drawn = io.BytesIO()
    segno.make(pending[0], micro=False).save(drawn, kind="svg", scale=6, border=4, light="#fff")
    return web.Response(body=drawn.getvalue(), content_type="image/svg+xml")


async def do_totp(request: web.Request) -> web.Response:
    """POST /account/totp/{deed}: begin (a new secret), confirm (recovery codes, shown once) or drop (password)."""
    desk, user, form = request.app[DESK], request[USER], await request.post()
    deed, now = request.match_info["deed"], desk.clock.now()
    if deed == "begin":
        await attempt(request, begin_totp(desk.ledger, user.name, now), "请用验证器应用扫描二维码，再输入 6 位数字")
        raise web.HTTPSeeOther("/account/totp")
    if deed == "drop":
        return await _drop(request, str(form.get("password", "")))
    try:
        codes = await confirm_totp(desk.ledger, user.name, str(form.get("code", "")), now)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/account/totp") from None
    return await render(request, "account_codes.html", codes=codes)


async def _drop(request: web.Request, password: str) -> web.Response:
    desk, name = request.app[DESK], request[USER].name
    try:
        await demand_own_password(desk.ledger, name, password)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
    else:
        if await drop_totp(desk.ledger, name, name, desk.clock.now()):
            await tell(request, "已停用动态密码")
    raise web.HTTPSeeOther("/account")


async def do_phone(request: web.Request) -> web.Response:
    """POST /account/phone/{deed}: ask for a code, confirm it, or drop the phone."""
    deed, form, desk = request.match_info["deed"], await request.post(), _phone_desk(request)
    session = await get_session(request)
    if deed == "ask":
        phone = str(form.get("phone", ""))
        if await attempt(request, desk.ask(_asker(request), phone), "验证码已发出，5 分钟内有效"):
            session["phone"] = phone
    elif deed == "confirm":
        phone, typed = str(session.get("phone", "")), str(form.get("code", ""))
        if await attempt(request, desk.confirm(_asker(request), phone, typed), "手机号已验证，提醒会发到这里"):
            session.pop("phone", None)
    elif deed == "other":
        session.pop("phone", None)
    else:
        await attempt(request, desk.drop(request[USER].name), "手机号已删除，不再收到短信提醒")
    raise web.HTTPSeeOther("/account")


async def do_sessions(request: web.Request) -> web.Response:
    """POST /account/sessions/end: every other login is over."""
    desk, name = request.app[DESK], request[USER].name
    n_ended = await end_sessions(desk.ledger, name, desk.clock.now(), but=request[LOGIN])
    await _note(request, {"n": n_ended})
    await tell(request, f"已结束其他设备上的 {n_ended} 个登录")
    raise web.HTTPSeeOther("/account")


async def do_session(request: web.Request) -> web.Response:
    """POST /account/sessions/{login}/end: that login of one's own is over; 404 for another's."""
    desk, login = request.app[DESK], path_number(request, "login")
    if not await end_session(desk.ledger, request[USER].name, login, desk.clock.now()):
        raise web.HTTPNotFound
    await _note(request, {"login": login})
    await tell(request, "已结束那个登录")
    raise web.HTTPSeeOther("/account")


async def _note(request: web.Request, detail: dict[str, int]) -> None:
    async with request.app[DESK].ledger.writing() as c:
        await append(c, request[USER].name, "sessions.ended", detail, at=request.app[DESK].clock.now())


ROUTES = (
    web.get("/account", account_page),
    web.get("/account/password", password_page),
    web.post("/account/password", do_password),
    web.get("/account/totp", totp_page),
    web.get("/account/totp.svg", totp_image),
    web.post("/account/totp/{deed:begin|confirm|drop}", do_totp),
    web.post("/account/phone/{deed:ask|confirm|other|drop}", do_phone),
    web.post("/account/sessions/end", do_sessions),
    web.post(r"/account/sessions/{login:\d{1,19}}/end", do_session),
)
