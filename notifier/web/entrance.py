"""Logging in and out."""

from aiohttp import web
from aiohttp_session import get_session

from notifier.accounts.desk import log_in
from notifier.domain.errors import InputError
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import USER, open_session


async def show_login(request: web.Request) -> web.Response:
    """GET /login."""
    if USER in request:
        raise web.HTTPSeeOther("/")
    return await render(request, "login.html", name="", refused=None)


async def do_login(request: web.Request) -> web.Response:
    """POST /login: a session, or the form again with one sentence that tells nothing about the name."""
    desk = request.app[DESK]
    form = await request.post()
    name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
    try:
        user = await log_in(desk.ledger, name, password, desk.clock.now())
    except InputError as refused:
        page = await render(request, "login.html", name=name, refused=str(refused))
        page.set_status(401)
        return page
    await open_session(request, user)
    raise web.HTTPSeeOther("/")


async def do_logout(request: web.Request) -> web.Response:
    """POST /logout: the session is over."""
    (await get_session(request)).invalidate()
    raise web.HTTPSeeOther("/login")


ROUTES = (web.get("/login", show_login), web.post("/login", do_login), web.post("/logout", do_logout))
