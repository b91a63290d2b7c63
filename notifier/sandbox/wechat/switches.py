"""What a follower does, on request: accepts notices, presses the menu, scans a code, opens a page."""

from typing import Annotated, Literal, TypeVar

import orjson
from aiohttp import web
from pydantic import Field, ValidationError

from notifier.sandbox.frozen import Frozen
from notifier.sandbox.wechat.endpoint import WeChatGateway
from notifier.sandbox.wechat.pages import SCRIPT

_Openid = Annotated[str, Field(pattern=r"^o[A-Za-z0-9_-]{5,63}$")]


class ConsentOrder(Frozen):
    openids: tuple[_Openid, ...]
    """Who decides."""
    template_id: str
    """A template of wechat.subscriptions."""
    word: Literal["accept", "reject"] = "accept"
    """What they choose in the popup; with `change` only reject makes sense."""
    change: bool = False
    """It is withdrawn later in the account's settings: a change event instead of the popup's."""
    mistaken: bool = False
    """The change event comes in the popup's wrapper, as the documentation once showed it."""
    push: bool = True
    """False changes the consent without any event."""


class PressOrder(Frozen):
    openid: _Openid
    """Who presses the menu."""
    key: str = "ask"
    """The menu's key."""


class ScanOrder(Frozen):
    openid: _Openid
    """Who, following already, scans a code."""
    ticket: str
    """The code's ticket, from qrcode/create."""


class PopupOrder(Frozen):
    template_id: str
    """A template of wechat.subscriptions."""


class TapOrder(Frozen):
    openid: _Openid
    """Who taps the newest card."""


class VisitorOrder(Frozen):
    openid: _Openid
    """Whose WeChat opens the next pages."""
    snapshot: bool = False
    """It is a 快照页: a virtual account."""


Order = TypeVar("Order", bound=Frozen)


class WeChatSwitches:
    """Routes of the official account besides cgi-bin."""

    def __init__(self, wechat: WeChatGateway, path: str) -> None:
        self._wechat = wechat
        self._above = path.removesuffix("cgi-bin/")

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/sandbox/consents", self.consent),
            web.post("/sandbox/press", self.press),
            web.post("/sandbox/scan", self.scan),
            web.post("/sandbox/visitor", self.visit),
            web.post("/sandbox/tap", self.tap),
            web.post("/sandbox/page", self.page),
            web.post("/sandbox/popup", self.popup),
            web.get(f"{self._above}open/js/jweixin-1.6.0.js", self.script),
            web.get("/sandbox/menu", self.menu),
            web.get(f"{self._above}sns/oauth2/access_token", self._wechat.exchange),
            web.get(f"{self._above}connect/oauth2/authorize", self.authorize),
        ]

    async def consent(self, request: web.Request) -> web.Response:
        """They accept or reject a template's notices from now on, and the service is told."""
        order = await _read(request, ConsentOrder)
        consents, pusher = self._wechat.consents, self._wechat.pusher
        if order.template_id not in consents.templates:
            raise _bad("template_id 应是 wechat.subscriptions 中的模板")
        (consents.accept if order.word == "accept" else consents.reject)(order.openids, order.template_id)
        for openid in order.openids if order.push else ():
            if order.change:
                pusher.withdraw(openid, order.template_id, mistaken=order.mistaken)
            else:
                pusher.popup(openid, {order.template_id: order.word})
        return _json({"ok": True})

    async def press(self, request: web.Request) -> web.Response:
        order = await _read(request, PressOrder)
        self._wechat.pusher.press(order.openid, order.key)
        return _json({"ok": True})

    async def scan(self, request: web.Request) -> web.Response:
        """A SCAN event with the ticket's scene is due; an ended ticket leads nowhere."""
        order = await _read(request, ScanOrder)
        scene = self._wechat.scenes.scene_of(order.ticket)
        if scene is None:
            raise _bad("这个二维码不存在或已过期")
        self._wechat.pusher.scan(order.openid, scene, order.ticket)
        return _json({"scene": scene})

    async def tap(self, request: web.Request) -> web.Response:
        """What a tap on the openid's newest card opens."""
        order = await _read(request, TapOrder)
        return _json({"link": self._wechat.sending.link(order.openid)})

    async def script(self, request: web.Request) -> web.Response:
        """In place of WeChat's own script."""
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def page(self, request: web.Request) -> web.Response:
        """Whether a page may use the buttons, by its signature."""
        given = orjson.loads(await request.read())
        return _json({"ok": self._wechat.tickets.is_signed(given)}, for_pages=True)

    async def popup(self, request: web.Request) -> web.Response:
        """The visitor presses the button and accepts in the popup; the service is told."""
        order = await _read(request, PopupOrder)
        openid, consents = self._wechat.visitors.openid, self._wechat.consents
        if order.template_id not in consents.templates:
            raise _bad("template_id 应是 wechat.subscriptions 中的模板")
        consents.accept([openid], order.template_id)
        self._wechat.pusher.popup(openid, {order.template_id: "accept"})
        return _json({"ok": True}, for_pages=True)

    async def menu(self, request: web.Request) -> web.Response:
        """The account's menu as it was published last; empty before."""
        return _json({"button": self._wechat.menu})

    async def visit(self, request: web.Request) -> web.Response:
        """The next pages are opened by that openid; a code for it is given at once, too."""
        order = await _read(request, VisitorOrder)
        visitors = self._wechat.visitors
        visitors.openid, visitors.is_snapshot = order.openid, order.snapshot
        return _json({"code": visitors.code()})

    async def authorize(self, request: web.Request) -> web.Response:
        """The browser comes back with a code, as after a silent snsapi_base."""
        target = self._wechat.visitors.sent_back(request.rel_url.raw_query_string)
        if target is None:
            return web.Response(text="Oops! Something went wrong:(", status=200)
        raise web.HTTPFound(target)


async def _read(request: web.Request, shape: type[Order]) -> Order:
    try:
        return shape.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc'])) or '(整体)'}：{fault['msg']}" for fault in error.errors())
        raise _bad("；".join(faults)) from None


def _bad(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=orjson.dumps({"error": sentence}).decode(), content_type="application/json")


def _json(said: object, *, for_pages: bool = False) -> web.Response:
    headers = {"Access-Control-Allow-Origin": "*"} if for_pages else {}
    return web.Response(body=orjson.dumps(said), content_type="application/json", headers=headers)
