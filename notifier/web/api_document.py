"""The OpenAPI document of the JSON API, made from the handlers themselves, and a page that people can read."""

from collections.abc import Sequence
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
    "401": "没有密钥或签名，或不对、过期、已撤销",
    "403": "密钥没有这项权限",
    "404": "没有，或不在可见的地区",
    "409": "这个 Nonce 已用于另一次内容不同的推送",
    "413": "一次推送最多 8 MiB",
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
    told = [(method.upper(), path, one) for path, methods in made["paths"].items() for method, one in methods.items()]
    return await render(request, "api_guide.html", document=made, operations=told, shapes=made["components"]["schemas"])


def _kept(request: web.Request) -> dict[str, Any]:
    kept = request.app[MADE]
    if not kept:
        kept.update(openapi(request.app, request.app[DESK].settings.public_url))
    return kept


def _pushed(answers: Sequence[int]) -> dict[str, Any]:
    """The operation of a signed push, whose handler reads the bytes that were signed and so has no shapes."""

    def header(name: str, says: str, pattern: str) -> dict[str, Any]:
        schema = {"type": "string", "pattern": pattern}
        return {"in": "header", "name": name, "required": True, "description": says, "schema": schema}

    source = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,60}$"}
    record = {"type": "object", "description": "一行明细：列名与发放清单相同", "additionalProperties": True}
    records = {"type": "array", "items": record, "description": "明细，逐行答复"}
    body = {"type": "object", "required": ["records"], "properties": {"records": records}}
    return {
        "description": "推送发放明细\n\n由来源定义里的密钥签名，不用接口密钥；同一次推送再发一遍得到同样的答复。",
        "tags": ["发放"],
        "parameters": [
            {"in": "path", "name": "source", "required": True, "description": "来源的名称", "schema": source},
            header("X-Timestamp", "Unix 秒", "^[0-9]{10}$"),
            header("X-Nonce", "每次推送一个新的，16 至 64 个字母、数字、- 或 _", "^[A-Za-z0-9_-]{16,64}$"),
            header("X-Signature", "HMAC-SHA256（密钥，时间、换行、Nonce、换行、正文）的十六进制", "^[0-9a-f]{64}$"),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {str(one): {"content": {"application/json": {"schema": {"type": "object"}}}} for one in answers},
    }


def openapi(app: web.Application, url: str) -> dict[str, Any]:
    """The document as plain JSON values; `url` is where the service is reached."""
    made: dict[str, Any] = generate_oas([app], _VERSION, _TITLE, _SECURITY)
    made["servers"] = [{"url": url.rstrip("/")}]
    made["info"]["description"] = (
        "通知率、通知任务、农户状态、入户和咨询，姓名、号码一律脱敏；发放明细可以推送进来。时间是 UTC。"
    )
    for methods in made["paths"].values():
        for told in methods.values():
            _finish(told)
            told["security"] = [{"key": []}]
    made["paths"]["/api/payments/{source}"] = {"post": _pushed((200, 400, 401, 404, 409, 413))}
    _finish(made["paths"]["/api/payments/{source}"]["post"])
    return made


def _finish(told: dict[str, Any]) -> None:
    summary, _, rest = told.get("description", "").partition("\n")
    told["summary"], told["description"] = summary, rest.strip()
    for status, answer in told["responses"].items():
        answer["description"] = _STATUS_TEXT.get(status, "")


ROUTES = (web.get("/api/openapi.json", document, allow_head=False), web.get("/api-guide", page))
