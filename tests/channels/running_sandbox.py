"""A running sandbox, the channels that drive it, and the place that its pushes come to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from notifier.channels import open_channels
from notifier.domain import settings
from notifier.domain.contracts import Channel, Push
from notifier.domain.messages import Inbound, Receipt
from notifier.sandbox.server import build_app
from notifier.sandbox.settings import SandboxSettings
from notifier.wire import Wire
from tests.channels.doubles import MemoryTokens

SHORT = (timedelta(0), timedelta(seconds=0.01))


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class County:
    """A running sandbox, our channels, and the callback address that its pushes come to."""

    gateways: BaseTestServer
    wire: Wire
    channels: dict[str, Channel] = field(default_factory=dict)
    inbound: list[Inbound] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        channel = self.channels[request.match_info["gateway"]]
        push = Push(channel.name, dict(request.query), await request.read(), datetime.now(UTC))
        self.inbound += channel.read_push(push)
        self.came.set()
        status, kind, text = channel.answer_push(push)
        return web.Response(status=status, content_type=kind, text=text)

    async def told(self, fits: Callable[[Inbound], bool], n: int = 1) -> list[Inbound]:
        async with asyncio.timeout(5):
            while len(found := [one for one in self.inbound if fits(one)]) < n:
                self.came.clear()
                await self.came.wait()
        return found

    async def order(self, path: str, **order: object) -> None:
        headers = {"Content-Type": "application/json"}
        url = str(self.gateways.make_url(f"/sandbox/{path}"))
        reply = await self.wire.post(url, body=web.json_response(order).body, headers=headers)  # type: ignore[arg-type]
        assert reply.status == 200, reply.body

    async def misbehave(self, gateway: str, *script: Sequence[str], **plan: object) -> None:
        await self.order("mischief", gateway=gateway, plan={"script": script, **plan})


@asynccontextmanager
async def a_county(
    sandbox: SandboxSettings, configure: Callable[[str], settings.Channels], callbacks: Mapping[str, str]
) -> AsyncIterator[County]:
    """The sandbox runs and `configure` gets its address; the pushes of each key of `callbacks` come to its channel."""
    async with AsyncExitStack() as stack:
        gateways = await stack.enter_async_context(TestServer(build_app(sandbox)))
        wire = await stack.enter_async_context(Wire(settings.Wire(), timedelta(seconds=2)))
        county = County(gateways, wire)
        base = str(gateways.make_url("")).rstrip("/")
        county.channels = open_channels(configure(base), wire, MemoryTokens(), WallClock())
        front = web.Application()
        front.router.add_post("/{gateway}", county.take)
        desk = await stack.enter_async_context(TestServer(front))
        await county.order("callbacks", **{key: f"{desk.make_url(f'/{name}')}" for key, name in callbacks.items()})
        yield county


def receipts_of(*out_ids: str) -> Callable[[Inbound], bool]:
    return lambda one: isinstance(one, Receipt) and one.out_id in out_ids
