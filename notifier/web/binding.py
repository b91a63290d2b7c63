"""Binding an openid: the phone's code by SMS, then name and the id's last four; and undoing it."""

from typing import Any

from aiohttp import web
from aiohttp_session import get_session

from notifier.domain.errors import InputError
from notifier.registry.binding import PROOF_LASTS
from notifier.web.addresses import address_of
from notifier.web.desk import DESK
from notifier.web.farmer import plain_page
from notifier.web.sessions import csrf_token, tell, told
from notifier.web.visitors import door, visitor


async def bind_page(request: web.Request) -> web.Response:
    """GET /wechat/bind: the next thing to fill in: a phone, its code, or who one is."""
    await visitor(request, "bind")
    session = await get_session(request)
    step = "person" if await proved(request) else "code" if isinstance(session.get("phone"), str) else "phone"
    return await follower_page(request, "bind.html", step=step)


async def follower_page(request: web.Request, template: str, **known: Any) -> web.Response:
    """A farmers' page with the token for its forms and what the last deed said."""
    said = await told(request)
    return plain_page(request, template, csrf=await csrf_token(request), told=said, **known)


async def proved(request: web.Request) -> str | None:
    """The phone that this visitor proved a moment ago; None when none."""
    found = (await get_session(request)).get("proved")
    if not isinstance(found, list) or len(found) != 2:
        return None
    age = request.app[DESK].clock.now().timestamp() - float(found[1])
    return str(found[0]) if 0 <= age < PROOF_LASTS.total_seconds() else None


async def do_bind(request: web.Request) -> web.Response:
    """POST /wechat/bind/{deed}: phone (a code is sent), code (the phone is proved), person (bound), again (from the
    start); the page goes on, or says why not."""
    openid = await visitor(request, "bind")
    deed = request.match_info["deed"]
    form = {key: str(value).strip()[:64] for key, value in (await request.post()).items()}
    try:
        await {"phone": _send, "code": _prove, "person": _bind, "again": _again}[deed](request, openid, form)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
    raise web.HTTPSeeOther("/wechat/bind")


async def _send(request: web.Request, openid: str, form: dict[str, str]) -> None:
    desk, _ = door(request)
    await desk.send_code(openid, form.get("phone", ""), address_of(request))
    session = await get_session(request)
    session["phone"] = form["phone"]
    session.pop("proved", None)


async def _prove(request: web.Request, openid: str, form: dict[str, str]) -> None:
    desk, _ = door(request)
    session = await get_session(request)
    phone = await desk.prove(openid, str(session.get("phone", "")), form.get("code", ""))
    session["proved"] = [phone, request.app[DESK].clock.now().timestamp()]


async def _bind(request: web.Request, openid: str, form: dict[str, str]) -> None:
    desk, _ = door(request)
    phone = await proved(request)
    if phone is None:
        await _again(request, openid, form)
        raise InputError("离验证手机号已经太久;请重新获取验证码")
    await desk.bind(openid, phone, form.get("name", ""), form.get("tail", ""))
    await _again(request, openid, form)
    await tell(request, "绑定成功。以后补贴发放会用微信告诉您")
    raise web.HTTPSeeOther("/wechat/mine")


async def _again(request: web.Request, openid: str, form: dict[str, str]) -> None:
    session = await get_session(request)
    for key in ("phone", "proved"):
        session.pop(key, None)


ROUTES = (
    web.get("/wechat/bind", bind_page),
    web.post("/wechat/bind/{deed:phone|code|person|again}", do_bind),
)
