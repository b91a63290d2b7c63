"""A small county in the ledger and both stand-in gateways on loopback: the real rooms run between them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import text

from notifier.channels import open_channels
from notifier.compose import step as composing
from notifier.compose.step import ComposeDesk
from notifier.compose.texts import load_texts
from notifier.dispatch import settle as settling
from notifier.dispatch import step as dispatching
from notifier.dispatch.step import DispatchDesk
from notifier.domain import settings
from notifier.domain.contracts import Channel, Push
from notifier.domain.messages import Medium
from notifier.sandbox import handsets
from notifier.sandbox.server import build_app
from notifier.sandbox.settings import SandboxSettings, load_settings
from notifier.store import planning
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.receipts import store_push
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import LedgerTokens
from notifier.store.tables.columns import stamp
from notifier.track import step as tracking
from notifier.track.step import TrackDesk
from notifier.wire import Wire

VILLAGES = ("640425100201", "640425100202", "640425101201")
SMS, WECHAT = "aliyun_sms", "wechat"
NEVER_QUIET = settings.Dispatch(
    quiet_from="08:00", quiet_until="08:00", settle_after=timedelta(0), absent_after=timedelta(0)
)


@dataclass
class SteeredClock:
    """The real time, moved by hand."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class A:
    """A household as a test wants it: its members' phones (None: no phone) and the householder's openid."""

    phones: Sequence[str | None] = (None,)
    openid: str | None = None
    shared: bool = False


@dataclass
class SmallCounty:
    """Everything between the ledger and the handsets."""

    ledger: Ledger
    clock: SteeredClock
    channels: dict[str, Channel]
    record: Path
    gateways: TestServer
    composing: ComposeDesk
    dispatching: DispatchDesk
    tracking: TrackDesk
    pushed: asyncio.Event = field(default_factory=asyncio.Event)

    async def compose(self) -> composing.Composed:
        return await composing.step(self.composing)

    async def dispatch(self) -> dispatching.Dispatched:
        return await dispatching.step(self.dispatching)

    async def settle(self) -> settling.SettledCounts:
        return await settling.settle(self.dispatching, self.tracking.settings)

    async def track(self) -> tracking.Tracked:
        return await tracking.step(self.tracking)

    async def misbehave(self, gateway: str, **plan: Any) -> None:
        await self._post("mischief", {"gateway": gateway, "plan": plan})

    async def _post(self, what: str, order: dict[str, Any]) -> None:
        async with (
            ClientSession() as session,
            session.post(self.gateways.make_url(f"/sandbox/{what}"), json=order) as r,
        ):
            assert r.status == 200, await r.text()

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


@asynccontextmanager
async def small_county(url: str, folder: Path, **changes: Any) -> AsyncIterator[SmallCounty]:
    """The county, open. `changes` go into the sandbox's aliyun and wechat sections."""
    async with AsyncExitStack() as opened:
        vault = Vault(load_keys(folder / "keys.toml"))
        ledger = await open_ledger(url, vault, pool=4)
        opened.push_async_callback(ledger.close)
        pushed = asyncio.Event()
        front = TestServer(_front(ledger, pushed))
        await front.start_server()
        opened.push_async_callback(front.close)
        gateways = TestServer(build_app(_sandbox(folder, front, changes)))
        await gateways.start_server()
        opened.push_async_callback(gateways.close)
        clock = SteeredClock()
        wire = await opened.enter_async_context(Wire(settings.Wire(), timedelta(seconds=5)))
        section = _channels(gateways, "push_mode" in changes.get("wechat", {}))
        channels = open_channels(section, wire, LedgerTokens(ledger, clock), clock)
        by_medium = {channel.medium: channel for channel in channels.values()}
        dispatch = changes.get("dispatch", NEVER_QUIET)
        yield SmallCounty(
            ledger,
            clock,
            channels,
            folder / "handsets.sqlite3",
            gateways,
            ComposeDesk(
                ledger,
                clock,
                load_texts(Path("config/texts.toml")),
                {medium: channel.name for medium, channel in by_medium.items()},
                "彭阳惠农",
                "0954-7010000",
                changes.get("chunk_size", 100),
            ),
            DispatchDesk(ledger, clock, by_medium, dispatch, asyncio.Semaphore(16)),
            TrackDesk(ledger, clock, channels, settings.Track()),
            pushed,
        )


def _front(ledger: Ledger, pushed: asyncio.Event) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        push = Push(request.match_info["gateway"], dict(request.query), await request.read(), datetime.now(UTC))
        await store_push(ledger, push)
        pushed.set()
        return web.json_response({"code": 0, "msg": "OK"}) if push.gateway == SMS else web.Response(text="success")

    app = web.Application()
    app.router.add_post("/{gateway}", take)
    return app


def _sandbox(folder: Path, front: TestServer, changes: dict[str, Any]) -> SandboxSettings:
    shipped = load_settings(Path("config/sandbox.toml"))
    instant = (timedelta(0), timedelta(seconds=0.01))
    aliyun = {"sms_report_url": str(front.make_url(f"/{SMS}")), "receipt_delay": instant} | changes.get("aliyun", {})
    wechat = {"callback_url": str(front.make_url(f"/{WECHAT}")), "event_delay": instant} | changes.get("wechat", {})
    return shipped.model_copy(
        update={
            "record_path": folder / "handsets.sqlite3",
            "time_factor": 0.001,
            "aliyun": shipped.aliyun.model_copy(update=aliyun),
            "wechat": shipped.wechat.model_copy(update=wechat),
        }
    )


def _channels(gateways: TestServer, aes: bool) -> settings.Channels:
    return settings.Channels(
        aliyun_sms=settings.AliyunSms(
            enabled=True,
            endpoint=str(gateways.make_url("/aliyun/")),
            access_key_id="SandboxKey640425",
            access_key_secret=SecretStr("sandbox-dummy-secret"),
            sign_name="彭阳惠农",
        ),
        wechat=settings.Wechat(
            enabled=True,
            api_base=str(gateways.make_url("/wechat/")),
            appid="wx6404250000000001",
            secret=SecretStr("00000000000000000000000000640425"),
            token=SecretStr("sandboxToken640425"),
            aes_key=SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE" if aes else ""),
        ),
    )


_HOUSEHOLD = (
    "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, is_low_income, is_destitute, "
    "is_out_of_poverty, is_monitored, is_insured, n_disabled, n_elderly, n_sheep, n_cattle, n_pigs, farmland_mu, "
    "grassland_mu, reforested_mu, content_digest, registered_at, changed_at) VALUES (:id, :hash, :region, '1组', "
    ":head, 'active', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12500, 0, 0, :hash, 0, 0)"
)
_PERSON = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_is_legacy) "
    "VALUES (:id, :home, '户主', :name, :hash, 0)"
)
_CONTACT = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared) "
    "VALUES (:id, :home, :person, :kind, 1, :sealed, :hash, 'usable', :shared)"
)


async def settle_in(ledger: Ledger, homes: Iterable[A]) -> int:
    """The households live in the county's villages in turn; how many. Household n has persons 10n, 10n+1 …"""
    v = ledger.vault
    households, persons, contacts = [], [], []
    for n, home in enumerate(homes, 1):
        region = VILLAGES[n % len(VILLAGES)]
        households.append({"id": n, "hash": v.blind("household", str(n)), "region": region, "head": 10 * n})
        for k, phone in enumerate(home.phones):
            person = 10 * n + k
            name = f"样例{n}"
            persons.append(
                {
                    "id": person,
                    "home": n,
                    "name": v.seal_text("person.name_sealed", person, name),
                    "hash": v.blind("name", name),
                }
            )
            if phone:
                contacts.append(_contact(v, (n, person), "phone", phone, home.shared))
        if home.openid:
            contacts.append(_contact(v, (n, 10 * n), "openid", home.openid, False))
    async with ledger.writing() as c:
        await c.execute(text(_HOUSEHOLD), households)
        await c.execute(text(_PERSON), persons)
        if contacts:
            await c.execute(text(_CONTACT), contacts)
    return len(households)


def _contact(v: Vault, of: tuple[int, int], kind: str, value: str, shared: bool) -> dict[str, Any]:
    contact_id = of[1] * 10 + (kind == "openid")
    return {
        "id": contact_id,
        "home": of[0],
        "person": of[1],
        "kind": kind,
        "sealed": v.seal_text("contact.value_sealed", contact_id, value),
        "hash": v.blind(kind, value),
        "shared": int(shared),
    }


_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, rule, rule_text, evidence, confidence, "
    "summary, ladder, state, reviews_needed, created_by, created_at) VALUES (:id, :id, 1, :purpose, :kind, "
    ":title, :rule, '种地的农户', '[]', 90, '种地农户每亩补贴95元', :ladder, 'running', 0, 'system', :now)"
)
_BENEFIT = (
    "INSERT INTO benefit (id, kind, version, source, title, found_at, body, item, period, audit, n_lines, n_rejected) "
    "VALUES (:id, :kind, 1, 'test', :title, :now, '', '耕地地力保护补贴', '2026年', 'county', 0, 0)"
)
_PAYMENT = (
    "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, area_mu, standard_fen, "
    "amount_fen, state, match_state, household_id, person_id, confidence, match_why) VALUES (:id, :benefit, :hash, 's', "
    "1, :hash, :hash, 12500, 9500, 118750, :state, 'matched', :home, :person, 100, '身份证号一致')"
)


async def tell_policy(county: SmallCounty, ladder: str = "短信必达", campaign_id: int = 1) -> int:
    """A running, planned policy campaign for everybody; how many are owed it."""
    await _campaign(county, campaign_id, "policy", ladder, "tell")
    return await planning.plan(county.ledger, campaign_id, county.clock)


async def tell_payments(
    county: SmallCounty, lines: Sequence[tuple[int, int]], ladder: str = "微信优先", state: str = "paid"
) -> int:
    """A running, planned disbursement of 12.5 亩 × 95 元 for each (household, person); how many households are owed."""
    async with county.ledger.writing() as c:
        await c.execute(
            text(_PAYMENT),
            [
                {
                    "id": i,
                    "benefit": 2,
                    "hash": bytes([i % 256, i // 256]),
                    "state": state,
                    "home": home,
                    "person": person,
                }
                for i, (home, person) in enumerate(lines, 1)
            ],
        )
    await _campaign(county, 2, "disbursement", ladder, state)
    return await planning.plan(county.ledger, 2, county.clock)


async def _campaign(county: SmallCounty, campaign_id: int, kind: str, ladder: str, purpose: str) -> None:
    row = {
        "id": campaign_id,
        "kind": kind,
        "title": "耕地地力保护补贴",
        "rule": '{"has": ["farmland_mu", ">", "0"]}' if kind == "policy" else None,
        "ladder": ladder,
        "purpose": purpose,
        "now": stamp(county.clock.now()),
    }
    async with county.ledger.writing() as c:
        await c.execute(text(_BENEFIT), row)
        await c.execute(text(_CAMPAIGN), row)


def phone(n: int) -> str:
    """A number from the synthetic range."""
    return f"1990{n:07d}"


__all__ = ["A", "Medium", "SmallCounty", "phone", "settle_in", "small_county", "tell_payments", "tell_policy"]
