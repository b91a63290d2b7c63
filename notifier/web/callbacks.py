"""Provider callbacks: a secret path, verified where the provider signs, stored sealed, and only then answered."""

import hmac
from collections.abc import Mapping

import structlog
from aiohttp import web
from prometheus_client import Counter

from notifier.domain.contracts import Channel, Connected, Push, Signing
from notifier.domain.errors import InputError
from notifier.web.desk import DESK, FrontDesk

_log = structlog.get_logger("web")
_PUSHES = Counter(
    "notifier_pushes_total", "Pushes of providers by gateway and what became of them", ("gateway", "what")
)


async def take_push(request: web.Request) -> web.Response:
    """POST /callbacks/{gateway}/{secret}: the push is durable and answered in the provider's own form.

    404 for a wrong secret or gateway and for one that pushes over a connection, 400 for a push that is not the
    provider's, 413 for one that is too large, 500 when it could not be stored, so that the provider pushes it again.
    """
    desk = request.app[DESK]
    channel = _channel(desk, request.match_info)
    push = Push(channel.name, dict(request.query), await request.read(), desk.clock.now())
    if isinstance(channel, Signing):  # what nobody signed can only be believed when it is folded
        try:
            push = channel.recognised(push)
        except InputError:
            _PUSHES.labels(channel.name, "refused").inc()
            _log.warning("push_refused", gateway=channel.name)
            raise web.HTTPBadRequest(text="") from None
    is_new = await desk.receive_push(push)  # what it raises becomes a 500 in the guard, and no answer of ours
    _PUSHES.labels(channel.name, "new" if is_new else "repeated").inc()
    status, content_type, body = channel.answer_push(push)
    return web.Response(status=status, text=body, content_type=content_type)


async def shake_hands(request: web.Request) -> web.Response:
    """GET /callbacks/wechat/{secret}: WeChat checks that the address is ours; a wrong signature is 400."""
    desk = request.app[DESK]
    _check_secret(desk, request.match_info)
    echo = desk.verify_wechat_url(dict(request.query))
    if echo is None:
        raise web.HTTPBadRequest(text="")
    return web.Response(text=echo, content_type="text/plain")


def _channel(desk: FrontDesk, found: Mapping[str, str]) -> Channel:
    _check_secret(desk, found)
    channel = desk.channels.get(found["gateway"])
    if channel is None or isinstance(channel, Connected):
        raise web.HTTPNotFound(text="")
    return channel


def _check_secret(desk: FrontDesk, found: Mapping[str, str]) -> None:
    kept = desk.callback_secret
    if not kept or not hmac.compare_digest(found["secret"].encode(), kept.encode()):
        raise web.HTTPNotFound(text="")


ROUTES = (
    web.get("/callbacks/wechat/{secret}", shake_hands),
    web.post("/callbacks/{gateway}/{secret}", take_push),
)
