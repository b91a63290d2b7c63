"""Everybody who watches a campaign run shares one look a second, however many they are."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from notifier.store.looking_on import Look

_LOG = structlog.get_logger("web")
EVERY_S = 1.0
_REMEMBERED = 15
"""Looks that the rate is reckoned from."""
_MINUTE_S = 60

Looking = Callable[[Sequence[int]], Awaitable[Mapping[int, Look]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and how many messages a minute went to gateways lately (None before there is a second look)."""

    look: Look
    per_minute: int | None


@dataclass(slots=True)
class _Campaign:
    """A campaign that is watched: who waits for the next look, and what the last ones counted."""

    waiting: set["asyncio.Queue[Seen | None]"] = field(default_factory=set)
    handed: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def seen(self, look: Look, at: float) -> Seen:
        self.handed.append((at, look.n_handed))
        (since, before), (until, now) = self.handed[0], self.handed[-1]
        rate = round((now - before) * _MINUTE_S / (until - since)) if until > since else None
        return Seen(look, None if rate is None else max(0, rate))


class Watchers:
    """Looks while somebody watches, and only then."""

    def __init__(self, look: Looking, every_s: float = EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._watched: dict[int, _Campaign] = {}
        self._looking: asyncio.Task[None] | None = None
        self._is_over = False

    @asynccontextmanager
    async def watching(self, campaign_id: int) -> AsyncIterator["asyncio.Queue[Seen | None]"]:
        """A queue that always holds the newest look, or None when the watching is over."""
        queue: asyncio.Queue[Seen | None] = asyncio.Queue(1)
        if self._is_over:
            queue.put_nowait(None)
        self._watched.setdefault(campaign_id, _Campaign()).waiting.add(queue)
        if self._looking is None and not self._is_over:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield queue
        finally:
            self._leave(campaign_id, queue)

    def _leave(self, campaign_id: int, queue: "asyncio.Queue[Seen | None]") -> None:
        its = self._watched[campaign_id]
        its.waiting.discard(queue)
        if not its.waiting:
            del self._watched[campaign_id]
        if not self._watched and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                found = await self._look(sorted(self._watched))
            except Exception as error:  # noqa: BLE001  # a ledger that is away for a moment must not end the watching
                _LOG.error("watching_failed", kind=type(error).__name__)
                found = {}
            for campaign_id, look in found.items():
                its = self._watched.get(campaign_id)
                if its is not None:
                    seen = its.seen(look, loop.time())
                    for queue in its.waiting:
                        _replace(queue, seen)
            await asyncio.sleep(self._every_s)

    async def end(self, _: web.Application | None = None) -> None:
        """Everybody is told that it is over; nothing is looked at any more."""
        self._is_over = True
        for its in self._watched.values():
            for queue in its.waiting:
                _replace(queue, None)
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None


def _replace(queue: "asyncio.Queue[Seen | None]", newest: Seen | None) -> None:
    """Who reads slowly misses looks, never the newest."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(newest)


WATCHERS = web.AppKey("watchers", Watchers)
