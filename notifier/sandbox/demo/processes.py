"""The processes of a run: long ones that are started and ended, short ones that answer with one JSON line."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from notifier.sandbox.demo.terms import DemoError

_NOTIFIER = (sys.executable, "-m", "notifier")
_READY_S, _GRACE_S = 90, 20
_TOLD_LINES = 5


def environment(config: Path) -> dict[str, str]:
    """This process's environment with the run's settings, and no setting of another."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")}
    return {**kept, "NOTIFIER_CONFIG": str(config)}


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """All results, in order; when one fails the others are cancelled and its own error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


class Processes:
    """Starts and ends the long-running ones. They are in sessions of their own: only this process ends them."""

    def __init__(self, env: Mapping[str, str], logs: Path) -> None:
        self._env = dict(env)
        self._logs = logs
        self._running: dict[str, Process] = {}

    async def start(self, name: str, *arguments: str) -> dict[str, Any]:
        """`notifier <arguments> --json` runs; gives the JSON line it printed when it was ready. Raises DemoError."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *_NOTIFIER, *arguments, "--json",
                stdin=DEVNULL, stdout=PIPE, stderr=file, env=self._env, start_new_session=True,
            )  # fmt: skip
        self._running[name] = process
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _READY_S)
            told: dict[str, Any] = json.loads(line)
        except (TimeoutError, ValueError):
            last = log.read_text("utf-8", errors="replace").splitlines()[-_TOLD_LINES:]
            raise DemoError(f"{name} 没有启动：{' / '.join(last) or '没有任何输出'}") from None
        if "error" in told:
            raise DemoError(f"{name} 没有启动：{told['error']}")
        return told

    def check(self) -> None:
        """Raises DemoError when one has ended by itself."""
        for name, process in self._running.items():
            if process.returncode is not None:
                raise DemoError(f"{name} 意外结束，退出码 {process.returncode}；请看 logs/{name}.log")

    async def kill(self, name: str) -> None:
        """It is gone in mid-air (SIGKILL)."""
        process = self._running.pop(name)
        process.kill()
        await process.wait()

    async def end(self) -> None:
        """All have ended: asked first (SIGTERM), the last started first, then made to. Safe to repeat."""
        for name in list(self._running)[::-1]:
            process = self._running.pop(name)
            if process.returncode is None:
                await _end(process)


async def _end(process: Process) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        process.kill()
        await process.wait()


class CommandLine:
    """`notifier …` as an operator types it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = dict(env)

    async def __call__(self, *arguments: object, told: Iterable[bytes] = (), may_fail: bool = False, **env: str) -> Any:
        """Its JSON answer; `told` goes to its standard input. `may_fail`: exit code 1 is an answer too.

        Raises DemoError with the command's own sentence.
        """
        words = [str(one) for one in arguments]
        process = await asyncio.create_subprocess_exec(
            *_NOTIFIER, *words, "--json",
            stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**self._env, **env}, start_new_session=True,
        )  # fmt: skip
        try:
            _, out, err = await asyncio.gather(_tell(process, told), _read(process.stdout), _read(process.stderr))
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _answer(words, code, (out, err), may_fail=may_fail)


def _answer(words: list[str], code: int, said: tuple[str, str], *, may_fail: bool) -> Any:
    out, err = said
    try:
        answer = json.loads(out.splitlines()[-1])
    except (ValueError, IndexError):
        last = " / ".join(err.splitlines()[-_TOLD_LINES:])
        raise DemoError(f"notifier {' '.join(words[:2])} 没有回答（退出码 {code}）：{last}") from None
    if isinstance(answer, dict) and "error" in answer:
        raise DemoError(f"notifier {' '.join(words[:2])}：{answer['error']}")
    if code and not (may_fail and code == 1):
        raise DemoError(f"notifier {' '.join(words[:2])} 的退出码是 {code}")
    return answer


async def _tell(process: Process, told: Iterable[bytes]) -> None:
    assert process.stdin is not None
    try:
        for part in told:
            process.stdin.write(part)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has said why on its standard output


async def _read(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.read()).decode("utf-8", errors="replace")
