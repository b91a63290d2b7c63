"""A line that is kept up: connected, and again after every loss, ever later until it holds."""

import asyncio
from datetime import timedelta

import structlog

from notifier.channels.cmpp.connection import Hear, Session, Terms, TurnedAway, open_session
from notifier.channels.cmpp.protocol import Account
from notifier.domain.contracts import Clock
from notifier.wire import Lost, NotSent

_LOG = structlog.get_logger(__name__)
_LONGEST_WAIT = timedelta(minutes=1)
_HELD = timedelta(seconds=10)
"""A session that lasted as long was a good one; the waits begin anew."""


class Line:
    """At most one session at a time, while `run` runs."""

    def __init__(self, terms: Terms, account: Account, clock: Clock) -> None:
        self._terms, self._account, self._clock = terms, account, clock
        self._session: Session | None = None
        self._attempt: asyncio.Event | None = None
        self._turned_away: TurnedAway | None = None

    async def session(self) -> Session:
        """The session; waits for an attempt that is under way, not for the next one. Raises NotSent, TurnedAway."""
        if self._attempt is not None:
            await self._attempt.wait()
        if self._session is not None and not self._session.is_over:
            return self._session
        if self._turned_away is not None:
            raise self._turned_away
        raise NotSent("not_connected")

    async def run(self, hear: Hear) -> None:
        """For ever; cancelled, the session ends politely."""
        n_failed = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._once(hear)
            n_failed = 0 if loop.time() - began > _HELD.total_seconds() else n_failed + 1
            wait = self._terms.reconnect_after * 2 ** min(max(n_failed - 1, 0), 16)
            await asyncio.sleep(min(wait, _LONGEST_WAIT).total_seconds())

    async def _once(self, hear: Hear) -> None:
        attempt = self._attempt = asyncio.Event()
        try:
            self._session = await open_session(self._terms, self._account, self._clock)
            self._turned_away = None
            self._attempt = None
            attempt.set()
            _LOG.info("gateway_connected", gateway="cmpp")
            await self._session.serve(hear)
        except TurnedAway as error:
            self._turned_away = error
            _LOG.error("gateway_turned_away", gateway="cmpp", status=error.status)
        except (NotSent, Lost) as error:
            self._turned_away = None
            _LOG.warning("gateway_lost", gateway="cmpp", code=error.code)
        finally:
            self._session = self._attempt = None
            attempt.set()
