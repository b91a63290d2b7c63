"""Accounts that are a connection: one process keeps each of them up, under a lease, and sends its chunks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import structlog

from notifier.domain.contracts import Channel, Connected, Leases, Push

_LOG = structlog.get_logger(__name__)
_SIGNS_A_LEASE = 3


@dataclass(slots=True)
class Connections:
    """Every connected gateway of this process, and which of them it has now."""

    channels: Mapping[str, Channel]
    leases: Leases
    take: Callable[[Push], Awaitable[object]]
    """What comes over a connection goes here, and is acknowledged once it returned: store it."""
    lease: timedelta
    """How long an account is a process's without a sign of life."""
    owner: str = field(default_factory=lambda: uuid4().hex)
    _ours: set[str] = field(default_factory=set)

    def may_send(self, gateway: str) -> bool:
        """False for a connected gateway that another process has, or nobody yet: leave its chunks alone."""
        return gateway in self._ours or not isinstance(self.channels.get(gateway), Connected)

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """While the block runs, each connected gateway that no other process has is connected; then they are let go.

        What is free at the beginning is had when the block begins; what another lets go later is taken over.
        """
        keeping = []
        for name, channel in self.channels.items():
            if isinstance(channel, Connected):
                keeping.append(asyncio.create_task(self._keep(name, channel, is_ours=bool(await self._hold(name)))))
        for _ in ("kept", "connecting"):  # what is ours is under way before anything is sent
            await asyncio.sleep(0)
        try:
            yield
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)

    async def _keep(self, name: str, channel: Connected, *, is_ours: bool) -> None:
        try:
            while True:
                if is_ours:
                    await self._run(name, channel)
                await asyncio.sleep(self._beat_s)
                is_ours = bool(await self._hold(name))
        finally:
            if name in self._ours:
                self._ours.discard(name)
                await self.leases.let_go(_named(name), self.owner)

    async def _run(self, name: str, channel: Connected) -> None:
        """Connected until the lease is another's, or so old that it may be."""
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(channel.run(self.take))
        held_s = loop.time()
        try:
            while loop.time() - held_s < self._beat_s * (_SIGNS_A_LEASE - 1):
                await asyncio.wait([running], timeout=self._beat_s)
                is_ours = await self._hold(name)
                if running.done() or is_ours is False:
                    break
                held_s = loop.time() if is_ours else held_s
        finally:
            running.cancel()
            [ended] = await asyncio.gather(running, return_exceptions=True)
            if isinstance(ended, Exception):
                _LOG.error("connection_failed", gateway=name, kind=type(ended).__name__)
        self._ours.discard(name)

    async def _hold(self, name: str) -> bool | None:
        """Whether the account is ours now; None when nobody can tell."""
        try:
            is_ours = await self.leases.hold(_named(name), self.owner, self.lease)
        except Exception as error:  # noqa: BLE001  # a ledger that is away for a moment must not end the connection
            _LOG.warning("lease_not_held", gateway=name, kind=type(error).__name__)
            return None
        if is_ours:
            self._ours.add(name)
        return is_ours

    @property
    def _beat_s(self) -> float:
        return self.lease.total_seconds() / _SIGNS_A_LEASE


def _named(gateway: str) -> str:
    return f"gateway:{gateway}"
