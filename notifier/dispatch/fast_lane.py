"""What goes before broadcasts: a slot of its own in every worker process, and a look before every broadcast chunk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from notifier.dispatch.direct import send_left
from notifier.dispatch.step import DispatchDesk, send_chunk
from notifier.domain.lanes import FAST
from notifier.store.dispatching import open_chunks

_LOG = structlog.get_logger(__name__)


async def send_fast(desk: DispatchDesk) -> int:
    """Every chunk of the fast lanes that is due was worked on, by this process or another; how many by this one."""
    tried: set[int] = set()
    while not desk.stopping.is_set():
        due = await open_chunks(desk.ledger, desk.clock.now(), 1, FAST)
        if not due or due[0] in tried:
            break
        tried.add(due[0])
        await send_chunk(desk, due[0])
    return len(tried)


async def send_after_fast(desk: DispatchDesk, chunk_id: int) -> int:
    """As `send_chunk`, once nothing of the fast lanes waits, whatever order the bus offers chunks in."""
    await send_fast(desk)
    return await send_chunk(desk, chunk_id)


@asynccontextmanager
async def fast_lane(desk: DispatchDesk) -> AsyncIterator[None]:
    """While the block runs, somebody of this process does nothing but the fast lanes; leaving it waits for them.

    A chunk whose sending fails is logged by the kind of its error and tried again.
    """
    attending = asyncio.create_task(_attend(desk))
    try:
        yield
    finally:
        desk.stopping.set()
        await asyncio.gather(attending, return_exceptions=True)


async def _attend(desk: DispatchDesk) -> None:
    while not desk.stopping.is_set():
        try:
            await send_left(desk)
            await send_fast(desk)
        except Exception as error:  # noqa: BLE001  # one chunk must not close the lane to the others
            _LOG.error("fast_lane_failed", kind=type(error).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(desk.settings.fast_lane_every.total_seconds()):
                await desk.stopping.wait()
