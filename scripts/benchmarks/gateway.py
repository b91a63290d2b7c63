"""The stand-in gateways in a process of their own; unless told otherwise they behave, and push no receipts."""

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from notifier.sandbox import server
from notifier.sandbox.settings import SandboxSettings, load_settings
from scripts.benchmarks.apart import run_in_loop

_PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the stand-in listens, and its own record of what the handsets received."""

    address: str
    record: Path

    @property
    def sms(self) -> str:
        """The endpoint of the SMS gateway."""
        return f"{self.address}/aliyun/"


def shipped() -> SandboxSettings:
    """The settings that a county is given to try things with."""
    return load_settings(Path("config/sandbox.toml"))


@contextmanager
def a_gateway(folder: Path, settings: SandboxSettings | None = None) -> Iterator[Gateway]:
    """A fresh stand-in listens at a free port while the block runs; its record in `folder` stays."""
    record = folder / "handsets.sqlite3"
    told = (settings or _behaving()).model_copy(update={"record_path": record, "port": 0})
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(told, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(_PATIENCE_S):
            raise TimeoutError(f"the stand-in gateway did not listen within {_PATIENCE_S} s")
        yield Gateway(ours.recv(), record)
    finally:
        process.terminate()
        process.join()


def _behaving() -> SandboxSettings:
    settings = shipped()
    return settings.model_copy(update={"aliyun": settings.aliyun.model_copy(update={"qps": 0})})


def _serve(settings: SandboxSettings, said: Connection) -> None:
    run_in_loop(_serve_until_told(settings, said))


async def _serve_until_told(settings: SandboxSettings, said: Connection) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await server.run(settings, stop, said.send)
