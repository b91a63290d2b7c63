"""The HTTP side of the official account: what lies below cgi-bin, and the exchange of page codes."""

import secrets
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from notifier.sandbox import tampering
from notifier.sandbox.mischief import Mishap
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import WeChatSettings
from notifier.sandbox.wechat.answers import Answers
from notifier.sandbox.wechat.callbacks import CallbackPusher
from notifier.sandbox.wechat.consents import Consents
from notifier.sandbox.wechat.followers import Followers, Standing, is_openid
from notifier.sandbox.wechat.menus import read_menu
from notifier.sandbox.wechat.pages import PageTickets
from notifier.sandbox.wechat.refusals import WeChatRefusal, refusal
from notifier.sandbox.wechat.scenes import Scenes, picture
from notifier.sandbox.wechat.sending import TemplateSending
from notifier.sandbox.wechat.subscriptions import SubscriptionSending
from notifier.sandbox.wechat.tokens import DAY_S, TokenOffice
from notifier.sandbox.wechat.visitors import Visitors

_ANSWERS_PER_DAY = 500_000
_CODES_PER_DAY = 100_000
Delivery = Callable[[Any, frozenset[Mishap]], Awaitable[dict[str, Any]]]
"""Takes a body and what goes wrong with it; gives the fields of the answer besides errcode and errmsg."""


class WeChatGateway:
    """Stand-in for api.weixin.qq.com."""

    def __init__(self, settings: WeChatSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        self.pusher = CallbackPusher(settings, recorder)
        self.followers = Followers(recorder, everybody_follows=settings.everybody_follows)
        self.sending = TemplateSending(settings, time_factor, recorder, self.followers, self.pusher)
        self.mischief = self.sending.mischief
        self.consents = Consents(recorder, settings.subscriptions)
        self.subscriptions = SubscriptionSending(self.consents, self.sending)
        self.answers = Answers(recorder, self.pusher.windows)
        self.scenes = Scenes(recorder.clock)
        self.visitors = Visitors(settings, recorder.clock)
        self.tickets = PageTickets(recorder.clock)
        self.menu: list[dict[str, str]] = []
        self.tokens = TokenOffice(settings, recorder.clock)
        self._sends_per_day = settings.sends_per_day

    async def open(self) -> None:
        self.followers.open()
        self.consents.open()
        self.sending.open()
        await self.pusher.open()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers any request under cgi-bin the way the platform would."""
        return await _said(self._handle(request))

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        """sns/oauth2/access_token: a page's code for its visitor; needs no access token."""

        async def exchanged() -> web.StreamResponse:
            return _answer(self.visitors.exchange(request.query))

        return await _said(exchanged())

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        match request.match_info["tail"]:
            case "token":
                return _answer(self._plain_token(request))
            case "stable_token":
                return _answer(await self._stable_token(request))
            case "message/template/send":
                return await self._send(request, "template/send", self._sends_per_day, self._template)
            case "message/subscribe/bizsend":
                return await self._send(request, "bizsend", self._sends_per_day, self._subscription)
            case "message/custom/send":
                return await self._send(request, "custom/send", _ANSWERS_PER_DAY, self._custom)
            case "qrcode/create":
                return await self._send(request, "qrcode/create", _CODES_PER_DAY, self._qrcode)
            case "menu/create":
                return await self._send(request, "menu/create", _CODES_PER_DAY, self._menu)
            case "showqrcode":
                return self._picture(request)
            case "user/info":
                return _answer(self._user(request))
            case other:
                return self._of_pages(request, other)

    def _of_pages(self, request: web.Request, tail: str) -> web.StreamResponse:
        if tail != "ticket/getticket":
            raise refusal(40066)
        return _answer(self._ticket(request))

    async def _template(self, given: Any, drawn: frozenset[Mishap]) -> dict[str, Any]:
        return {"msgid": await self.sending.send(given, drawn)}

    async def _subscription(self, given: Any, drawn: frozenset[Mishap]) -> dict[str, Any]:
        await self.subscriptions.send(given, drawn)
        return {}

    async def _custom(self, given: Any, drawn: frozenset[Mishap]) -> dict[str, Any]:
        await self.answers.send(given)
        return {}

    async def _qrcode(self, given: Any, drawn: frozenset[Mishap]) -> dict[str, Any]:
        return self.scenes.create(given)

    async def _menu(self, given: Any, drawn: frozenset[Mishap]) -> dict[str, Any]:
        self.menu = read_menu(given)
        return {}

    def _picture(self, request: web.Request) -> web.Response:
        ticket = request.query.get("ticket", "")
        if self.scenes.scene_of(ticket) is None:
            raise web.HTTPNotFound
        return web.Response(body=picture(ticket), content_type="image/png")

    def _user(self, request: web.Request) -> dict[str, Any]:
        if request.method != "GET":
            raise refusal(43001)
        self.tokens.check(request.query.get("access_token"))
        openid = request.query.get("openid", "")
        if not is_openid(openid):
            raise refusal(40003)
        if self.followers.of(openid) is Standing.LEFT:
            return {"subscribe": 0, "openid": openid}
        return {"subscribe": 1, "openid": openid, "language": "zh_CN", "remark": "", "groupid": 0, "tagid_list": []}

    def _ticket(self, request: web.Request) -> dict[str, Any]:
        self.tokens.check(request.query.get("access_token"))
        if request.query.get("type") != "jsapi":
            raise refusal(40097)
        return {"errcode": 0, "errmsg": "ok", **self.tickets.issue()}

    def _plain_token(self, request: web.Request) -> dict[str, Any]:
        if request.method != "GET":
            raise refusal(43001)
        return self.tokens.issue_plain(request.query, request.remote or "")

    async def _stable_token(self, request: web.Request) -> dict[str, Any]:
        given = await _read_json(request)
        if not isinstance(given, dict):
            raise refusal(47001)
        return self.tokens.issue_stable(given, request.remote or "")

    async def _send(self, request: web.Request, api: str, most: int, deliver: Delivery) -> web.StreamResponse:
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
        self.tokens.spend(api, DAY_S, most, 45009)
        said = await deliver(given, drawn)
        answer = _answer({"errcode": 0, "errmsg": "ok", **said})
        return await tampering.after(request, answer, drawn, self.mischief)


async def _said(answering: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    try:
        return await answering
    except WeChatRefusal as said:
        rid = "-".join(secrets.token_hex(4) for _ in range(3))
        return _answer({"errcode": said.errcode, "errmsg": f"{said.errmsg} rid: {rid}"})
    except sqlite3.Error:
        return _answer({"errcode": -1, "errmsg": "system error"})


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
