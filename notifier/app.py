"""The only place where objects meet: opened in order, closed in reverse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from notifier.bus import open_bus
from notifier.campaigns.deciding import CampaignDesk
from notifier.channels import by_medium, open_channels
from notifier.channels.wechat import official_account
from notifier.compose import step as composing
from notifier.compose.step import ComposeDesk
from notifier.compose.texts import load_texts
from notifier.dispatch import settle as settling
from notifier.dispatch import step as dispatching
from notifier.dispatch.connections import Connections
from notifier.dispatch.fast_lane import fast_lane, send_after_fast
from notifier.dispatch.missing import ask_missing
from notifier.dispatch.routes import rebalance
from notifier.dispatch.step import DispatchDesk
from notifier.domain.contracts import Bus, Channel, Clock, Replies
from notifier.domain.texts import Wording
from notifier.inquiries.answering import InquiryDesk
from notifier.match import step as matching
from notifier.operate.retention import purge
from notifier.schedule import SystemClock, clock_table, ticking, working
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.sources.looking import Means, Watched
from notifier.sources.registry import load_sources
from notifier.store.following import LedgerReplyAllowance
from notifier.store.intake import Intake
from notifier.store.ledger import Ledger
from notifier.store.migrate import is_current
from notifier.store.opening import current_ledger
from notifier.store.sharing import LedgerLeases, LedgerTokens, claim_tick
from notifier.track import step as tracking
from notifier.track.step import TrackDesk
from notifier.track.visiting import VisitDesk
from notifier.watch import step as watching
from notifier.web.desk import FrontDesk
from notifier.web.server import serve_web
from notifier.wire import Wire


@dataclass(frozen=True, slots=True)
class App:
    """Everything, open."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    channels: Mapping[str, Channel]
    connections: Connections
    sources: Sequence[Watched]
    composing: ComposeDesk
    dispatching: DispatchDesk
    tracking: TrackDesk
    replies: Replies | None
    campaigns: CampaignDesk
    visits: VisitDesk
    inquiries: InquiryDesk

    def steps(self) -> Mapping[str, Callable[[], Awaitable[Any]]]:
        """Each room's step by the room's name, in the order of flow; each can be run alone and twice."""
        return {
            "watch": lambda: watching.step(self.ledger, self.sources, self.clock, self.settings.watch),
            "match": self._match,
            "compose": lambda: composing.step(self.composing),
            "dispatch": self._dispatch,
            "route": lambda: rebalance(self.dispatching.ways, self.clock.now()),
            "settle": self._settle,
            "track": lambda: tracking.step(self.tracking),
        }

    async def _dispatch(self) -> Any:
        async with self.connections.kept_up():
            return await dispatching.step(self.dispatching)

    async def _settle(self) -> Any:
        settled = await settling.settle(self.dispatching, self.settings.track)
        await ask_missing(self.dispatching, self.settings.track)
        return settled

    async def _match(self) -> Any:
        report = await matching.step(self.ledger, self.settings, self.clock)
        # What was just proposed and needs no review is planned in the same breath.
        if await self.campaigns.launch_approved():
            report = replace(report, planned=(await matching.step(self.ledger, self.settings, self.clock)).planned)
        return report


def open_ledger_at(settings: Settings) -> AbstractAsyncContextManager[Ledger]:
    """The ledger alone, see `current_ledger`."""
    return current_ledger(settings.ledger, settings.seal)


@asynccontextmanager
async def open_app(settings: Settings, clock: Clock | None = None) -> AsyncIterator[App]:
    """Everything open and wired to the settings; closed in reverse, also after an error. Raises ConfigError."""
    clock = clock or SystemClock()
    async with open_ledger_at(settings) as ledger, Wire(settings.wire, settings.dispatch.call_timeout) as wire:
        channels = open_channels(settings.channels, wire, LedgerTokens(ledger, clock), clock)
        account = official_account(channels)
        replies = account.replies(LedgerReplyAllowance(ledger, clock)) if account else None
        connections = Connections(channels, LedgerLeases(ledger, clock), Intake(ledger).store, settings.dispatch.lease)
        wording = Wording(load_texts(settings.compose.texts_file), settings.channels.signs())
        means = Means(wire, clock, load_aliases(settings.registry.headers_file, "payments"))
        hotline, size, same = settings.compose.hotline, settings.dispatch.chunk_size, settings.routing.same_content
        yield App(
            settings=settings,
            clock=clock,
            ledger=ledger,
            channels=channels,
            connections=connections,
            sources=load_sources(settings.watch.folder, means),
            composing=ComposeDesk(ledger, clock, wording, by_medium(channels), hotline, size),
            dispatching=_dispatch_desk(settings, clock, connections, wording, ledger),
            tracking=TrackDesk(ledger, clock, channels, settings.track, settings.inquiries, same),
            replies=replies,
            campaigns=CampaignDesk(ledger, clock, settings.campaigns.launch_when_approved),
            visits=VisitDesk(ledger, clock),
            inquiries=InquiryDesk(ledger, clock, settings.inquiries, {"wechat": replies} if replies else {}),
        )


def _dispatch_desk(
    of: Settings, clock: Clock, connections: Connections, words: Wording, ledger: Ledger
) -> DispatchDesk:
    return DispatchDesk(
        ledger,
        clock,
        connections.channels,
        words,
        of.dispatch,
        asyncio.Semaphore(of.dispatch.calls_at_once),
        may_send=connections.may_send,
        limits={name: getattr(of.channels, name) for name in connections.channels},
        rules=of.routing,
        filed=of.channels.filed(),
    )


def front_desk(app: App) -> FrontDesk:
    """What the web layer works with."""
    secret = app.settings.web.callback_secret.get_secret_value() or app.ledger.vault.callback_secret
    return FrontDesk(
        ledger=app.ledger,
        channels=app.channels,
        settings=app.settings.web,
        clock=app.clock,
        campaigns=app.campaigns,
        visits=app.visits,
        inquiries=app.inquiries,
        receive_push=Intake(app.ledger).store,
        verify_wechat_url=account.verify_url if (account := official_account(app.channels)) else lambda _: None,
        schema_is_current=lambda: is_current(app.settings.ledger.url),
        callback_secret=secret,
    )


def _steps_of_the_clock(app: App, bus: Bus) -> dict[str, Callable[[], Awaitable[Any]]]:
    steps = dict(app.steps())

    async def compose_and_offer() -> None:
        await steps["compose"]()
        await dispatching.sweep(app.dispatching, bus)

    return steps | {
        "watch": lambda: watching.step(app.ledger, app.sources, app.clock, app.settings.watch, due_only=True),
        "compose": compose_and_offer,
        "sweep": lambda: dispatching.sweep(app.dispatching, bus),
        "purge": lambda: purge(app.ledger, app.clock.now(), app.settings.registry, app.settings.track),
    }


async def serve(app: App, roles: frozenset[str], stop: asyncio.Event, on_ready: Callable[[str], None]) -> None:
    """Runs the roles (web, worker, clock) until `stop` is set; then nothing new is begun and what is in the air ends.

    `on_ready` hears the console's address, or "" without the web role. Raises ConfigError when it cannot start.
    """
    async with AsyncExitStack() as opened:
        bus = await open_bus(app.settings.bus)
        opened.push_async_callback(bus.close)
        if "worker" in roles:
            await opened.enter_async_context(app.connections.kept_up())
            await opened.enter_async_context(fast_lane(app.dispatching))
            n_others = max(1, app.settings.dispatch.chunks_at_once - 1)  # one slot of several is the fast lane's
            await opened.enter_async_context(working(bus, partial(send_after_fast, app.dispatching), n_others))
            opened.callback(app.dispatching.stopping.set)
        if "clock" in roles:
            jobs = clock_table(_steps_of_the_clock(app, bus), app.settings.schedule)
            await opened.enter_async_context(ticking(jobs, partial(claim_tick, app.ledger), app.clock))
        address = await opened.enter_async_context(serve_web(front_desk(app))) if "web" in roles else ""
        on_ready(address)
        await stop.wait()
