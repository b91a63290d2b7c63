"""Carries out the mishaps that happen to an HTTP exchange, the same way for every gateway."""

import asyncio
import socket
import struct
from contextlib import suppress

from aiohttp import web

from notifier.sandbox.mischief import Mischief, Mishap

_GARBAGE = b'{"Message":"OK","Code":"\xff\xfe<!-- half a reply'
_PAGE = (
    "<html><head><title>{status} {reason}</title></head><body><center><h1>{status} {reason}</h1></center>"
    "<hr><center>tengine</center></body></html>"
)


async def before(request: web.Request, drawn: frozenset[Mishap], mischief: Mischief) -> web.Response | None:
    """Latency, then what goes wrong before anything is accepted; None lets the request through."""
    if wait_s := mischief.latency_s():
        await asyncio.sleep(wait_s)
    if Mishap.RESET_BEFORE in drawn:
        return reset(request)
    if Mishap.HTTP_500 in drawn:
        return _page(500, "Internal Server Error")
    if Mishap.HTTP_502 in drawn:
        return _page(502, "Bad Gateway")
    return None


async def after(
    request: web.Request, answer: web.Response, drawn: frozenset[Mishap], mischief: Mischief
) -> web.StreamResponse:
    """What goes wrong with the answer to a request that was accepted."""
    if not drawn:
        return answer
    if Mishap.RESET_AFTER in drawn:
        return reset(request)
    if Mishap.HTTP_502_AFTER in drawn:
        return _page(502, "Bad Gateway")
    if Mishap.GARBAGE_BODY in drawn:
        return web.Response(body=_GARBAGE, content_type="application/json")
    with suppress(ConnectionResetError):  # whoever called is gone already: nobody is left to be spoilt an answer
        if Mishap.RESET_MID_BODY in drawn:
            await _half(request, answer)
            await asyncio.sleep(0.01)  # so that the half leaves before the reset discards it
            return reset(request)
        if Mishap.SLOW_BODY in drawn:
            return await _slow(request, answer, mischief.plan.slow_for.total_seconds())
    return answer


def reset(request: web.Request) -> web.Response:
    """The peer sees a connection reset; the returned response reaches nobody."""
    transport = request.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def _half(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = _bytes(answer)
    stream = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2])
    return stream


async def _slow(request: web.Request, answer: web.Response, wait_s: float) -> web.StreamResponse:
    body = _bytes(answer)
    stream = await _half(request, answer)
    await asyncio.sleep(wait_s)
    if request.transport is not None and not request.transport.is_closing():
        await stream.write(body[len(body) // 2 :])
        await stream.write_eof()
    return stream


def _page(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=_PAGE.format(status=status, reason=reason), content_type="text/html")


def _bytes(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""
