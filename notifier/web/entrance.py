"""Logging in, with a one-time password where the account has one, and out."""

from aiohttp import web
from aiohttp_session import get_session, new_session

from notifier.accounts.entering import log_in, log_in_by_code
from notifier.domain.errors import InputError
from notifier.web.addresses import address_of
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import LOGIN, USER, close_session, csrf_token, open_session

_CODE_WITHIN_S = 300


async def show_login(request: web.Request) -> web.Response:
    """GET /login."""
    if USER in request:
        raise web.HTTPSeeOther("/")
    return await render(request, "login.html", name="", refused=None)


async def do_login(request: web.Request) -> web.Response:
    """POST /login: a session, the question for a one-time password, or the form again with one sentence that tells
    nothing about the name."""
    desk = request.app[DESK]
    form = await request.post()
    name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
    try:
        entered = await log_in(desk.ledger, name, password, desk.clock.now(), address_of(request))
    except InputError as refused:
        page = await render(request, "login.html", name=name, refused=str(refused))
        page.set_status(401)
        return page
    await _leave(request)
    if entered.wants_code:
        half_open = await new_session(request)
        half_open["half"], half_open["half_at"] = entered.user.name, desk.clock.now().timestamp()
        await csrf_token(request)
        raise web.HTTPSeeOther("/login/code")
    await open_session(request, entered.user)
    raise web.HTTPSeeOther("/")


async def show_code(request: web.Request) -> web.Response:
    """GET /login/code: after the right password; else the login."""
    await _half_open(request)
    return await render(request, "login_code.html", refused=None)


async def do_code(request: web.Request) -> web.Response:
    """POST /login/code: a session, or the form again."""
    desk = request.app[DESK]
    name = await _half_open(request)
    typed = str((await request.post()).get("code", ""))
    try:
        user = await log_in_by_code(desk.ledger, name, typed, desk.clock.now(), address_of(request))
    except InputError as refused:
        page = await render(request, "login_code.html", refused=str(refused))
        page.set_status(401)
        return page
    await open_session(request, user)
    raise web.HTTPSeeOther("/")


async def _half_open(request: web.Request) -> str:
    """The name whose password was right a moment ago in this browser. Raises HTTPSeeOther to the login."""
    session = await get_session(request)
    name, since = session.get("half"), session.get("half_at")
    if isinstance(name, str) and isinstance(since, int | float):
        age = request.app[DESK].clock.now().timestamp() - since
        if 0 <= age < _CODE_WITHIN_S:
            return name
    raise web.HTTPSeeOther("/login")


async def _leave(request: web.Request) -> None:
    if LOGIN in request:
        await close_session(request)


async def do_logout(request: web.Request) -> web.Response:
    """POST /logout: the session is over."""
    await close_session(request)
    raise web.HTTPSeeOther("/login")


ROUTES = (
    web.get("/login", show_login),
    web.post("/login", do_login),
    web.get("/login/code", show_code),
    web.post("/login/code", do_code),
    web.post("/logout", do_logout),
)
