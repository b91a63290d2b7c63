"""The dispatching step: claim a chunk, send it in waves of calls, record each wave; sweep for what was left behind."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from notifier.dispatch.batching import batches
from notifier.dispatch.hours import held_back
from notifier.dispatch.over_caps import OverCaps
from notifier.dispatch.pacing import call_size, take_turn
from notifier.dispatch.routes import Ways, depart, shut
from notifier.domain.contracts import Bus, Channel, Clock, ReportsParts
from notifier.domain.gateways import Limits
from notifier.domain.lanes import FAST
from notifier.domain.messages import Letter
from notifier.domain.operators import Operator
from notifier.domain.settings import Dispatch, Routing
from notifier.domain.texts import Wording
from notifier.store import dispatching, recording
from notifier.store.dispatching import Call, Claim, Lease, Started
from notifier.store.lanes import hold_back
from notifier.store.ledger import Ledger, Transaction
from notifier.store.postponing import wait_for_gateway
from notifier.store.recording import Answered, Landed

_WAVE = 100
_WEIGHT = {True: 10, False: 1}
"""Of a call in a wave of calls written ahead, by whether it surely carries many: what one crash can leave unsure."""
_SWEEP_MOST = 2_000
_PAUSE_AFTER_TROUBLE = timedelta(minutes=1)
_LEFT_TO_ANOTHER = timedelta(seconds=2)
"""For a chunk whose gateway another process has: soon offered again, and to whoever it is."""
_FREE = Limits()
_LETS_PASS = timedelta(milliseconds=100)
"""How much later than the fast lane a broadcast asks for budget that is used up."""


@dataclass(frozen=True, slots=True)
class DispatchDesk:
    """What dispatching works with. `channels` has every enabled channel by its name; a medium may have several."""

    ledger: Ledger
    clock: Clock
    channels: Mapping[str, Channel]
    wording: Wording
    settings: Dispatch
    calls: asyncio.Semaphore
    """How many provider calls this process has under way."""
    owner: str = field(default_factory=lambda: uuid4().hex)
    """Who holds the leases: one name a process."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to end gracefully: the wave in the air is recorded, the rest of its chunk is let go."""
    may_send: Callable[[str], bool] = lambda _: True
    """False for a gateway whose account another process has."""
    limits: Mapping[str, Limits] = field(default_factory=dict)
    """What each gateway may be given, by its name; one that is not here may be given anything."""
    rules: Routing = field(default_factory=Routing)
    filed: Mapping[str, frozenset[Operator]] = field(default_factory=dict)
    """The operators each gateway's signature is filed with; one that is not here needs no filing."""

    pages: str = ""
    """Where links to households' own pages lead; letters carry none without."""

    @property
    def ways(self) -> Ways:
        """What choosing a gateway works with."""
        return Ways(self.ledger, self.channels, self.wording, self.rules, self.filed, self.pages)


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
    while not desk.stopping.is_set() and (found := await _due_chunks(desk)):
        waiting = iter(found)
        sent = await asyncio.gather(
            *(_send_in_turn(desk, waiting) for _ in range(desk.settings.chunks_at_once)), return_exceptions=True
        )
        # Everything under way has ended before one's trouble is told: nothing is left in the air unrecorded.
        for done in sent:
            if isinstance(done, BaseException):
                raise done
            n_chunks, n_accepted = n_chunks + done.n_chunks, n_accepted + done.n_accepted
    return Dispatched(n_chunks, n_accepted)


async def _due_chunks(desk: DispatchDesk) -> list[int]:
    return await dispatching.open_chunks(desk.ledger, desk.clock.now(), _SWEEP_MOST)


async def _send_in_turn(desk: DispatchDesk, waiting: Iterator[int]) -> Dispatched:
    """One of several who take chunks from the same list until it is empty."""
    n_chunks = n_accepted = 0
    while not desk.stopping.is_set() and (chunk_id := next(waiting, None)) is not None:
        n_accepted += await send_chunk(desk, chunk_id)
        n_chunks += 1
    return Dispatched(n_chunks, n_accepted)


@dataclass(slots=True)
class _Flight:
    """A chunk on its way: the calls that wait, and those of the wave that is written ahead."""

    held: Claim
    calls: deque[Call]
    again_at: datetime | None = None
    """When what waits for a gateway is looked at again."""
    started: Sequence[Started] = ()
    over: list[Call] = field(default_factory=list)
    """Over the caps of their numbers at their gateway, and not yet given to another or postponed."""
    caps: OverCaps = field(init=False)
    free_at: datetime | None = None
    """Set while nothing may leave since every budget is used up."""

    def __post_init__(self) -> None:
        self.caps = OverCaps(self.held)


async def send_chunk(desk: DispatchDesk, chunk_id: int) -> int:
    """The chunk's ready messages were handed to their gateway, as far as hours and campaign allow; how many it took.

    Does nothing for a chunk that another holds. Safe to repeat and to kill: only what was in the air becomes unsure.
    """
    if await hold_back(desk.ledger, chunk_id, held_back(desk.clock.now(), desk.settings)):
        return 0
    flight = await _take_off(desk, chunk_id)
    if flight is None:
        return 0
    n_accepted = 0
    async with _signs_of_life(desk, flight.held):
        while flight.started or flight.over or flight.free_at:
            if flight.started:
                answers = await asyncio.gather(*(_call(desk, one) for one in flight.started))
                n_accepted += await _land(desk, flight, answers)
            else:
                await _wait(desk, flight)
    return n_accepted


async def _wait(desk: DispatchDesk, flight: _Flight) -> None:
    """A budget has room, as far as one can tell, and the next wave is written ahead; what is over caps goes by another
    gateway or is postponed."""
    if flight.free_at is not None:
        # The fast lane asks at once, and so comes before whoever lets it pass.
        grace = _LETS_PASS if flight.held.lane > FAST else timedelta(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, (flight.free_at + grace - desk.clock.now()).total_seconds())):
                await desk.stopping.wait()
    async with desk.ledger.writing() as c:
        now = desk.clock.now()
        over, flight.over = flight.over, []
        if await dispatching.renew(c, flight.held, now + desk.settings.lease, now):
            await _make_room(desk, c, flight, over)
        await _next_wave(desk, c, flight, None)


async def _make_room(desk: DispatchDesk, c: Transaction, flight: _Flight, over: Sequence[Call]) -> None:
    now = desk.clock.now()
    letters = await flight.caps.elsewhere(c, desk.ways, over, desk.limits, now) if over else {}
    ours = {gateway: its for gateway, its in letters.items() if desk.may_send(gateway)}
    flight.calls.extend(_in_calls(desk, ours))
    gone_on = {letter.message_id for its in ours.values() for letter in its}
    left = [letter.message_id for call in over for letter in call.letters if letter.message_id not in gone_on]
    await flight.caps.wait(c, desk.ways, left, desk.settings.give_up_after, now)


async def _take_off(desk: DispatchDesk, chunk_id: int) -> _Flight | None:
    """The chunk is claimed and its first wave written ahead, in one transaction; None when there is nothing to do."""
    async with desk.ledger.writing() as c:
        now = desk.clock.now()
        lease = Lease(desk.owner, now + desk.settings.lease)
        held = await dispatching.claim(c, desk.ledger, chunk_id, lease, now)
        if held is None:
            return None
        gateways = desk.ways.of(held.medium)
        usable = [name for name in gateways if desk.may_send(name)]
        if gateways and not usable:
            await dispatching.let_go(c, held, now, now + _LEFT_TO_ANOTHER)
            return None
        departure = await depart(c, desk.ways, held, usable, now)
        again_at = departure.again_at
        if again_at and not departure.letters:
            given_up = await wait_for_gateway(c, desk.ledger, held, desk.settings.give_up_after, now)
            again_at = None if given_up else again_at
        flight = _Flight(held, deque(_in_calls(desk, departure.letters)), again_at)
        await _next_wave(desk, c, flight, None)
        return flight


def _in_calls(desk: DispatchDesk, letters: Mapping[str, Sequence[Letter]]) -> Iterator[Call]:
    for gateway, its in letters.items():
        channel = desk.channels[gateway]
        size = call_size(channel.batch_size, its, desk.limits.get(gateway, _FREE))
        reports_parts = channel if isinstance(channel, ReportsParts) else None
        for call in batches(its, size, one_text=channel.one_text_a_call):
            yield Call(gateway, call, reports_parts.n_parts(call[0]) if reports_parts else 1)


async def _land(desk: DispatchDesk, flight: _Flight, answers: Sequence[Answered]) -> int:
    """The wave is recorded and the next one written ahead, in one transaction; how many messages were accepted."""
    async with desk.ledger.writing() as c:
        now = desk.clock.now()
        landed = Landed(
            flight.held,
            answers,
            now + desk.settings.settle_after,
            has_spare=len(desk.ways.of(flight.held.medium)) > 1,
            same_content=desk.rules.same_content,
            most_waiting=desk.settings.give_up_after,
        )
        done = await recording.record(c, desk.ledger, landed, now)
        again = set(done.again)
        closed = await shut(c, desk.ways, done.shut, now)
        flight.calls.extendleft(
            Call(one.gateway, [letter], one.n_parts)
            for one in flight.started
            for letter in one.letters
            if letter.message_id in again
        )
        if any(call.gateway in closed for call in flight.calls):
            flight.calls = deque(call for call in flight.calls if call.gateway not in closed)
            flight.again_at = flight.again_at or now
        await _next_wave(desk, c, flight, now + _PAUSE_AFTER_TROUBLE if done.paused_why is not None else None)
        return done.n_accepted


async def _next_wave(desk: DispatchDesk, c: Transaction, flight: _Flight, pause: datetime | None) -> None:
    """`flight.started` may leave once the transaction is committed; when nothing is left to do the chunk is let go."""
    now, flight.started, flight.free_at = desk.clock.now(), (), None
    pause = pause or held_back(now, desk.settings).get(flight.held.lane)
    if flight.calls and pause is None and not desk.stopping.is_set():
        turn = await take_turn(c, desk.ledger, desk.limits, list(_wave(desk, flight.calls)), now)
        flight.calls.extend(turn.held)
        flight.over += turn.over
        if turn.calls:
            until = now + desk.settings.lease
            flight.started = await dispatching.write_ahead(c, flight.held, turn.calls, until, now) or ()
            flight.calls = flight.calls if flight.started else deque()
        elif turn.free_at is not None and turn.free_at - now > desk.settings.lease:
            pause = turn.free_at
        else:
            flight.free_at = turn.free_at
    if not (flight.started or flight.over or flight.free_at):
        await dispatching.let_go(c, flight.held, now, pause or flight.again_at)


def _wave(desk: DispatchDesk, calls: deque[Call]) -> Iterator[Call]:
    """Calls taken off the front, as many as may be in the air together."""
    room = _WAVE
    while calls and room > 0:
        channel = desk.channels[calls[0].gateway]
        room -= _WEIGHT[channel.batch_size > 1 and not channel.one_text_a_call]
        yield calls.popleft()


async def _call(desk: DispatchDesk, started: Started) -> Answered:
    async with desk.calls:
        outcomes = await desk.channels[started.gateway].send(started.letters, started.out_id)
        return Answered(started, outcomes, desk.clock.now())


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
