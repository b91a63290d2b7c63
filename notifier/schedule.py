"""The clock table: which step runs when. Runs on every node; a tick row in the ledger decides who fires: no leader."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from notifier.domain.contracts import Clock

_LOG = structlog.get_logger(__name__)
_GRACE_S = 30


@dataclass(frozen=True, slots=True)
class Job:
    """A step by name, how often it runs, and what it does; a late or doubled run of it must be harmless."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


Claim = Callable[[str, int], Awaitable[bool]]
"""(job, slot) -> True for the one process that fires it."""


@asynccontextmanager
async def ticking(jobs: Sequence[Job], claim: Claim, clock: Clock) -> AsyncIterator[None]:
    """The jobs run, the first time at once, while the block runs; leaving it lets a run under way be cancelled.

    A job that fails is logged by name and tried again in its next slot; the others go on.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _fire,
            IntervalTrigger(seconds=job.every.total_seconds()),
            args=(job, claim, clock),
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


async def _fire(job: Job, claim: Claim, clock: Clock) -> None:
    slot = int(clock.now().timestamp() // job.every.total_seconds())
    try:
        if await claim(job.name, slot):
            await job.run()
    except Exception as error:  # noqa: BLE001  # one job must not end the clock of the others
        # The text of an unforeseen error may quote what it choked on; its kind is enough to find it.
        _LOG.error("job_failed", job=job.name, kind=type(error).__name__)
