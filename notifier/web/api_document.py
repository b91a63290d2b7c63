"""The OpenAPI document of the JSON API, made from the handlers themselves, and a page that people can read."""

from typing import Any

from aiohttp import web
from aiohttp_pydantic.oas.view import generate_oas

from notifier.accounts.roles import Permission
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import demand

_TITLE, _VERSION = "惠农通知接口", "1"
_SECURITY = {"key": {"type": "http", "scheme": "bearer", "description": "管理员在“接口密钥”页新建的密钥"}}
_STATUS_TEXT = {
    "200": "成功",
    "400": "参数不对",
    "401": "没有密钥，或密钥不对、过期、已撤销",
    "403": "密钥没有这项权限",
    "404": "没有，或不在可见的地区",
}
MADE: web.AppKey[dict[str, Any]] = web.AppKey("openapi", dict)
"""The document once it is made; its handlers do not change while the service runs."""


async def document(request: web.Request) -> web.Response:
    """GET /api/openapi.json: the document, for programs; made once a process."""
    demand(request, Permission.READ)
    return web.json_response(_kept(request))


async def page(request: web.Request) -> web.Response:
    """GET /api-guide: the same for people; loads nothing from elsewhere."""
    demand(request, Permission.READ)
    made = _kept(request)
    paths = [(path, told["get"]) for path, told in made["paths"].items() if "get" in told]
    return await render(request, "api_guide.html", document=made, paths=paths, shapes=made["components"]["schemas"])


def _kept(request: web.Request) -> dict[str, Any]:
    kept = request.app[MADE]
    if not kept:
        kept.update(openapi(request.app, request.app[DESK].settings.public_url))
    return kept


def openapi(app: web.Application, url: str) -> dict[str, Any]:
    """The document as plain JSON values; `url` is where the service is reached."""
    made: dict[str, Any] = generate_oas([app], _VERSION, _TITLE, _SECURITY)
    made["servers"] = [{"url": url.rstrip("/")}]
    made["info"]["description"] = "通知率、通知任务、农户状态、入户和咨询，只读；姓名、号码一律脱敏。时间是 UTC。"
    for methods in made["paths"].values():
        for told in methods.values():
            _finish(told)
    return made


def _finish(told: dict[str, Any]) -> None:
    summary, _, rest = told.get("description", "").partition("\n")
    told["summary"], told["description"] = summary, rest.strip()
    told["security"] = [{"key": []}]
    for status, answer in told["responses"].items():
        answer["description"] = _STATUS_TEXT.get(status, "")


ROUTES = (web.get("/api/openapi.json", document, allow_head=False), web.get("/api-guide", page))
