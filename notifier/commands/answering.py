"""How every command answers, fails, and shows its progress."""

import asyncio
import dataclasses
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from notifier.domain.errors import NotifierError

try:
    import uvloop
except ImportError:  # the extra `speed` is not installed
    _LOOP = None
else:
    _LOOP = uvloop.new_event_loop

AsJson = Annotated[bool, typer.Option("--json", help="answer with one JSON object")]
_SCREEN = Console(stderr=True)
_FRAMES = 3


def plain(value: Any) -> Any:
    """A result as JSON values: dataclasses become objects, enums their value, instants ISO text, bytes nothing."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value) if one.repr}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return None if isinstance(value, bytes) else value


def answer(result: Any, *, as_json: bool, text: str | Callable[[], str] | None = None) -> None:
    """The result is on standard output: one JSON line, or the text, or its fields one a line."""
    content = plain(result)
    if as_json:
        sys.stdout.write(json.dumps(content, ensure_ascii=False, default=str) + "\n")
        return
    if text is not None:
        sys.stdout.write((text() if callable(text) else text) + "\n")
    elif isinstance(content, dict):
        sys.stdout.writelines(f"{key}: {value}\n" for key, value in content.items())
    else:
        sys.stdout.write(f"{content}\n")


def run(work: Coroutine[Any, Any, Any], *, as_json: bool) -> Any:
    """The result of the work; an error becomes one sentence and exit code 1.

    Of an unforeseen one only its kind and place are told: its text may quote what it choked on.
    """
    try:
        with asyncio.Runner(loop_factory=_LOOP) as runner:
            return runner.run(work)
    except NotifierError as error:
        _refuse(str(error), as_json=as_json)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as error:  # noqa: BLE001  # a traceback ends with that text
        places = " < ".join(places_of(error)[::-1])
        _refuse(f"程序出错({type(error).__name__},{places});请把这一行告诉维护人员", as_json=as_json)
        raise typer.Exit(1) from None


def places_of(error: BaseException) -> list[str]:
    """Where an error came from, file and line of its last frames; nothing of what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]


def _refuse(sentence: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"error": sentence}, ensure_ascii=False) + "\n")
    else:
        _SCREEN.print(f"[bold red]错误[/] {escape(sentence)}", highlight=False)


def write_for_owner(path: Path, content: bytes) -> None:
    """The file is personal data: nobody else on the machine can read them, whatever stood there before."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)


class Bar:
    """A progress bar on the terminal; it is the domain's Progress."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, n_done: int) -> None:
        """`n_done` more units are done."""
        self._bars.advance(self._task, n_done)


@contextmanager
def bar(what: str, *, total: int | None = None, quiet: bool = False) -> Iterator[Bar]:
    """A bar with a name while the block runs; on standard error, and none when `quiet`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_SCREEN, disable=quiet, transient=False) as bars:
        yield Bar(bars, bars.add_task(what, total=total))
