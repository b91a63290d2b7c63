"""Payments pushed by another system: POST /api/payments/{source}, proved by its signature alone."""

from aiohttp import web

from notifier.domain.errors import InputError
from notifier.watch.pushing import NonceUsed, Signed, Unproven
from notifier.web.desk import DESK

LARGEST_PUSH = 8 * 1024 * 1024
_WHY = {
    401: "签名、时间或来源不对；请核对密钥、时钟和签名方法",
    409: "这个 Nonce 已用于另一次内容不同的推送；请换一个",
    413: "一次推送最多 8 MiB；请分几次推送",
}


async def take_payments(request: web.Request) -> web.Response:
    """POST /api/payments/{source}: JSON {"records": [{…}, …]}, signed with the secret of the source's definition.

    Headers: X-Timestamp (Unix seconds, at most `age` from ours), X-Nonce (16 to 64 letters, digits, - and _; a new one
    for each push), X-Signature = hex(HMAC-SHA256(secret, timestamp + "\\n" + nonce + "\\n" + body)). 200 names every
    record by its place from 1: accepted with the project it is in, rejected with why. The same push again gets the same
    answer ("repeated": true). 400 not such JSON, 401 not proved, 409 nonce used for something else, 413 too large.
    """
    body = await _body(request)
    if body is None:
        return _refused(413)
    said = request.headers
    signed = Signed(said.get("X-Timestamp", ""), said.get("X-Nonce", ""), said.get("X-Signature", ""))
    try:
        answer = await request.app[DESK].payments.take(request.match_info["source"], signed, body)
    except Unproven:
        return _refused(401)
    except NonceUsed:
        return _refused(409)
    except InputError as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response(dict(answer))


async def _body(request: web.Request) -> bytes | None:
    whole = bytearray()
    async for part in request.content.iter_any():
        whole += part
        if len(whole) > LARGEST_PUSH:
            return None
    return bytes(whole)


def _refused(status: int) -> web.Response:
    return web.json_response({"error": _WHY[status]}, status=status)


ROUTES = (web.post(r"/api/payments/{source:[a-z0-9][a-z0-9_-]{0,60}}", take_payments),)
