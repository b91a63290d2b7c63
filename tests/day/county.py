"""A small county in the ledger and both stand-in gateways on loopback: the real rooms run between them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from notifier.channels import by_medium, open_channels
from notifier.compose import step as compose_room
from notifier.compose.step import ComposeDesk
from notifier.compose.texts import load_texts
from notifier.dispatch import settle as settle_room
from notifier.dispatch import step as dispatch_room
from notifier.dispatch.step import DispatchDesk
from notifier.domain import settings
from notifier.domain.contracts import Channel, Push
from notifier.domain.texts import Wording
from notifier.sandbox import handsets
from notifier.sandbox.server import build_app
from notifier.store import planning
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.receipts import store_push
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import LedgerTokens
from notifier.track import step as track_room
from notifier.track.step import TrackDesk
from notifier.wire import Wire
from tests.day.gateways import SMS, WECHAT, PatientServer, channel_settings, front_door, sandbox_settings
from tests.day.planting import A, openid, phone, plant_campaign, plant_lines, settle_in

NEVER_QUIET = settings.Dispatch(
    quiet_from="08:00", quiet_until="08:00", settle_after=timedelta(0), absent_after=timedelta(0)
)
WORDING = Wording(load_texts(Path("config/texts.toml")), {SMS: "彭阳惠农"})


@dataclass
class SteeredClock:
    """The real time, moved by hand."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class SmallCounty:
    """Everything between the ledger and the handsets."""

    ledger: Ledger
    clock: SteeredClock
    gateway_clock: SteeredClock
    """The channels' own: a moved one would not pass the gateways' check of the timestamp."""
    channels: dict[str, Channel]
    record: Path
    gateways: TestServer
    composing: ComposeDesk
    dispatching: DispatchDesk
    tracking: TrackDesk
    pushed: asyncio.Event
    answering: asyncio.Event
    """While it is clear, pushes are stored but not answered."""

    async def compose(self) -> compose_room.Composed:
        return await compose_room.step(self.composing)

    async def dispatch(self) -> dispatch_room.Dispatched:
        return await dispatch_room.step(self.dispatching)

    async def settle(self) -> settle_room.SettledCounts:
        return await settle_room.settle(self.dispatching, self.tracking.settings)

    async def track(self) -> track_room.Tracked:
        return await track_room.step(self.tracking)

    async def a_round(self) -> None:
        """Composed, sent, every receipt that will ever come has come, folded."""
        await self.compose()
        await self.dispatch()
        await self.hear()

    async def hear(self) -> None:
        """Every receipt that will ever come has come and is folded."""
        async with asyncio.timeout(20), ClientSession() as session:
            while True:
                async with session.get(self.gateways.make_url("/sandbox/counts")) as answer:
                    pending = (await answer.json())["pending"]
                if not any(pending.values()):
                    break
                await asyncio.sleep(0.01)
        await self.track()

    async def push(self, gateway: str, body: Any) -> None:
        """The provider's push of a JSON body, stored as the front desk stores it."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        await store_push(self.ledger, Push(gateway, {}, raw, self.clock.now()))

    async def misbehave(self, gateway: str, **plan: Any) -> None:
        await self._post("mischief", {"gateway": gateway, "plan": plan})

    async def order(self, what: str, **order: Any) -> None:
        await self._post(what, order)

    async def _post(self, what: str, order: dict[str, Any]) -> None:
        async with (
            ClientSession() as session,
            session.post(self.gateways.make_url(f"/sandbox/{what}"), json=order) as r,
        ):
            assert r.status == 200, await r.text()

    async def do(self, sql: str, **bound: Any) -> None:
        async with self.ledger.writing() as c:
            await c.execute(text(sql), bound)

    async def rows(self, sql: str, **bound: Any) -> list[Any]:
        async with self.ledger.reading() as c:
            return [tuple(row) for row in await c.execute(text(sql), bound)]

    async def one(self, sql: str, **bound: Any) -> Any:
        async with self.ledger.reading() as c:
            return (await c.execute(text(sql), bound)).scalar()

    async def counts(self, sql: str) -> dict[Any, int]:
        async with self.ledger.reading() as c:
            return {row[0]: int(row[1]) for row in await c.execute(text(sql))}

    async def messages(self) -> dict[str, int]:
        return await self.counts("SELECT state, COUNT(*) FROM message GROUP BY state")

    async def owed(self) -> dict[str, int]:
        return await self.counts("SELECT state, COUNT(*) FROM owed GROUP BY state")

    async def receipts_have_come(self, n_pushes: int, patience_s: float = 5) -> None:
        async with asyncio.timeout(patience_s):
            while await self.one("SELECT COUNT(*) FROM push") < n_pushes:
                self.pushed.clear()
                await self.pushed.wait()

    def received(self) -> list[handsets.Received]:
        return list(handsets.iterate(self.record))


def _channels(gateways: PatientServer, changes: dict[str, Any]) -> settings.Channels:
    address, is_aes = str(gateways.make_url("")).rstrip("/"), "push_mode" in changes.get("wechat", {})
    return channel_settings(address, is_aes, changes.get("sms", SMS))


@asynccontextmanager
async def small_county(url: str, folder: Path, **changes: Any) -> AsyncIterator[SmallCounty]:
    """The county, open. `changes`: sections of the sandbox, `sms` (a gateway's name), `chunk_size`, `call_timeout`."""
    async with AsyncExitStack() as opened:
        ledger = await open_ledger(url, Vault(load_keys(folder / "keys.toml")), pool=4)
        opened.push_async_callback(ledger.close)
        pushed, answering = asyncio.Event(), asyncio.Event()
        answering.set()
        front = PatientServer(front_door(ledger, pushed, answering))
        await front.start_server()
        opened.push_async_callback(front.close)
        gateways = PatientServer(build_app(sandbox_settings(folder, str(front.make_url("")).rstrip("/"), changes)))
        await gateways.start_server()
        opened.push_async_callback(gateways.close)
        clock, gateway_clock = SteeredClock(), SteeredClock()
        wire = await opened.enter_async_context(
            Wire(settings.Wire(), changes.get("call_timeout", timedelta(seconds=5)))
        )
        channels = open_channels(_channels(gateways, changes), wire, LedgerTokens(ledger, gateway_clock), gateway_clock)
        yield SmallCounty(
            ledger,
            clock,
            gateway_clock,
            channels,
            folder / "handsets.sqlite3",
            gateways,
            ComposeDesk(
                ledger,
                clock,
                WORDING,
                by_medium(channels),
                "0954-7010000",
                changes.get("chunk_size", 100),
            ),
            DispatchDesk(ledger, clock, channels, WORDING, NEVER_QUIET, asyncio.Semaphore(16)),
            TrackDesk(ledger, clock, channels, settings.Track()),
            pushed,
            answering,
        )


async def tell_policy(county: SmallCounty, ladder: str = "短信必达", campaign_id: int = 1) -> int:
    """A running, planned policy campaign for everybody; how many are owed it."""
    await plant_campaign(county.ledger, campaign_id, "policy", ladder, "tell", county.clock.now())
    return await planning.plan(county.ledger, campaign_id, county.clock)


async def tell_payments(
    county: SmallCounty, lines: Sequence[tuple[int, int]], ladder: str = "微信优先", state: str = "paid"
) -> int:
    """A running, planned disbursement with a line for each (household, person); how many households are owed."""
    await plant_lines(county.ledger, 2, lines, state=state)
    await plant_campaign(county.ledger, 2, "disbursement", ladder, state, county.clock.now())
    return await planning.plan(county.ledger, 2, county.clock)


async def find_line(county: SmallCounty, payment_id: int, home: int, person: int) -> None:
    """Another line of benefit 2 found its household just now, as when a person works off the queue."""
    await plant_lines(county.ledger, 2, [(home, person)], payment_id)
    async with county.ledger.writing() as c:
        await planning.ask_replan(c, 2)
    await planning.plan_due(county.ledger, county.clock)


__all__ = [
    "SMS",
    "WECHAT",
    "A",
    "SmallCounty",
    "find_line",
    "openid",
    "phone",
    "settle_in",
    "small_county",
    "tell_payments",
    "tell_policy",
]
