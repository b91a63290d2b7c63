"""What machines ask: is it alive, is it ready, how is it doing."""

import asyncio
from collections.abc import Sequence

import structlog
from aiohttp import web
from prometheus_client import Gauge
from prometheus_client.aiohttp import make_aiohttp_handler

from notifier.domain.watched import SourceState
from notifier.store.health import SourceHealth, source_health
from notifier.web.desk import DESK

_PATIENCE_S = 5
_log = structlog.get_logger("web")
_METRICS = make_aiohttp_handler()
_STATE = Gauge("notifier_source_state", "1 for the state that a source is in", ("source", "state"))
_LOOKED = Gauge("notifier_source_complete_timestamp_seconds", "The last look at a source that was whole", ("source",))
_NEWS = Gauge("notifier_source_new_timestamp_seconds", "When a source last had something new", ("source",))
_WAITING = Gauge("notifier_source_waiting", "Undated items and corrections that wait for a person", ("source",))


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


async def metrics(request: web.Request) -> web.StreamResponse:
    """GET /metrics: what the process counted, and the sources as the ledger knows them when it answers in time."""
    asked = asyncio.wait_for(source_health(request.app[DESK].ledger), _PATIENCE_S)
    (found,) = await asyncio.gather(asked, return_exceptions=True)
    if isinstance(found, BaseException):
        _log.warning("sources_not_measured", error=type(found).__name__)
    else:
        _measure(found)
    return await _METRICS(request)


def _measure(sources: Sequence[SourceHealth]) -> None:
    for one in sources:
        for state in SourceState:
            _STATE.labels(one.name, state.value).set(one.state is state)
        for gauge, at in ((_LOOKED, one.complete_at), (_NEWS, one.new_at)):
            if at is not None:
                gauge.labels(one.name).set(at.timestamp())
        _WAITING.labels(one.name).set(one.n_undated + one.n_changed)


ROUTES = (web.get("/health", health), web.get("/ready", ready), web.get("/metrics", metrics))
