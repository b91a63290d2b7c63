"""Who opens our pages inside WeChat: sent to WeChat and back once, then known by the session's cookie."""

import hmac
import secrets
from datetime import timedelta

from aiohttp import web
from aiohttp_session import get_session

from notifier.domain.errors import InputError, NotifierError
from notifier.web.desk import DESK
from notifier.web.farmer import plain_page
from notifier.web.people_desks import BindingDesk, OfficialAccount

_STATE_LASTS = timedelta(minutes=10)
_KNOWN_FOR = timedelta(hours=12)
PAGES = {"mine": "/wechat/mine", "bind": "/wechat/bind", "staff": "/wechat/staff"}
"""Where a visitor may be on their way to."""


def door(request: web.Request) -> tuple[BindingDesk, OfficialAccount]:
    """The desk of followers and their account. Raises HTTPNotFound where no account is enabled."""
    desk = request.app[DESK]
    if desk.followers is None or desk.account is None:
        raise web.HTTPNotFound(text="这里没有启用微信公众号")
    return desk.followers, desk.account


async def known(request: web.Request) -> str | None:
    """The openid of who asks, as this session knows it; None for one who is not known, or not any more."""
    session, now = await get_session(request), request.app[DESK].clock.now()
    openid, since = session.get("openid"), session.get("openid_at")
    if not isinstance(openid, str) or not isinstance(since, int | float):
        return None
    return openid if 0 <= now.timestamp() - since < _KNOWN_FOR.total_seconds() else None


async def visitor(request: web.Request, page: str) -> str:
    """The openid of who asks. Raises HTTPFound to WeChat for one who is not known yet; they come back to `page`.

    A form of somebody who is not known any more is refused: a redirect would take what it holds along.
    """
    _, account = door(request)
    if (openid := await known(request)) is not None:
        return openid
    if request.method == "POST":
        raise web.HTTPForbidden(text="页面已过期，请从公众号菜单重新进入")
    session, state = await get_session(request), secrets.token_hex(16)
    session["oauth"] = [state, page, request.app[DESK].clock.now().timestamp()]
    back = f"{request.app[DESK].settings.public_url.rstrip('/')}/wechat/back"
    raise web.HTTPFound(account.authorize_url(back, state), headers={"Referrer-Policy": "no-referrer"})


async def come_back(request: web.Request) -> web.Response:
    """GET /wechat/back?code=&state=: the visitor is known, if WeChat and this session agree; on to their page."""
    _, account = door(request)
    session, now = await get_session(request), request.app[DESK].clock.now()
    kept = session.pop("oauth", None) or ["", "mine", 0]
    state, page, at = str(kept[0]), str(kept[1]), float(kept[2])
    is_ours = bool(state) and hmac.compare_digest(state.encode(), request.query.get("state", "").encode())
    if not is_ours or now.timestamp() - at > _STATE_LASTS.total_seconds():
        return plain_page(request, "farmer_closed.html", 400, words="页面已过期，请从公众号菜单重新进入")
    try:
        openid = await account.openid_of(request.query.get("code", ""))
    except InputError as refused:
        return plain_page(request, "farmer_closed.html", 400, words=str(refused))
    except NotifierError:
        return plain_page(request, "farmer_closed.html", 502, words="微信没有答复，请过一会儿从公众号菜单重新进入")
    for key in ("proved", "phone"):
        session.pop(key, None)
    session["openid"], session["openid_at"] = openid, now.timestamp()
    raise web.HTTPSeeOther(PAGES.get(page, PAGES["mine"]), headers={"Referrer-Policy": "no-referrer"})


ROUTES = (web.get("/wechat/back", come_back),)
