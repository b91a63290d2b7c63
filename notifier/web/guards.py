"""What every answer of the front desk carries, and how it fails: strict headers, pages for errors, counted requests."""

import traceback
from collections.abc import Mapping
from html import escape
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import Counter

from notifier.web.sessions import Handler

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_METHODS = frozenset(("GET", "HEAD", "POST", "OPTIONS"))
_log = structlog.get_logger("web")
_REQUESTS = Counter("notifier_web_requests_total", "Requests by route and status", ("method", "route", "status"))

_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("请求不完整", "请返回上一页，检查填写的内容后再提交。"),
    403: ("没有权限", "您的角色没有这项权限；需要时请联系管理员。"),
    404: ("没有找到", "网址不对，或内容不在您管辖的地区内。请从导航栏重新进入。"),
    405: ("不能这样操作", "请从页面上的按钮操作。"),
    413: ("内容太大", "提交的内容超过 1 MB，请减少后再试。"),
    500: ("系统出错", "错误已记入日志，数据没有改动。请稍后再试；仍然出错请联系运维人员。"),
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost: every answer has the headers, every failure is a page in plain words, every request counts."""
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        response = _refusal(request, refused)
    except Exception as error:  # noqa: BLE001 - the last line: one bad request must not take others along
        # Type and place only: a message may hold what a person typed.
        _log.error("request_failed", route=_route(request), error=type(error).__name__, at=_places(error))
        response = _refusal(request, web.HTTPInternalServerError())
    method = request.method if request.method in _METHODS else "other"
    _REQUESTS.labels(method, _route(request), str(response.status)).inc()
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith(("/static/", "/assets/")):
            response.headers.setdefault("Cache-Control", "no-store")
    if isinstance(response, web.HTTPException):
        raise response
    return response


def _refusal(request: web.Request, refused: web.HTTPException) -> web.StreamResponse:
    """For people a page, for systems JSON, for providers and browsers' own requests the bare status."""
    if refused.status < 400:
        return refused
    if request.path.startswith("/api/"):
        kept = {name: refused.headers[name] for name in ("Allow", "WWW-Authenticate") if name in refused.headers}
        return web.json_response({"error": _words(refused)}, status=refused.status, headers=kept)
    return refused if _is_for_machines(request) else _page(refused)


def _is_for_machines(request: web.Request) -> bool:
    return request.path.startswith(("/callbacks/", "/static/", "/assets/", "/health", "/ready", "/metrics"))


def _route(request: web.Request) -> str:
    """The pattern, never the path: a path can hold the callback secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _places(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]


def _page(refused: web.HTTPException) -> web.Response:
    title, _ = _ERRORS.get(refused.status, _ERRORS[500])
    body = _PAGE.format(title=title, mend=escape(_words(refused)))
    return web.Response(status=refused.status, text=body, content_type="text/html")


def _words(refused: web.HTTPException) -> str:
    said = refused.text or ""
    is_ours = not said.isascii()  # aiohttp's own words are English
    return said if is_ours else _ERRORS.get(refused.status, _ERRORS[500])[1]


_PAGE = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    '<link rel="stylesheet" href="/assets/pico.min.css"><link rel="stylesheet" href="/static/console.css"></head>'
    '<body><main class="container"><article><h1>{title}</h1><p>{mend}</p><p><a href="/">回到总览</a></p></article>'
    "</main></body></html>"
)
