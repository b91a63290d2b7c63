"""Where the time goes when many things are under way at once."""

import functools
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

REST = "rest"


class Parts:
    """Seconds by part. A moment that several parts share is divided among them, so the parts add up to the whole."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._under_way: Counter[str] = Counter()
        self._since = clock()

    @contextmanager
    def during(self, part: str) -> Iterator[None]:
        """The block's time, or its share of it, belongs to the part."""
        self._divide()
        self._under_way[part] += 1
        try:
            yield
        finally:
            self._divide()
            self._under_way[part] -= 1

    def watch(self, owner: Any, name: str, part: str) -> None:
        """From now on the time in the coroutine function `owner.name` belongs to the part."""
        watched: Callable[..., Awaitable[Any]] = getattr(owner, name)

        @functools.wraps(watched)
        async def call(*args: Any, **named: Any) -> Any:
            with self.during(part):
                return await watched(*args, **named)

        setattr(owner, name, call)

    def _divide(self) -> None:
        now = self._clock()
        n = self._under_way.total()
        for part, n_calls in self._under_way.items() if n else [(REST, 1)]:
            self.seconds[part] += (now - self._since) * n_calls / (n or 1)
        self._since = now
