"""The sandbox's own switchboard under /sandbox/: read the record, misbehave, move followers, aim the pushes."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Protocol, TypeVar

import orjson
from aiohttp import web
from pydantic import Field, ValidationError

from notifier.sandbox import handsets
from notifier.sandbox.frozen import Frozen
from notifier.sandbox.handsets import ALIYUN, MAS, TENCENT, WECHAT
from notifier.sandbox.mischief import Mischief
from notifier.sandbox.receipts import ReceiptPusher
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import PushMode
from notifier.sandbox.wechat.callbacks import CallbackPusher
from notifier.sandbox.wechat.endpoint import WeChatGateway
from notifier.sandbox.wechat.followers import Standing, is_openid

PAGE_LIMIT = 10_000
_AIMS = {"sms_report_url": ALIYUN, "tencent_url": TENCENT, "mas_url": MAS, "wechat_url": WECHAT}


class MischiefOrder(Frozen):
    gateway: str
    """Which gateway misbehaves: aliyun, tencent, mas, cmpp or wechat."""
    clear: bool = False
    """Behave again before `plan` is applied."""
    plan: dict[str, Any] = Field(default_factory=dict)
    """Fields of MischiefPlan to replace."""


class FollowerOrder(Frozen):
    follow: tuple[str, ...] = ()
    """These openids follow; a subscribe event is pushed for each."""
    unfollow: tuple[str, ...] = ()
    """These leave; an unsubscribe event is pushed for each."""
    block: tuple[str, ...] = ()
    """The account blacklists these: 43019."""
    refuse: tuple[str, ...] = ()
    """These turn messages off: 43101."""
    scene: str = ""
    """QR scene through which `follow` came."""
    push: bool = True
    """False changes the standing without any event."""


class CallbackOrder(Frozen):
    sms_report_url: str | None = None
    """New target of Aliyun's SmsReport; empty stops it."""
    tencent_url: str | None = None
    """New target of Tencent's callbacks; empty stops them."""
    mas_url: str | None = None
    """New target of MAS's reports; empty stops them."""
    wechat_url: str | None = None
    """New message server; empty stops it."""
    wechat_mode: PushMode | None = None
    """New push mode."""


class Reply(Frozen):
    gateway: str
    """Through which gateway it comes: aliyun, tencent, mas or cmpp."""
    phone: Annotated[str, Field(pattern=r"^1[3-9]\d{9}$")]
    """Who says it."""
    content: Annotated[str, Field(min_length=1, max_length=500)]
    """What is pushed as a person's answer to an SMS."""


class Saying(Frozen):
    openid: str
    """Who says it."""
    content: Annotated[str, Field(min_length=1, max_length=2048)]
    """What the message server receives as a text message."""


Order = TypeVar("Order", bound=Frozen)


class SmsGateway(Protocol):
    """What the switchboard needs of a stand-in for an SMS gateway."""

    mischief: Mischief
    pusher: ReceiptPusher

    def forget(self) -> None:
        """What it counted of earlier messages counts no more."""
        ...

    def answer(self, phone: str, text: str) -> None:
        """A person answers an SMS: the service is told, if it wants to be."""
        ...


class Switchboard:
    """Everything that a demo or a test may ask of the sandbox itself."""

    def __init__(self, recorder: HandsetRecorder, wechat: WeChatGateway, sms: Mapping[str, SmsGateway]) -> None:
        self._recorder = recorder
        self._wechat = wechat
        self._sms = sms
        self._pushers: dict[str, ReceiptPusher | CallbackPusher] = {WECHAT: wechat.pusher}
        self._pushers |= {name: gateway.pusher for name, gateway in sms.items()}
        self._mischiefs = {WECHAT: wechat.mischief} | {name: gateway.mischief for name, gateway in sms.items()}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sandbox/health", self.health),
            web.get("/sandbox/records", self.records),
            web.get("/sandbox/counts", self.counts),
            web.post("/sandbox/reset", self.reset),
            web.get("/sandbox/mischief", self.mischief),
            web.post("/sandbox/mischief", self.misbehave),
            web.post("/sandbox/followers", self.move_followers),
            web.get("/sandbox/callbacks", self.callbacks),
            web.post("/sandbox/callbacks", self.aim_callbacks),
            web.post("/sandbox/say", self.say),
            web.post("/sandbox/reply", self.reply),
        ]

    async def health(self, request: web.Request) -> web.Response:
        return _json({"ok": True})

    async def records(self, request: web.Request) -> web.Response:
        """Rows after id `after`, at most `limit` (1,000 by default); `next` is the `after` of the next page or null."""
        after, limit = _whole(request, "after", 0, 2**62), _whole(request, "limit", 1000, PAGE_LIMIT)
        self._recorder.flush()
        rows = handsets.page(self._recorder.connection, after, limit)
        following = rows[-1].id if len(rows) == limit and rows else None
        return _json({"records": [row._asdict() for row in rows], "next": following})

    async def counts(self, request: web.Request) -> web.Response:
        """Messages by channel and result, pushes still owed (0 = nothing more will come), and what became of them."""
        self._recorder.flush()
        return _json(
            {
                "messages": handsets.count_results(self._recorder.connection),
                "pending": {name: pusher.n_pending for name, pusher in self._pushers.items()},
                "pushes": {name: asdict(pusher.courier.tally) for name, pusher in self._pushers.items()},
                "followers": self._wechat.followers.tally(),
            }
        )

    async def reset(self, request: web.Request) -> web.Response:
        """An empty record, nothing owed, no flow counted, every gateway behaves; followers and tokens stay."""
        for pusher in self._pushers.values():
            pusher.forget()
        for gateway in self._sms.values():
            gateway.forget()
        self._wechat.sending.forget()
        for mischief in self._mischiefs.values():
            mischief.clear()
        self._recorder.reset()
        return _json({"ok": True})

    async def mischief(self, request: web.Request) -> web.Response:
        return _json(
            {
                name: {**mischief.plan.model_dump(mode="json", exclude={"script"}), "n_scripted": mischief.n_scripted}
                for name, mischief in self._mischiefs.items()
            }
        )

    async def misbehave(self, request: web.Request) -> web.Response:
        """The gateway follows the changed plan from the next request on; a wrong field changes nothing."""
        order = await _read(request, MischiefOrder)
        mischief = self._mischiefs.get(order.gateway)
        if mischief is None:
            raise _bad(f"gateway 应为 {'、'.join(self._mischiefs)} 之一")
        try:
            mischief.change(order.plan, afresh=order.clear)
        except ValidationError as error:
            raise _refuse(error) from None
        return await self.mischief(request)

    async def move_followers(self, request: web.Request) -> web.Response:
        """The openids have their new standing, and the service is told of those who came and went."""
        order = await _read(request, FollowerOrder)
        everybody = (*order.follow, *order.unfollow, *order.block, *order.refuse)
        if not all(map(is_openid, everybody)):
            raise _bad("openid 必须以 o 开头，只含字母、数字、下划线和连字符，6 至 64 位")
        followers, pusher = self._wechat.followers, self._wechat.pusher
        followers.change(order.follow, Standing.FOLLOWING)
        followers.change(order.unfollow, Standing.LEFT)
        followers.change(order.block, Standing.BLOCKED)
        followers.change(order.refuse, Standing.REFUSING)
        if order.push:
            for openid in order.follow:
                pusher.subscribe(openid, order.scene)
            for openid in order.unfollow:
                pusher.unsubscribe(openid)
        return _json(followers.tally())

    async def callbacks(self, request: web.Request) -> web.Response:
        pusher = self._wechat.pusher
        aims = {name: self._pushers[gateway].url for name, gateway in _AIMS.items()}
        return _json({**aims, "wechat_mode": pusher.mode})

    async def aim_callbacks(self, request: web.Request) -> web.Response:
        """Later pushes go to the new targets; messages accepted while there was none are never pushed."""
        order = await _read(request, CallbackOrder)
        for name, gateway in _AIMS.items():
            if (url := getattr(order, name)) is not None:
                self._pushers[gateway].url = url
        if order.wechat_mode is not None:
            self._wechat.pusher.mode = order.wechat_mode
        return await self.callbacks(request)

    async def reply(self, request: web.Request) -> web.Response:
        """A person answers an SMS: the service is told, if it wants to be."""
        order = await _read(request, Reply)
        gateway = self._sms.get(order.gateway)
        if gateway is None:
            raise _bad(f"gateway 应为 {'、'.join(self._sms)} 之一")
        gateway.answer(order.phone, order.content)
        return _json({"ok": True})

    async def say(self, request: web.Request) -> web.Response:
        order = await _read(request, Saying)
        return _json({"msg_id": str(self._wechat.pusher.say(order.openid, order.content))})


@web.middleware
async def say_what_failed(request: web.Request, handler: Any) -> web.StreamResponse:
    """A record file that cannot be read or written is said so; the gateways answer for themselves."""
    try:
        answer: web.StreamResponse = await handler(request)
    except sqlite3.Error as error:
        return web.Response(status=503, text=f"沙箱的手机记录文件无法读写：{error}")
    return answer


async def _read(request: web.Request, shape: type[Order]) -> Order:
    try:
        return shape.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise _refuse(error) from None


def _refuse(error: ValidationError) -> web.HTTPBadRequest:
    faults = (f"{'.'.join(map(str, fault['loc'])) or '(整体)'}：{fault['msg']}" for fault in error.errors())
    return _bad("；".join(faults))


def _bad(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=orjson.dumps({"error": sentence}).decode(), content_type="application/json")


def _whole(request: web.Request, name: str, otherwise: int, most: int) -> int:
    text = request.query.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise _bad(f"{name} 应为 0 至 {most} 的整数")
    return int(text)


def _json(said: Any) -> web.Response:
    return web.Response(body=orjson.dumps(said), content_type="application/json")
