"""A service that is killed (SIGKILL) again and again at random moments, and started again at once.

It is the whole service, all roles in one process. Its processes are forked from one that has imported everything and
done nothing, so that a life costs what the service itself does at its start, and not two seconds of imports.
"""

import asyncio
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from notifier.app import open_app, serve
from notifier.commands.running import ROLES, start_logging
from notifier.domain.settings import Log
from notifier.settings import Settings
from scripts.benchmarks.apart import run_in_loop

_READY_S = 60
_AT_THE_START = 0.1
"""Share of lives that end before they are ready, or just then."""
_START_S, _LIFE_S, _LONGEST_LIFE_S = 0.4, 0.6, 8.0
_LOOK_S = 0.02


class Worker:
    """The process that lives now, if one does."""

    def __init__(self, changes: dict[str, Any], log: Path) -> None:
        self._means = multiprocessing.get_context("forkserver")
        self._means.set_forkserver_preload([__name__])
        self._changes = changes
        self._log = log
        self._process: Any = None
        self._hears: Connection | None = None

    def start(self) -> None:
        """A new process is on its way."""
        self._hears, says = self._means.Pipe(duplex=False)
        arguments = (self._changes, self._log, says)
        self._process = self._means.Process(target=_live, args=arguments, daemon=True)
        self._process.start()
        says.close()

    def wait_until_ready(self) -> None:
        """It listens and works. Raises RuntimeError when it does not come so far."""
        assert self._hears is not None, "wait after start"
        if not self._hears.poll(_READY_S):
            raise RuntimeError(f"the service was not ready within {_READY_S} s: {self._last_words()}")
        try:
            self._hears.recv()
        except EOFError:
            raise RuntimeError(f"the service did not start: {self._last_words()}") from None

    def check(self) -> None:
        """Raises RuntimeError when it has ended by itself."""
        if not self._process.is_alive():
            raise RuntimeError(f"the service ended by itself: {self._last_words()}")

    def kill(self) -> None:
        """It is gone, in the middle of whatever it did. Safe to repeat."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
        if self._hears is not None:
            self._hears.close()
            self._hears = None

    def _last_words(self) -> str:
        said = self._log.read_text("utf-8", errors="replace").splitlines() if self._log.exists() else []
        return " / ".join(said[-3:]) or "it said nothing"


@contextmanager
def a_worker(changes: dict[str, Any], log: Path) -> Iterator[Worker]:
    """Nothing of the service is left after the block."""
    worker = Worker(changes, log)
    try:
        yield worker
    finally:
        worker.kill()


def _live(changes: dict[str, Any], log: Path, says: Connection) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    start_logging(Log(level="warning"))
    run_in_loop(_serve(changes, says))


async def _serve(changes: dict[str, Any], says: Connection) -> None:
    async with open_app(Settings(**changes)) as app:
        await serve(app, frozenset(ROLES), asyncio.Event(), says.send)


@dataclass(frozen=True, slots=True)
class Kills:
    """How many, and how many of them hit while letters were still leaving, or before the service was ready."""

    n_kills: int
    n_while_sending: int
    n_at_the_start: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """What tells the killer how far the campaign is."""

    n_households: int
    n_on_handsets: Callable[[], int]


def kill_again_and_again(
    worker: Worker, campaign: Campaign, n_kills: int, draw: random.Random, told: Callable[[int], None]
) -> Kills:
    """`n_kills` lives have ended, spread over the whole sending at random, and at random moments within a call.

    `told` hears after each how many there were. Afterwards nothing runs.
    """
    n_while_sending = n_at_the_start = 0
    points = sorted(draw.uniform(0, 0.95) * campaign.n_households for _ in range(n_kills))
    for n, point in enumerate(points, 1):
        worker.start()
        if draw.random() < _AT_THE_START:
            time.sleep(draw.uniform(0, _START_S))
            n_at_the_start += 1
        else:
            worker.wait_until_ready()
            _live_until(campaign, point)
            time.sleep(draw.uniform(0, _LIFE_S))
            worker.check()
        n_while_sending += campaign.n_on_handsets() < campaign.n_households
        worker.kill()
        told(n)
    return Kills(n_kills, n_while_sending, n_at_the_start)


def _live_until(campaign: Campaign, point: float) -> None:
    """So many letters have arrived, or it takes too long: what waits for something else is killed as well."""
    until = time.monotonic() + _LONGEST_LIFE_S
    while campaign.n_on_handsets() < point and time.monotonic() < until:
        time.sleep(_LOOK_S)
