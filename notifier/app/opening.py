"""Opening everything, in order; closing it in reverse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from notifier.campaigns.deciding import CampaignDesk
from notifier.campaigns.drafting import DraftDesk
from notifier.campaigns.filing import FilingDesk
from notifier.campaigns.previewing import Workshop
from notifier.campaigns.words import load_words
from notifier.channels import by_medium, open_channels
from notifier.channels.wechat import official_account
from notifier.compose import step as composing
from notifier.compose.step import ComposeDesk
from notifier.compose.texts import load_texts
from notifier.dispatch import settle as settling
from notifier.dispatch import step as dispatching
from notifier.dispatch.connections import Connections
from notifier.dispatch.direct import send_now
from notifier.dispatch.hours import held_back
from notifier.dispatch.missing import ask_missing
from notifier.dispatch.routes import rebalance
from notifier.dispatch.step import DispatchDesk
from notifier.domain.contracts import Channel, Clock, Replies
from notifier.domain.direct import SendNow
from notifier.domain.lanes import Lane
from notifier.domain.messages import Medium
from notifier.domain.settings import Wechat
from notifier.domain.texts import Wording
from notifier.inquiries.answering import InquiryDesk
from notifier.inquiries.texting import TextedReplies
from notifier.match import step as matching
from notifier.registry.greeting import greet
from notifier.schedule import SystemClock
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.sources.looking import Means, Watched
from notifier.sources.registry import load_sources
from notifier.store.following import LedgerReplyAllowance
from notifier.store.foreign import ForeignDatabases
from notifier.store.intake import Intake
from notifier.store.ledger import Ledger
from notifier.store.opening import current_ledger
from notifier.store.sharing import LedgerLeases, LedgerTokens
from notifier.track import step as tracking
from notifier.track.step import TrackDesk
from notifier.track.visiting import VisitDesk
from notifier.watch import step as watching
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
    send_now: SendNow
    tracking: TrackDesk
    replies: Replies | None
    campaigns: CampaignDesk
    drafts: DraftDesk
    visits: VisitDesk
    inquiries: InquiryDesk
    filings: FilingDesk

    def steps(self) -> Mapping[str, Callable[[], Awaitable[Any]]]:
        """Each room's step by the room's name, in the order of flow; each can be run alone and twice."""
        return {
            "watch": lambda: watching.step(self.ledger, self.sources, self.clock, self.settings.watch),
            "match": self._match,
            "compose": lambda: composing.step(self.composing),
            "dispatch": self._dispatch,
            "route": lambda: rebalance(self.dispatching.ways, self.clock.now()),
            "settle": self._settle,
            "track": self._track,
        }

    async def _dispatch(self) -> Any:
        async with self.connections.kept_up():
            return await dispatching.step(self.dispatching)

    async def _settle(self) -> Any:
        settled = await settling.settle(self.dispatching, self.settings.track)
        await ask_missing(self.dispatching, self.settings.track)
        return settled

    async def _track(self) -> Any:
        tracked = await tracking.step(self.tracking)
        if self.replies is not None and self.dispatching.pages:
            page = f"{self.settings.web.public_url.rstrip('/')}/wechat/bind"
            await greet(self.ledger, self.replies, page, self.clock)
        return tracked

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
        means = Means(wire, clock, load_aliases(settings.registry.headers_file, "payments"), ForeignDatabases())
        dispatching = _dispatch_desk(settings, clock, connections, wording, ledger)
        now = partial(send_now, dispatching)
        hotline, size, same = settings.compose.hotline, settings.dispatch.chunk_size, settings.routing.same_content
        yield App(
            settings=settings,
            clock=clock,
            ledger=ledger,
            channels=channels,
            connections=connections,
            sources=load_sources(settings.watch.folder, means),
            composing=ComposeDesk(ledger, clock, wording, by_medium(channels), hotline, size),
            dispatching=dispatching,
            send_now=now,
            tracking=TrackDesk(ledger, clock, channels, settings.track, settings.inquiries, same),
            replies=replies,
            campaigns=CampaignDesk(ledger, clock, settings.campaigns.launch_when_approved),
            drafts=_draft_desk(settings, dispatching, now),
            filings=FilingDesk(ledger, clock, settings.watch.filing_levels()),
            visits=VisitDesk(ledger, clock, settings.registry.shared_above),
            inquiries=InquiryDesk(
                ledger, clock, settings.inquiries, _replies(channels, replies, TextedReplies(now, hotline))
            ),
        )


def _replies(channels: Mapping[str, Channel], account: Replies | None, texted: Replies) -> Mapping[str, Replies]:
    """How people are answered, by the gateway that they wrote to."""
    by_sms = {name: texted for name, channel in channels.items() if channel.medium is Medium.SMS}
    return {**by_sms, **({"wechat": account} if account else {})}


def _draft_desk(of: Settings, dispatching: DispatchDesk, now: SendNow) -> DraftDesk:
    words = load_words(of.campaigns.forbidden_file)
    shop = Workshop(dispatching.wording, by_medium(dispatching.channels), words, of.compose.hotline)
    return DraftDesk(
        dispatching.ledger,
        dispatching.clock,
        of.campaigns,
        shop,
        now,
        lambda at: held_back(at, of.dispatch).get(Lane.POLICY, at),
    )


def _pages(of: Settings) -> str:
    """Where links to households' own pages lead; "" when no phone could open them, so that no card has a dead link."""
    is_real = of.channels.wechat.api_base == Wechat.model_fields["api_base"].default
    is_local = (urlsplit(of.web.public_url).hostname or "localhost") in ("127.0.0.1", "localhost", "::1")
    return "" if is_local and is_real else f"{of.web.public_url.rstrip('/')}/f/"


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
        pages=_pages(of),
    )
