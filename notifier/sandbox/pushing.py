"""How the gateways call the service back: when each push is due, how often it is tried, how many are under way."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import aiohttp

Item = TypeVar("Item")
TICK_S = 0.02
AT_ONCE = 16


class Timetable(Generic[Item]):
    """Hands over what has become due, all items of one 20 ms slot together, in the order they were put."""

    def __init__(self, hand_over: Callable[[list[Item]], None]) -> None:
        self._hand_over = hand_over
        self._slots: dict[int, list[Item]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def put(self, delay_s: float, item: Item) -> None:
        loop = asyncio.get_running_loop()
        slot = int((loop.time() + delay_s) / TICK_S) + 1
        if slot not in self._slots:
            self._slots[slot] = []
            self._timers[slot] = loop.call_at(slot * TICK_S, self._ring, slot)
        self._slots[slot].append(item)

    def _ring(self, slot: int) -> None:
        del self._timers[slot]
        self._hand_over(self._slots.pop(slot))

    def clear(self) -> None:
        """Nothing is due any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._slots.clear()


@dataclass(frozen=True, slots=True)
class Push:
    """One POST to the service."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class PushTally:
    """What became of the pushes so far."""

    n_answered: int = 0  # the service took it
    n_failed: int = 0  # one attempt without a usable answer
    n_dropped: int = 0  # given up after the last attempt


class Courier:
    """Posts with retries. At most AT_ONCE posts are under way; waiting for a retry does not count."""

    def __init__(self, timeout_s: float, waits_s: Sequence[float]) -> None:
        self.tally = PushTally()
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._waits = (*waits_s, None)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=self._timeout, connector=aiohttp.TCPConnector(limit=AT_ONCE))
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Pushes under way are abandoned; whoever owns them starts them again after a restart."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    @property
    def n_under_way(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def deliver(self, push: Push) -> bool:
        """True when the service answered 200 to one of the attempts; False when all failed. Raises nothing."""
        for wait_s in self._waits:
            async with self._gate:
                if await self._attempt(push):
                    self.tally.n_answered += 1
                    return True
            self.tally.n_failed += 1
            if wait_s is not None:
                await asyncio.sleep(wait_s)
        self.tally.n_dropped += 1
        return False

    async def _attempt(self, push: Push) -> bool:
        try:
            async with self._session.post(
                push.url, data=push.body, headers=push.headers, params=push.params, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError):  # the last for a URL that is none
            return False
