"""The HTTP side of the official account: cgi-bin/token, cgi-bin/stable_token, cgi-bin/message/template/send."""

import secrets
import sqlite3
from typing import Any

import orjson
from aiohttp import web

from notifier.sandbox import tampering
from notifier.sandbox.mischief import Mishap
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import WeChatSettings
from notifier.sandbox.wechat.callbacks import CallbackPusher
from notifier.sandbox.wechat.followers import Followers
from notifier.sandbox.wechat.refusals import WeChatRefusal, refusal
from notifier.sandbox.wechat.sending import TemplateSending
from notifier.sandbox.wechat.tokens import DAY_S, TokenOffice


class WeChatGateway:
    """Stand-in for api.weixin.qq.com."""

    def __init__(self, settings: WeChatSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        self.pusher = CallbackPusher(settings, recorder)
        self.followers = Followers(recorder, everybody_follows=settings.everybody_follows)
        self.sending = TemplateSending(settings, time_factor, recorder, self.followers, self.pusher)
        self.mischief = self.sending.mischief
        self.tokens = TokenOffice(settings, recorder.clock)
        self._sends_per_day = settings.sends_per_day

    async def open(self) -> None:
        self.followers.open()
        self.sending.open()
        await self.pusher.open()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers any request under cgi-bin the way the platform would."""
        try:
            match request.match_info["tail"]:
                case "token":
                    return _answer(self._plain_token(request))
                case "stable_token":
                    return _answer(await self._stable_token(request))
                case "message/template/send":
                    return await self._send(request)
            raise refusal(40066)
        except WeChatRefusal as said:
            rid = "-".join(secrets.token_hex(4) for _ in range(3))
            return _answer({"errcode": said.errcode, "errmsg": f"{said.errmsg} rid: {rid}"})
        except sqlite3.Error:
            return _answer({"errcode": -1, "errmsg": "system error"})

    def _plain_token(self, request: web.Request) -> dict[str, Any]:
        if request.method != "GET":
            raise refusal(43001)
        return self.tokens.issue_plain(request.query, request.remote or "")

    async def _stable_token(self, request: web.Request) -> dict[str, Any]:
        given = await _read_json(request)
        if not isinstance(given, dict):
            raise refusal(47001)
        return self.tokens.issue_stable(given, request.remote or "")

    async def _send(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("access_token")
        self.tokens.check(token)
        given = await _read_json(request)
        drawn = self.mischief.draw()
        if Mishap.REVOKE_TOKEN in drawn:
            self.tokens.revoke(token)
            raise refusal(40001)
        if (stopped := await tampering.before(request, drawn, self.mischief)) is not None:
            return stopped
        if Mishap.THROTTLE in drawn:
            raise refusal(45011)
        self.tokens.spend("template/send", DAY_S, self._sends_per_day, 45009)
        msgid = await self.sending.send(given, drawn)
        answer = _answer({"errcode": 0, "errmsg": "ok", "msgid": msgid})
        return await tampering.after(request, answer, drawn, self.mischief)


async def _read_json(request: web.Request) -> Any:
    if request.method != "POST":
        raise refusal(43002)
    try:
        body = await request.read()
    except web.HTTPException:
        raise refusal(47001) from None
    if not body:
        raise refusal(44002)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise refusal(47001) from None


def _answer(said: dict[str, Any]) -> web.Response:
    # the platform does not say application/json either
    return web.Response(body=orjson.dumps(said), headers={"Content-Type": "text/plain; charset=utf-8"})
