"""Running a contestant in a process of its own, so that its memory and its event loop are its own."""

import asyncio
import importlib.util
import multiprocessing
import resource
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Apart(Generic[T]):
    """What a function gave, and the most memory its process ever held."""

    result: T
    peak_mb: int


def run_apart(function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **named: P.kwargs) -> Apart[T]:
    """The result of the coroutine function, run to its end in a fresh process; its exception when it raises.

    Function, arguments and result must be picklable.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as alone:
        result, peak_kb = alone.submit(_measured, function, args, named).result()
    return Apart(result, peak_kb // 1024)


def run_in_loop(work: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, on uvloop where it is installed."""
    fast = importlib.util.find_spec("uvloop") and importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=fast or asyncio.new_event_loop) as runner:
        return runner.run(work)


def _measured(function: Any, args: Any, named: Any) -> tuple[Any, int]:
    result = run_in_loop(function(*args, **named))
    return result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
