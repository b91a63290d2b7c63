"""One web application with every gateway that speaks HTTP, and the switchboard, and CMPP's port beside it."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.domain.errors import ConfigError
from notifier.sandbox.aliyun.endpoint import AliyunGateway
from notifier.sandbox.cmpp.endpoint import CmppGateway
from notifier.sandbox.controls import Switchboard, say_what_failed
from notifier.sandbox.handsets import ALIYUN, CMPP, MAS, TENCENT
from notifier.sandbox.mas.endpoint import MasGateway
from notifier.sandbox.recorder import Clock, HandsetRecorder
from notifier.sandbox.settings import SandboxSettings
from notifier.sandbox.tencent.endpoint import TencentGateway
from notifier.sandbox.wechat.endpoint import WeChatGateway
from notifier.sandbox.wechat.switches import WeChatSwitches

BODY_LIMIT = 8 * 2**20
CMPP_GATEWAY = web.AppKey("cmpp", CmppGateway)
"""The gateway that is not a route; it knows its port once the application has started."""


def build_app(settings: SandboxSettings, clock: Clock = time.time) -> web.Application:
    """The application. Its record is opened when it starts, and closed with everything flushed when it ends."""
    recorder = HandsetRecorder(settings.record_path, clock)
    aliyun = AliyunGateway(settings.aliyun, settings.time_factor, recorder)
    wechat = WeChatGateway(settings.wechat, settings.time_factor, recorder)
    tencent = TencentGateway(settings.tencent, settings.time_factor, recorder)
    mas = MasGateway(settings.mas, settings.time_factor, recorder)
    cmpp = CmppGateway(settings.cmpp, settings.time_factor, recorder)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        recorder.open()
        pushers = (aliyun.pusher, tencent.pusher, mas.pusher)
        for pusher in pushers:
            await pusher.open()
        await wechat.open()
        await cmpp.open()
        yield
        await cmpp.close()
        await wechat.pusher.close()
        for pusher in pushers:
            await pusher.close()
        recorder.close()

    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[say_what_failed])
    app[CMPP_GATEWAY] = cmpp
    app.cleanup_ctx.append(lifetime)
    switchboard = Switchboard(recorder, wechat, {ALIYUN: aliyun, TENCENT: tencent, MAS: mas, CMPP: cmpp})
    app.add_routes(switchboard.routes())
    app.router.add_route("*", settings.wechat.path + "{tail:.*}", wechat.handle)
    app.add_routes(WeChatSwitches(wechat, settings.wechat.path).routes())
    app.router.add_route("*", settings.mas.path + "{action}", mas.handle)
    _mount(app, settings.tencent.path, tencent.handle)
    _mount(app, settings.aliyun.path, aliyun.handle)
    app.router.add_route("*", "/", _at_root(settings, aliyun, tencent))
    return app


def _mount(app: web.Application, path: str, handle: Handler) -> None:
    for one in (path, path.rstrip("/")):
        app.router.add_route("*", one, handle)


def _at_root(settings: SandboxSettings, aliyun: AliyunGateway, tencent: TencentGateway) -> Handler:
    """What answers at "/": two clouds whose official clients know no other path, told apart by a header."""

    async def answer(request: web.Request) -> web.StreamResponse:
        is_tencent = settings.tencent.at_root and "X-TC-Action" in request.headers
        if not is_tencent and not settings.aliyun.at_root:
            raise web.HTTPNotFound
        return await (tencent if is_tencent else aliyun).handle(request)

    return answer


async def run(settings: SandboxSettings, stop: asyncio.Event, on_ready: Callable[[str], None] | None = None) -> None:
    """Serves until `stop` is set, then ends gracefully; `on_ready` hears the address once it listens.

    Raises ConfigError when the port is taken or the record file cannot be opened.
    """
    # no access log: the old SDK puts phone numbers into the URL
    runner = web.AppRunner(build_app(settings), access_log=None, shutdown_timeout=2)
    try:
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
        await site.start()
        host, port = runner.addresses[0][:2]
        if on_ready is not None:
            on_ready(f"http://{host}:{port}")
        await stop.wait()
    except (OSError, sqlite3.Error) as error:
        where = f"{settings.host}:{settings.port}"
        raise ConfigError(f"沙箱无法在 {where} 监听或打开 {settings.record_path}：{error}。请换端口或路径。") from error
    finally:
        await runner.cleanup()
