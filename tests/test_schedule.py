"""The clock table on one ledger and several schedulers; workers that end with their wave recorded."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from notifier.bus.memory import MemoryBus
from notifier.schedule import Job, ticking, working
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import claim_tick

OFTEN = timedelta(seconds=0.05)
ONCE = timedelta(hours=6)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def always(job: str, slot: int) -> bool:
    return True


class Counted:
    """A job that counts its runs and can be waited for."""

    def __init__(self, fails: bool = False) -> None:
        self.n = 0
        self._fails = fails
        self._ran = asyncio.Event()

    async def __call__(self) -> None:
        self.n += 1
        self._ran.set()
        if self._fails:
            raise ZeroDivisionError("a number that must not be logged: 19900000001")

    async def ran(self, n: int) -> None:
        async with asyncio.timeout(10):
            while self.n < n:
                self._ran.clear()
                await self._ran.wait()


async def test_a_tick_fires_once_across_two_schedulers_on_one_ledger(ledger: Ledger) -> None:
    job = Counted()

    async def claim(name: str, slot: int) -> bool:
        return await claim_tick(ledger, name, slot)

    jobs = [Job("match", ONCE, job)]
    async with ticking(jobs, claim, RealClock()), ticking(jobs, claim, RealClock()):
        await job.ran(1)
        await asyncio.sleep(0.1)
    assert job.n == 1


async def test_a_slot_is_won_once_and_the_next_one_again(ledger: Ledger) -> None:
    claims = await asyncio.gather(*(claim_tick(ledger, "match", 7) for _ in range(5)))
    assert sorted(claims) == [False, False, False, False, True]
    assert await claim_tick(ledger, "match", 8)
    assert await claim_tick(ledger, "track", 7)


async def test_a_failing_job_is_logged_by_its_kind_and_stops_no_other() -> None:
    bad, good = Counted(fails=True), Counted()
    with structlog.testing.capture_logs() as logs:
        async with ticking([Job("bad", OFTEN, bad), Job("good", OFTEN, good)], always, RealClock()):
            await bad.ran(2)
            await good.ran(2)
    assert {"job": "bad", "kind": "ZeroDivisionError"}.items() <= logs[0].items()
    assert "1990" not in str(logs)


async def test_a_claim_that_fails_is_a_failed_job_and_tried_again() -> None:
    job = Counted()
    failures = iter([ConnectionError(), ConnectionError()])

    async def claim(name: str, slot: int) -> bool:
        if error := next(failures, None):
            raise error
        return True

    with structlog.testing.capture_logs():
        async with ticking([Job("match", OFTEN, job)], claim, RealClock()):
            await job.ran(1)


async def test_leaving_waits_until_a_cancelled_job_is_undone() -> None:
    began, undone = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        try:
            began.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            undone.set()

    async with ticking([Job("slow", ONCE, slow)], always, RealClock()):
        await asyncio.wait_for(began.wait(), 10)
    assert undone.is_set()


async def test_workers_finish_what_is_in_the_air_and_leave_the_rest() -> None:
    bus, handled = MemoryBus(), list[int]()
    began, may_end = asyncio.Event(), asyncio.Event()

    async def handle(chunk_id: int) -> None:
        began.set()
        await may_end.wait()
        handled.append(chunk_id)

    for chunk_id in (1, 2):
        await bus.put(chunk_id)
    async with asyncio.timeout(10):
        async with working(bus, handle, 1):
            await began.wait()
            asyncio.get_running_loop().call_later(0.05, may_end.set)
    assert handled == [1]


async def test_a_failing_chunk_is_logged_and_its_worker_goes_on() -> None:
    bus, done = MemoryBus(), asyncio.Event()

    async def handle(chunk_id: int) -> None:
        if chunk_id == 1:
            raise ZeroDivisionError("19900000001")
        done.set()

    with structlog.testing.capture_logs() as logs:
        async with working(bus, handle, 1):
            await bus.put(1)
            await bus.put(2)
            await asyncio.wait_for(done.wait(), 10)
    assert {"event": "chunk_failed", "chunk": 1, "kind": "ZeroDivisionError"}.items() <= logs[0].items()
    assert "1990" not in str(logs)


async def test_a_chunk_that_fails_while_the_worker_ends_leaves_no_loose_error() -> None:
    bus, began = MemoryBus(), asyncio.Event()

    async def handle(chunk_id: int) -> None:
        began.set()
        await asyncio.sleep(0.02)
        raise ZeroDivisionError

    await bus.put(1)
    async with asyncio.timeout(10), working(bus, handle, 1):
        await began.wait()
