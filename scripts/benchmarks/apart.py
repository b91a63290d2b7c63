"""Running a contestant in a process of its own, so that its memory and its event loop are its own."""

import asyncio
import importlib.util
import multiprocessing
import resource
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Apart(Generic[T]):
    """What a function gave, the most memory its process ever held, and what it cost in processor time."""

    result: T
    peak_mb: int
    cpu_s: float


def run_apart(function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **named: P.kwargs) -> Apart[T]:
    """The result of the coroutine function, run to its end in a fresh process; its exception when it raises.

    Function, arguments and result must be picklable.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as alone:
        result, peak_kb, cpu_s = alone.submit(_measured, function, args, named).result()
    return Apart(result, peak_kb // 1024, cpu_s)


def run_in_loop(work: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, on uvloop where it is installed."""
    fast = importlib.util.find_spec("uvloop") and importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=fast or asyncio.new_event_loop) as runner:
        return runner.run(work)


def _measured(function: Any, args: Any, named: Any) -> tuple[Any, int, float]:
    before = time.process_time()
    result = run_in_loop(function(*args, **named))
    return result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time() - before
