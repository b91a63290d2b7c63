"""An account that is a connection belongs to one process at a time, and to the next one when that is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from notifier.dispatch.connections import Connections
from notifier.domain.contracts import Channel, Push

LEASE = timedelta(seconds=0.09)


@dataclass
class Lines:
    """A channel that is a connection; one object stands for the account, whoever connects to it."""

    name: str = "cmpp"
    n_runs: int = 0
    n_connected: int = 0
    fails: int = 0
    takes: list[Callable[[Push], Awaitable[object]]] = field(default_factory=list)

    async def run(self, take: Callable[[Push], Awaitable[object]]) -> None:
        self.n_runs += 1
        self.takes.append(take)
        if self.fails:
            self.fails -= 1
            raise ZeroDivisionError
        self.n_connected += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.n_connected -= 1


@dataclass
class MemoryLeases:
    """The contract of `Leases` in one process, by the loop's time."""

    held: dict[str, tuple[str, float]] = field(default_factory=dict)
    is_away: bool = False

    async def hold(self, name: str, owner: str, lasts: timedelta) -> bool:
        if self.is_away:
            raise OSError("the ledger is away")
        now = asyncio.get_running_loop().time()
        who, until = self.held.get(name, (owner, 0.0))
        if who != owner and until >= now:
            return False
        self.held[name] = (owner, now + lasts.total_seconds())
        return True

    async def let_go(self, name: str, owner: str) -> None:
        if self.held.get(name, ("", 0.0))[0] == owner:
            del self.held[name]


class Plain:
    name = "aliyun_sms"


async def _take(_: Push) -> None: ...


def a_process(lines: Lines, leases: MemoryLeases) -> Connections:
    channels = cast(dict[str, Channel], {"cmpp": lines, "aliyun_sms": Plain()})
    return Connections(channels, leases, _take, LEASE)


async def _until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - it watches what has no event
            await asyncio.sleep(0.005)


async def test_the_first_process_has_the_account_and_the_other_leaves_it_alone() -> None:
    lines, leases = Lines(), MemoryLeases()
    one, two = a_process(lines, leases), a_process(lines, leases)
    assert not one.may_send("cmpp")
    async with one.kept_up(), two.kept_up():
        assert (one.may_send("cmpp"), two.may_send("cmpp"), lines.n_connected) == (True, False, 1)
        assert one.may_send("aliyun_sms")
        assert two.may_send("aliyun_sms")
        assert lines.takes == [_take]
        await asyncio.sleep(LEASE.total_seconds() * 2)
        assert (one.may_send("cmpp"), two.may_send("cmpp"), lines.n_runs) == (True, False, 1)
    assert (lines.n_connected, leases.held, one.may_send("cmpp")) == (0, {}, False)


async def test_a_process_that_ends_hands_its_account_over() -> None:
    lines, leases = Lines(), MemoryLeases()
    one, two = a_process(lines, leases), a_process(lines, leases)
    async with AsyncExitStack() as first:
        await first.enter_async_context(one.kept_up())
        async with two.kept_up():
            await first.aclose()
            await _until(lambda: two.may_send("cmpp") and lines.n_connected == 1)
            assert not one.may_send("cmpp")


async def test_a_dead_process_loses_its_account_when_its_lease_runs_out() -> None:
    lines, leases = Lines(), MemoryLeases()
    await leases.hold("gateway:cmpp", "a dead one", LEASE)
    two = a_process(lines, leases)
    async with two.kept_up():
        assert not two.may_send("cmpp")
        await _until(lambda: two.may_send("cmpp") and lines.n_connected)


async def test_a_process_that_lost_its_lease_ends_its_connection() -> None:
    lines, leases = Lines(), MemoryLeases()
    one = a_process(lines, leases)
    async with one.kept_up():
        leases.held["gateway:cmpp"] = ("another", float("inf"))
        await _until(lambda: not lines.n_connected)
        assert not one.may_send("cmpp")


async def test_a_ledger_that_is_away_ends_the_connection_before_the_lease_does() -> None:
    lines, leases = Lines(), MemoryLeases()
    one = a_process(lines, leases)
    async with one.kept_up():
        leases.is_away = True
        await asyncio.sleep(LEASE.total_seconds() / 2)
        assert lines.n_connected == 1
        await _until(lambda: not lines.n_connected)
        leases.is_away = False
        await _until(lambda: lines.n_connected and one.may_send("cmpp"))


async def test_a_connection_that_fails_is_made_again() -> None:
    lines, leases = Lines(fails=2), MemoryLeases()
    one = a_process(lines, leases)
    async with one.kept_up():
        await _until(lambda: lines.n_connected)
        assert lines.n_runs == 3
