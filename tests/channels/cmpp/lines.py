"""A line of ours to a scripted gateway, and whoever takes what comes over it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from notifier.channels.cmpp.channel import Cmpp, build
from notifier.channels.cmpp.frames import pack
from notifier.channels.cmpp.octets import V20
from notifier.channels.cmpp.pdus import Deliver
from notifier.domain import settings
from notifier.domain.contracts import Channel, Connected, Push
from notifier.domain.outcomes import Outcome
from notifier.wire import Wire
from tests.channels.cmpp.scripted_ismg import (
    ScriptedIsmg,
    a_scripted_ismg,
)
from tests.channels.doubles import FrozenClock, MemoryTokens, a_letter
from tests.channels.scripted_server import Step

LONG = "农" * 150
AT_ONCE = "code,class,kind,scope,reason,delay,meaning,note\nsubmit:8,L,postponed,account,limited,0,流量控制,\n"
REPORT = pack(Deliver(5, "1065", "MSVC", "19900000001", 0, "T".encode("utf-16-be"), 8), 77, V20)


@dataclass
class Listener:
    """Takes pushes; raises while `broken`, waits while `gate` is closed."""

    pushes: list[Push] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    n_broken: int = 0

    async def take(self, push: Push) -> None:
        await self.gate.wait()
        if self.n_broken:
            self.n_broken -= 1
            raise OSError("the ledger is away")
        self.pushes.append(push)


def a_channel(base: str, **changes: Any) -> Cmpp:
    address = urlsplit(base)
    section = settings.Cmpp.model_validate(
        {
            "enabled": True, "host": address.hostname, "port": address.port, "source_addr": "901234",
            "shared_secret": "1234", "src_id": "10651234", "service_id": "MSVC", "answer_timeout": 0.3,
            "connect_timeout": 0.3, "reconnect_after": 0.02, "submits_per_second": 2000, **changes,
        }
    )  # fmt: skip
    channel = build(settings.Channels(cmpp=section), Wire(settings.Wire()), MemoryTokens(), FrozenClock())
    assert isinstance(channel, Cmpp)
    return channel


@asynccontextmanager
async def running(
    channel: Channel, take: Callable[[Push], Awaitable[object]] | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    assert isinstance(channel, Connected)
    task = asyncio.create_task(channel.run(take or Listener().take))
    await asyncio.sleep(0)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def a_line(*steps: Step, **changes: Any) -> AsyncIterator[tuple[Cmpp, ScriptedIsmg]]:
    async with a_scripted_ismg(*steps) as ismg:
        channel = a_channel(ismg.base, **changes)
        async with running(channel):
            yield channel, ismg


async def send(channel: Cmpp, n: int = 1, text: str = "您好") -> Outcome:
    [outcome] = await channel.send([a_letter(n, template="${text}", parameters={"text": text})], f"n{n}-0")
    return outcome


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - it watches what has no event
            await asyncio.sleep(0.005)
