"""Who is asking: the session cookie, the user behind it, and what they may do where."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Middleware
from aiohttp_session import Session, get_session, new_session, session_middleware
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from notifier.accounts.desk import user_named
from notifier.accounts.roles import Permission, User
from notifier.web.desk import DESK, FrontDesk

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

USER = web.RequestKey("user", User)
SIGNED = ("/callbacks/", "/api/payments/")
"""Paths where who asks is proved by the request itself, not by a session."""
NO_SESSION = (*SIGNED, "/health", "/ready", "/metrics", "/static/", "/assets/", "/favicon.ico")
OPEN_PATHS = ("/login", *NO_SESSION)
"""Paths that need no login, or end with / for everything below."""
CSRF_FIELD = "_csrf"


def cookie_middleware(desk: FrontDesk) -> Middleware:
    """Sessions in an encrypted cookie whose key comes from the key file, so every process reads every cookie."""
    vault = desk.ledger.vault
    storage = EncryptedCookieStorage(
        vault.blind("session", "cookie, first half") + vault.blind("session", "cookie, second half"),
        cookie_name="notifier",
        max_age=desk.settings.session_hours * 3600,
        secure=desk.settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return session_middleware(storage)


@web.middleware
async def know_the_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Behind it a request has a user, or a path that needs none."""
    if not _is_under(request.path, NO_SESSION):
        user = await _user_of(request, await get_session(request))
        if user is not None:
            request[USER] = user
        elif not _is_under(request.path, OPEN_PATHS):
            if request.path.startswith("/api/"):
                raise web.HTTPUnauthorized(text="请先登录")
            raise web.HTTPSeeOther("/login", headers=_whole_page(request))
    return await handler(request)


@web.middleware
async def refuse_foreign_forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A POST carries the token of its own session, or is refused; a push has its secret path or signature instead."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and not request.path.startswith(SIGNED):
        session = await get_session(request)
        sent = (await request.post()).get(CSRF_FIELD)
        kept = session.get("csrf")
        if not (isinstance(sent, str) and isinstance(kept, str) and hmac.compare_digest(sent.encode(), kept.encode())):
            raise web.HTTPForbidden(text="页面已过期或不是从本系统打开的，请返回上一页刷新后再提交")
    return await handler(request)


def _whole_page(request: web.Request) -> dict[str, str]:
    """So that a fragment that is fetched after the session ended opens the login page, not a login inside the page."""
    return {"HX-Redirect": "/login"} if "HX-Request" in request.headers else {}


def _is_under(path: str, places: tuple[str, ...]) -> bool:
    return any(path.startswith(place) if place.endswith("/") else path == place for place in places)


async def _user_of(request: web.Request, session: Session) -> User | None:
    desk = request.app[DESK]
    name, mark, since = session.get("user"), session.get("mark"), session.get("since")
    if not (isinstance(name, str) and isinstance(mark, str) and isinstance(since, int | float)):
        return None
    age = desk.clock.now().timestamp() - since
    if not 0 <= age < timedelta(hours=desk.settings.session_hours).total_seconds():
        return None
    user = await user_named(desk.ledger, name)
    return user if user is not None and hmac.compare_digest(user.mark, mark) else None


async def open_session(request: web.Request, user: User) -> None:
    """A fresh session of the user; nothing of an earlier one is in it."""
    session = await new_session(request)
    session["user"], session["mark"] = user.name, user.mark
    session["since"] = request.app[DESK].clock.now().timestamp()
    session["csrf"] = secrets.token_urlsafe(24)


async def csrf_token(request: web.Request) -> str:
    """The token that forms of this session must carry."""
    session = await get_session(request)
    if not isinstance(session.get("csrf"), str):
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


async def tell(request: web.Request, words: str, *, is_error: bool = False) -> None:
    """The next page shows these words once."""
    (await get_session(request))["told"] = [words, is_error]


async def told(request: web.Request) -> tuple[str, bool] | None:
    """What the last deed wants said, once."""
    session = await get_session(request)
    found = session.pop("told", None) if "told" in session else None
    return (str(found[0]), bool(found[1])) if found else None


def demand(request: web.Request, permission: Permission) -> User:
    """The user, whose role grants the permission. Raises HTTPForbidden."""
    user = request[USER]
    if not user.may(permission):
        raise web.HTTPForbidden(text="您的角色没有这项权限；需要时请联系管理员")
    return user


def demand_region(user: User, region_code: str | None) -> str:
    """The region asked for, or the user's own. Raises HTTPNotFound for one that they do not see."""
    if region_code is None or region_code == "":
        return user.region_code
    try:
        seen = user.sees(region_code)
    except ValueError:
        seen = False
    if not seen:
        raise web.HTTPNotFound
    return region_code
