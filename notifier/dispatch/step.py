"""The dispatching step: claim a chunk, send it in waves of calls, record each wave; sweep for what was left behind."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from notifier.dispatch.batching import batches
from notifier.dispatch.quiet import quiet_until
from notifier.domain.contracts import Bus, Channel, Clock
from notifier.domain.messages import Letter, Medium
from notifier.domain.settings import Dispatch
from notifier.store import dispatching, recording
from notifier.store.dispatching import Claim, Started, Wave
from notifier.store.ledger import Ledger
from notifier.store.recording import Answered, Recorded

_CALLS_A_WAVE = {True: 10, False: 100}
"""Calls written ahead together, by whether a call carries many letters: what one crash can leave unsure."""
_SWEEP_MOST = 2_000
_PAUSE_AFTER_TROUBLE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DispatchDesk:
    """What dispatching works with. `channels` has the enabled channel of each medium."""

    ledger: Ledger
    clock: Clock
    channels: Mapping[Medium, Channel]
    settings: Dispatch
    calls: asyncio.Semaphore
    """How many provider calls this process has under way."""
    owner: str = field(default_factory=lambda: uuid4().hex)
    """Who holds the leases: one name a process."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to end gracefully: the wave in the air is recorded, the rest of its chunk is let go."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What a step did: chunks worked on and messages that a gateway accepted."""

    n_chunks: int
    n_accepted: int


async def sweep(desk: DispatchDesk, bus: Bus) -> int:
    """Every chunk that is open, due and unleased is offered on the bus; how many. Safe to repeat: a claim decides."""
    found = await dispatching.open_chunks(desk.ledger, desk.clock.now(), _SWEEP_MOST)
    for chunk_id in found:
        await bus.put(chunk_id)
    return len(found)


async def step(desk: DispatchDesk) -> Dispatched:
    """Every chunk that is due now has been worked on, without a bus: `notifier once dispatch`."""
    n_chunks = n_accepted = 0
    while not desk.stopping.is_set() and (found := await _next_chunks(desk)):
        sent = await asyncio.gather(*(send_chunk(desk, chunk_id) for chunk_id in found), return_exceptions=True)
        # Every chunk of the round has ended before one's trouble is told: none is left in the air unrecorded.
        for done in sent:
            if isinstance(done, BaseException):
                raise done
            n_accepted += done
        n_chunks += len(found)
    return Dispatched(n_chunks, n_accepted)


async def _next_chunks(desk: DispatchDesk) -> list[int]:
    return await dispatching.open_chunks(desk.ledger, desk.clock.now(), desk.settings.chunks_at_once)


async def send_chunk(desk: DispatchDesk, chunk_id: int) -> int:
    """The chunk's ready messages were handed to their gateway, as far as hours and campaign allow; how many it took.

    Does nothing for a chunk that another holds. Safe to repeat and to kill: only what was in the air becomes unsure.
    """
    now = desk.clock.now()
    if until := _quiet(desk):
        await dispatching.hold_back(desk.ledger, chunk_id, until)
        return 0
    held = await dispatching.claim(desk.ledger, chunk_id, desk.owner, now, desk.settings.lease)
    if held is None:
        return 0
    channel = desk.channels.get(held.medium)
    if channel is None:
        await dispatching.let_go(desk.ledger, held, desk.clock.now(), desk.clock.now() + _PAUSE_AFTER_TROUBLE)
        return 0
    return await _send_held(desk, held, channel)


def _quiet(desk: DispatchDesk) -> datetime | None:
    return quiet_until(desk.clock.now(), desk.settings.quiet_from, desk.settings.quiet_until)


async def _send_held(desk: DispatchDesk, held: Claim, channel: Channel) -> int:
    waiting = deque(batches(held.letters, channel.batch_size))
    n_accepted = 0
    again_from = None
    async with _signs_of_life(desk, held):
        while waiting and not desk.stopping.is_set():
            if again_from := _quiet(desk):
                break
            wave = [waiting.popleft() for _ in range(min(len(waiting), _CALLS_A_WAVE[channel.batch_size > 1]))]
            done = await _send_wave(desk, held, channel, wave)
            if done is None:
                break
            n_accepted += done.n_accepted
            if done.paused_why is not None:
                again_from = desk.clock.now() + _PAUSE_AFTER_TROUBLE
                break
            again = set(done.again)
            waiting.extendleft([letter] for call in wave for letter in call if letter.message_id in again)
    await dispatching.let_go(desk.ledger, held, desk.clock.now(), again_from)
    return n_accepted


async def _send_wave(
    desk: DispatchDesk, held: Claim, channel: Channel, wave: Sequence[Sequence[Letter]]
) -> Recorded | None:
    ahead = Wave(channel.name, wave)
    started = await dispatching.write_ahead(desk.ledger, held, ahead, desk.settings.lease, desk.clock.now())
    if started is None:
        return None
    answers = await asyncio.gather(*(_call(desk, channel, one) for one in started))
    return await recording.record(desk.ledger, held, answers, desk.settings.settle_after, desk.clock.now())


async def _call(desk: DispatchDesk, channel: Channel, started: Started) -> Answered:
    async with desk.calls:
        return Answered(started, await channel.send(started.letters, started.out_id))


@asynccontextmanager
async def _signs_of_life(desk: DispatchDesk, held: Claim) -> AsyncIterator[None]:
    """The lease is extended while the block runs, so that a slow gateway does not look like a dead worker."""

    async def extend() -> None:
        while True:
            await asyncio.sleep(desk.settings.lease.total_seconds() / 3)
            now = desk.clock.now()
            await dispatching.extend_lease(desk.ledger, held, now + desk.settings.lease, now)

    beating = asyncio.create_task(extend())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
