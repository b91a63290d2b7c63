"""The clock table: which step runs when. Runs on every node; a tick row in the ledger decides who fires: no leader."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from notifier.domain.contracts import Bus, Clock
from notifier.domain.settings import Schedule

_LOG = structlog.get_logger(__name__)
_GRACE_S = 30


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The instant, aware UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Job:
    """A step by name, how often it runs, and what it does; a late or doubled run of it must be harmless."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


def clock_table(steps: Mapping[str, Callable[[], Awaitable[object]]], every: Schedule) -> list[Job]:
    """Which step runs when, in the order of flow; `steps` has one for each name here."""
    table = {
        "watch": every.look_every,
        "match": every.match_every,
        "compose": every.compose_every,
        "sweep": every.sweep_every,
        "route": every.route_every,
        "settle": every.settle_every,
        "track": every.track_every,
        "purge": every.purge_every,
    }
    return [Job(name, period, steps[name]) for name, period in table.items()]


Claim = Callable[[str, int], Awaitable[bool]]
"""(job, slot) -> True for the one process that fires it."""


@asynccontextmanager
async def ticking(jobs: Sequence[Job], claim: Claim, clock: Clock) -> AsyncIterator[None]:
    """The jobs run, the first time at once, while the block runs; leaving it cancels those under way and waits.

    A job that fails is logged by name and tried again in its next slot; the others go on.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    under_way: set[asyncio.Task[Any]] = set()
    for job in jobs:
        scheduler.add_job(
            _fire,
            IntervalTrigger(seconds=job.every.total_seconds()),
            args=(_Watch(job, claim, clock, under_way),),
            id=job.name,
            next_run_time=clock.now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=_GRACE_S,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        for task in under_way:
            task.cancel()
        # The ledger is closed next; a transaction that is being undone still needs it.
        await asyncio.gather(*under_way, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Watch:
    """A job with what firing it takes."""

    job: Job
    claim: Claim
    clock: Clock
    under_way: set[asyncio.Task[Any]]


async def _fire(watch: _Watch) -> None:
    job = watch.job
    slot = int(watch.clock.now().timestamp() // job.every.total_seconds())
    task = asyncio.current_task()
    assert task is not None, "a job runs in a task"
    watch.under_way.add(task)
    try:
        if await watch.claim(job.name, slot):
            await job.run()
    except Exception as error:  # noqa: BLE001  # one job must not end the clock of the others
        # The text of an unforeseen error may quote what it choked on; its kind is enough to find it.
        _LOG.error("job_failed", job=job.name, kind=type(error).__name__)
    finally:
        watch.under_way.discard(task)


@asynccontextmanager
async def working(bus: Bus, handle: Callable[[int], Awaitable[object]], n_workers: int) -> AsyncIterator[None]:
    """`n_workers` take chunk ids from the bus and handle them while the block runs.

    Leaving the block waits for what is being handled; tell the handler first to end soon. A chunk whose handling
    fails is logged by the kind of its error, and the sweep offers it again.
    """
    workers = [asyncio.create_task(_work(bus, handle)) for _ in range(n_workers)]
    try:
        yield
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _work(bus: Bus, handle: Callable[[int], Awaitable[object]]) -> None:
    while True:
        async with bus.take() as chunk_id:
            handling = asyncio.ensure_future(handle(chunk_id))
            try:
                await asyncio.shield(handling)
            except asyncio.CancelledError:
                await asyncio.gather(handling, return_exceptions=True)
                raise
            except Exception as error:  # noqa: BLE001  # one chunk must not end the worker of the others
                _LOG.error("chunk_failed", chunk=chunk_id, kind=type(error).__name__)
