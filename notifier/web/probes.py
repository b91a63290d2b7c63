"""What machines ask: is it alive, is it ready, how is it doing."""

import asyncio

import structlog
from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler

from notifier.web.desk import DESK

_PATIENCE_S = 5
_log = structlog.get_logger("web")


async def health(request: web.Request) -> web.Response:
    """GET /health: 200 while the process answers at all."""
    return web.json_response({"alive": True})


async def ready(request: web.Request) -> web.Response:
    """GET /ready: 200 when the ledger answers and its schema is current, else 503 with the reason."""
    why = await _not_ready(request)
    return web.json_response({"ready": why is None, "why": why}, status=200 if why is None else 503)


async def _not_ready(request: web.Request) -> str | None:
    asked = asyncio.wait_for(request.app[DESK].schema_is_current(), _PATIENCE_S)
    (found,) = await asyncio.gather(asked, return_exceptions=True)
    if isinstance(found, BaseException):
        _log.warning("not_ready", error=type(found).__name__)
        return "the ledger does not answer"
    return None if found else "the ledger's schema is not current; run `notifier db upgrade`"


ROUTES = (web.get("/health", health), web.get("/ready", ready), web.get("/metrics", make_aiohttp_handler()))
