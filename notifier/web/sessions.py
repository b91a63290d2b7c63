"""Who is asking: the session cookie or the key, the user behind it, and what they may do where."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Middleware
from aiohttp_session import Session, get_session, new_session, session_middleware
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from notifier.accounts.keys import user_with_key
from notifier.accounts.roles import Permission, Role, User
from notifier.store import sessions
from notifier.store.accounts import Account
from notifier.store.factors import FactorKind, factors_of
from notifier.web.addresses import visitor_of
from notifier.web.desk import DESK, FrontDesk

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

USER = web.RequestKey("user", User)
LOGIN = web.RequestKey("login", int)
"""The id of the open login; a system with a key has none."""
SIGNED = ("/callbacks/", "/api/payments/", "/f/")
"""Paths where who asks is proved by the request itself, not by a session."""
NO_SESSION = (*SIGNED, "/health", "/ready", "/metrics", "/static/", "/assets/", "/favicon.ico")
OPEN_PATHS = ("/login", "/login/code", "/wechat/", *NO_SESSION)
"""Paths that need no login, or end with / for everything below."""
STREAMED = ("/uploads/file", "/matching/decisions")
"""Paths whose forms are too large to be held: their handlers ask `is_own_form` before they read on."""
CSRF_FIELD = "_csrf"
_BEARER = "Bearer "
_CHANGE_PASSWORD, _ENROL = "/account/password", "/account/totp"


def cookie_middleware(desk: FrontDesk) -> Middleware:
    """Sessions in an encrypted cookie whose key comes from the key file, so every process reads every cookie."""
    vault = desk.ledger.vault
    is_secure = desk.settings.secure_cookies or desk.settings.public_url.startswith("https:")
    storage = EncryptedCookieStorage(
        vault.blind("session", "cookie, first half") + vault.blind("session", "cookie, second half"),
        # With this prefix a browser takes the cookie from this host over HTTPS only.
        cookie_name="__Host-notifier" if is_secure else "notifier",
        max_age=desk.settings.session_hours * 3600,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )
    return session_middleware(storage)


def ages(desk: FrontDesk) -> sessions.Ages:
    """How long a login lasts."""
    return sessions.Ages(timedelta(hours=desk.settings.session_hours), desk.accounts.idle)


@web.middleware
async def know_the_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Behind it a request has a user, or a path that needs none."""
    if _is_under(request.path, NO_SESSION):
        return await handler(request)
    if request.path.startswith("/api/") and "Authorization" in request.headers:
        request[USER] = await _user_of_key(request)
        return await handler(request)
    account = await _account_of(request, await get_session(request))
    if account is not None:
        request[USER] = User(account.name, Role(account.role), account.region_code)
        await _demand_duties(request, account)
    elif not _is_under(request.path, OPEN_PATHS):
        if request.path.startswith("/api/"):
            raise web.HTTPUnauthorized(text="请先登录，或使用密钥", headers={"WWW-Authenticate": "Bearer"})
        raise web.HTTPSeeOther("/login", headers=_whole_page(request))
    return await handler(request)


@web.middleware
async def refuse_foreign_forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A POST carries the token of its own session, or is refused.

    A push has its secret path or signature instead, and a system its key: no browser sends either by itself.
    """
    is_by_key = USER in request and LOGIN not in request
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith(SIGNED) or is_by_key:
        return await handler(request)
    if request.path not in STREAMED and not await is_own_form(request, (await request.post()).get(CSRF_FIELD)):
        raise web.HTTPForbidden(text=FOREIGN_FORM)
    return await handler(request)


FOREIGN_FORM = "页面已过期或不是从本系统打开的，请返回上一页刷新后再提交"


async def is_own_form(request: web.Request, sent: object) -> bool:
    """True when `sent` is the token of this session."""
    kept = (await get_session(request)).get("csrf")
    return isinstance(sent, str) and isinstance(kept, str) and hmac.compare_digest(sent.encode(), kept.encode())


def _whole_page(request: web.Request) -> dict[str, str]:
    """So that a fragment that is fetched after the session ended opens the login page, not a login inside the page."""
    return {"HX-Redirect": "/login"} if "HX-Request" in request.headers else {}


def _is_under(path: str, places: tuple[str, ...]) -> bool:
    return any(path.startswith(place) if place.endswith("/") else path == place for place in places)


async def _user_of_key(request: web.Request) -> User:
    """The system behind the key. Raises HTTPUnauthorized, the same for an unknown, an expired and a revoked one."""
    desk, said = request.app[DESK], request.headers["Authorization"]
    user = await user_with_key(desk.ledger, said.removeprefix(_BEARER).strip(), desk.clock.now())
    if user is None or not said.startswith(_BEARER):
        raise web.HTTPUnauthorized(text="密钥不对、已过期或已撤销", headers={"WWW-Authenticate": "Bearer"})
    return user


async def _account_of(request: web.Request, session: Session) -> Account | None:
    desk, token = request.app[DESK], session.get("token")
    if not isinstance(token, str):
        return None
    found = await sessions.find_session(desk.ledger, token, ages(desk), desk.clock.now())
    if found is None:
        return None
    request[LOGIN], account = found
    return account


async def _demand_duties(request: web.Request, account: Account) -> None:
    """Who must first choose a password, or enrol a one-time password, is led there from everywhere else."""
    here = request.path
    if here in (_CHANGE_PASSWORD, "/logout"):
        return
    must = _CHANGE_PASSWORD if account.must_change else None
    desk = request.app[DESK]
    if must is None and desk.accounts.require_totp and account.role == Role.ADMINISTRATOR.value:
        totp = (await factors_of(desk.ledger, account.name)).get(FactorKind.TOTP)
        must = _ENROL if totp is None or totp.verified_at is None else None
    if must is None or (must == _ENROL and here.startswith(_ENROL)):
        return
    if here.startswith("/api/"):
        raise web.HTTPForbidden(text="请先在控制台完成账号设置")
    raise web.HTTPSeeOther(must, headers={"HX-Redirect": must} if "HX-Request" in request.headers else {})


async def open_session(request: web.Request, user: User) -> None:
    """A fresh session of the user; nothing of an earlier one is in it."""
    desk, token = request.app[DESK], secrets.token_urlsafe(32)
    await sessions.open_session(desk.ledger, user.name, token, visitor_of(request), desk.clock.now())
    session = await new_session(request)
    session["token"], session["csrf"] = token, secrets.token_urlsafe(24)


async def close_session(request: web.Request) -> None:
    """The login is over here and in the ledger, so that a copy of the cookie is worth nothing."""
    desk = request.app[DESK]
    if LOGIN in request:
        await sessions.end_session(desk.ledger, request[USER].name, request[LOGIN], desk.clock.now())
    (await get_session(request)).invalidate()


async def is_logged_in(request: web.Request) -> bool:
    """Whether the login that the request came with is still open; for answers that last."""
    return await _account_of(request, await get_session(request)) is not None


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
