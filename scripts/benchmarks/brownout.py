"""One of two SMS gateways turns slow, then bad, then well: how its share moves, and that nobody is told twice.

The gateways are the stand-ins and every call is real; the minutes between them are the ledger's clock put forward.
Rules are the shipped ones, except that a call is slow after half a second, so that a run takes a minute or two.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from notifier.app import App, open_app
from notifier.compose import step as composing
from notifier.dispatch import settle as settling
from notifier.dispatch import step as dispatching
from notifier.dispatch.routes import rebalance, states
from notifier.dispatch.step import DispatchDesk
from notifier.domain import settings
from notifier.sandbox import handsets
from notifier.settings import Settings
from notifier.store import planning
from notifier.store.dispatching import open_chunks
from notifier.store.gateways import PastChange, calls_by_gateway, history
from notifier.store.sealing import load_keys
from scripts.benchmarks import county
from scripts.benchmarks.apart import run_apart
from scripts.benchmarks.databases import a_ledger
from scripts.benchmarks.gateway import a_gateway

ILL, WELL = "aliyun_sms", "tencent_sms"
TICK = timedelta(seconds=10)
_A_MINUTE = 6
_CHUNK = 10
_CHUNKS_A_TICK = 10
_ROUNDS_AFTER = 12


@dataclass(frozen=True, slots=True)
class Phase:
    """How the ill gateway is for so many minutes: what the stand-in is told."""

    name: str
    minutes: int
    plan: Mapping[str, Any]


AT_ONCE = {"latency": [0, 0]}
PHASES = (
    Phase("well", 2, AT_ONCE),
    Phase("slow", 3, {"latency": [0.6, 0.8]}),
    Phase("bad", 5, AT_ONCE | {"rates": {"http_500": 0.85}}),
    Phase("well", 34, {"rates": {}}),
)


@dataclass(frozen=True, slots=True)
class Minute:
    """What a minute came to. `share` of the ill gateway at its end, `n_calls` by gateway, `whys` of the changes."""

    minute: int
    phase: str
    share: int
    is_open: bool
    n_calls: Mapping[str, int]
    whys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Brownout:
    """A whole run; `n_received` and `n_twice` as the stand-ins' record has them."""

    minutes: Sequence[Minute]
    n_households: int
    n_received: int
    n_twice: int

    @property
    def is_right(self) -> bool:
        """Everybody was told once, points left the ill gateway, and it is at rest again."""
        shares = [one.share for one in self.minutes]
        return self.n_received == self.n_households and not self.n_twice and min(shares) < shares[0] == shares[-1]

    def as_json(self) -> dict[str, Any]:
        """Every field, and whether it is right."""
        return asdict(self) | {"is_right": self.is_right}


@dataclass(slots=True)
class _Clock:
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def run(kind: str, folder: Path, phases: Sequence[Phase] = PHASES, chunks_a_tick: int = _CHUNKS_A_TICK) -> Brownout:
    """The phases in turn on one kind of database, with messages enough for all of them; files go into `folder`."""
    key_file = folder / "keys.toml"
    load_keys(key_file)
    n = sum(phase.minutes for phase in phases) * _A_MINUTE * chunks_a_tick * _CHUNK
    with a_ledger(kind, folder) as database, a_gateway(folder) as gateway:
        run_apart(county.settle_in, database.url, key_file, n)
        wanted = _settings(database.url, key_file, gateway.address)
        minutes = asyncio.run(_told(wanted, gateway.address, phases, chunks_a_tick))
        return Brownout(minutes, n, handsets.count(gateway.record), handsets.repeated_texts(gateway.record))


def _settings(url: str, key_file: Path, address: str) -> Settings:
    secret = SecretStr("sandbox-dummy-secret")
    aliyun = settings.AliyunSms(
        enabled=True,
        endpoint=f"{address}/aliyun/",
        access_key_id="SandboxKey640425",
        access_key_secret=secret,
        sign_name="彭阳惠农",
    )
    tencent = settings.TencentSms(
        enabled=True,
        endpoint=f"{address}/tencent/",
        secret_id="AKIDsandbox640425",
        secret_key=secret,
        sdk_app_id="1400640425",
        sign_name="彭阳惠农",
        absent_after=timedelta(0),
    )
    never = {"quiet_from": "08:00", "quiet_until": "08:00", "chunk_size": _CHUNK}
    return Settings(
        ledger=settings.Ledger(url=url),
        seal=settings.Seal(key_file=key_file),
        dispatch=settings.Dispatch.model_validate(never),
        routing=settings.Routing(slow_after=timedelta(seconds=0.5)),
        channels=settings.Channels(aliyun_sms=aliyun, tencent_sms=tencent),
    )


async def _told(wanted: Settings, address: str, phases: Sequence[Phase], chunks_a_tick: int) -> list[Minute]:
    clock = _Clock()
    async with open_app(wanted) as app, ClientSession() as session:
        desk = replace(app.dispatching, clock=clock)  # the channels keep the real time, which their signatures need
        await _launch(app)
        minutes: list[Minute] = []
        for phase in phases:
            order = {"gateway": "aliyun", "plan": dict(phase.plan)}
            async with session.post(f"{address}/sandbox/mischief", json=order) as answer:
                answer.raise_for_status()
            for _ in range(phase.minutes):
                minutes.append(await _a_minute(desk, clock, (phase.name, len(minutes) + 1), chunks_a_tick))
        for _ in range(_ROUNDS_AFTER):  # what was left unsure or waits is settled and sent
            clock.ahead += timedelta(minutes=16)
            await settling.settle(desk, wanted.track)
            await dispatching.step(desk)
        return minutes


async def _launch(app: App) -> None:
    await county.approve_a_policy(app.ledger, 1)
    await app.campaigns.launch(1, "bench")
    await planning.plan_due(app.ledger, app.clock)
    await composing.step(app.composing)


async def _a_minute(desk: DispatchDesk, clock: _Clock, of: tuple[str, int], chunks_a_tick: int) -> Minute:
    phase, number = of
    began = await history(desk.ledger, 1)
    n_before = await _calls(desk)
    for _ in range(_A_MINUTE):
        due = await open_chunks(desk.ledger, clock.now(), chunks_a_tick)
        await asyncio.gather(*(dispatching.send_chunk(desk, chunk_id) for chunk_id in due))
        await rebalance(desk.ways, clock.now())
        clock.ahead += TICK
    (ill,) = [one for one in await states(desk.ways) if one.gateway == ILL]
    n_calls = await _calls(desk)
    whys = [one.why for one in _since(began, await history(desk.ledger, 20)) if one.gateway == ILL]
    return Minute(number, phase, ill.share, ill.open_since is not None, dict(n_calls - n_before), whys[::-1])


def _since(began: Sequence[PastChange], found: Sequence[PastChange]) -> Iterator[PastChange]:
    for one in found:
        if began and one == began[0]:
            return
        yield one


async def _calls(desk: DispatchDesk) -> Counter[str]:
    """How many calls each SMS gateway was made."""
    async with desk.ledger.reading() as c:
        return Counter(await calls_by_gateway(c))


def table(run: Brownout) -> str:
    """A line a minute, and what the stand-ins' record says in the end."""
    lines = [f"minute  phase  share of {ILL}  calls {ILL}/{WELL}  why it moved"]
    for one in run.minutes:
        share = f"{one.share}%" + (" open" if one.is_open else "")
        calls = f"{one.n_calls.get(ILL, 0)}/{one.n_calls.get(WELL, 0)}"
        lines.append(f"{one.minute:6}  {one.phase:5}  {share:20} {calls:30} {';'.join(one.whys)}")
    verdict = "right" if run.is_right else "WRONG"
    lines.append(f"{run.n_households:,} households, {run.n_received:,} received, {run.n_twice} twice: {verdict}")
    return "\n".join(lines)
