"""A running stand-in for a CMPP gateway, our line to it, and what came over it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from notifier.channels.cmpp.channel import Cmpp, build
from notifier.domain import settings
from notifier.domain.contracts import Push
from notifier.domain.messages import Inbound, Letter
from notifier.domain.outcomes import Outcome
from notifier.sandbox import handsets
from notifier.sandbox.cmpp.endpoint import CmppGateway
from notifier.sandbox.handsets import Received
from notifier.sandbox.server import CMPP_GATEWAY, build_app
from notifier.sandbox.settings import SandboxSettings
from notifier.wire import Wire
from tests.channels.cmpp.lines import running, until
from tests.channels.doubles import MemoryTokens
from tests.channels.running_sandbox import WallClock

PHONE = "19900000001"
LONG = "农" * 150


@dataclass
class Post:
    """A running stand-in, our line to it, and what came over it."""

    gateway: CmppGateway
    switchboard: TestClient[Any, Any]
    channel: Cmpp
    record: Path
    inbound: list[Inbound] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)

    async def take(self, push: Push) -> None:
        self.pushes.append(push)
        self.inbound += self.channel.read_push(push)

    async def send(self, text: str = "您好", phone: str = PHONE, n: int = 1) -> Outcome:
        [outcome] = await self.channel.send([Letter(n, phone, "${text}", {"text": text})], f"n{n}-0")
        return outcome

    async def misbehave(self, *script: list[str], **plan: Any) -> None:
        order = {"gateway": "cmpp", "plan": {"script": script, **plan}}
        async with self.switchboard.post("/sandbox/mischief", json=order) as answer:
            assert answer.status == 200, await answer.text()

    async def say(self, text: str) -> None:
        order = {"gateway": "cmpp", "phone": PHONE, "content": text}
        async with self.switchboard.post("/sandbox/reply", json=order) as answer:
            assert answer.status == 200, await answer.text()

    async def told(self, n: int = 1, fits: Callable[[Inbound], bool] = lambda _: True) -> list[Inbound]:
        await until(lambda: len([one for one in self.inbound if fits(one)]) >= n)
        return [one for one in self.inbound if fits(one)]

    async def quiet(self) -> None:
        """Everything that will ever come has come."""
        await until(lambda: not self.gateway.pusher.n_pending)

    async def received(self) -> list[Received]:
        async with self.switchboard.get("/sandbox/records") as answer:
            assert answer.status == 200
        return list(handsets.iterate(self.record))


def _sandbox(record: Path, version: str, **changes: Any) -> SandboxSettings:
    cmpp = {"enabled": True, "port": 0, "version": version, "receipt_delay": [0, 0.01], "deliver_timeout": 0.2}
    return SandboxSettings.model_validate({"record_path": record, "time_factor": 0.001, "cmpp": cmpp | changes})


def a_channel(port: int, **changes: Any) -> Cmpp:
    section = settings.Cmpp.model_validate(
        {
            "enabled": True, "host": "127.0.0.1", "port": port, "version": "3.0", "source_addr": "640425",
            "shared_secret": "sandbox-dummy-secret", "src_id": "10690640425", "service_id": "NOTICE",
            "sign_name": "彭阳惠农", "answer_timeout": 0.3, "reconnect_after": 0.01, "submits_per_second": 2000,
            **changes,
        }
    )  # fmt: skip
    channel = build(settings.Channels(cmpp=section), Wire(settings.Wire()), MemoryTokens(), WallClock())
    assert isinstance(channel, Cmpp)
    return channel


@asynccontextmanager
async def a_post(folder: Path, version: str = "3.0", *, ours: dict[str, Any], **theirs: Any) -> AsyncIterator[Post]:
    record = folder / "handsets.sqlite3"
    app = build_app(_sandbox(record, version, **theirs))
    async with TestClient(TestServer(app)) as switchboard:
        gateway = app[CMPP_GATEWAY]
        post = Post(gateway, switchboard, a_channel(gateway.port, **{"version": version} | ours), record)
        async with running(post.channel, post.take):
            yield post
        assert gateway.n_over_window == 0
