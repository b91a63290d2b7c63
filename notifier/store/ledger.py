"""Opening the ledger and its transactions, the same on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from notifier.domain.errors import ConfigError
from notifier.store.sealing import Vault

Transaction = AsyncConnection
"""What `Ledger.writing` gives; rooms pass it on and never speak SQL through it."""

VAULT = "vault"
"""Where a writing connection's `info` has the vault, for what is marked with a key while it is written."""
_FIRST_ID = 1
_LOCK_WAIT_S = 60


class Ledger:
    """The open database with the vault for its sealed columns. Close it with `close`, also after an error."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, vault: Vault) -> None:
        self._writer = writer
        self._reader = reader
        self.vault = vault
        self.is_sqlite = writer.dialect.name == "sqlite"

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, undone when it raises. Keep the network out of it.

        On SQLite there is one writer at a time, which waits up to a minute for another process.
        """
        async with self._writer.begin() as connection:
            connection.info[VAULT] = self.vault
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for reading; on SQLite it does not wait for the writer."""
        async with self._reader.connect() as connection:
            yield connection

    def among(self, column: str, parameter: str) -> str:
        """SQL for "`column` is one of the integers bound to :`parameter`"; bind the result of `listed`."""
        if self.is_sqlite:
            return f"{column} IN (SELECT value FROM json_each(:{parameter}))"
        return f"{column} = ANY(CAST(:{parameter} AS BIGINT[]))"

    def listed(self, numbers: Sequence[int]) -> str | list[int]:
        """Integers as `among` wants them bound: one parameter however many there are."""
        return f"[{','.join(map(str, numbers))}]" if self.is_sqlite else list(numbers)

    async def close(self) -> None:
        """No connection is open any more. Safe to repeat."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


async def open_ledger(url: str, vault: Vault, *, pool: int = 8) -> Ledger:
    """The ledger at `url`, ready; its schema must be current. Raises ConfigError for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return Ledger(_sqlite(url, "BEGIN IMMEDIATE", 1), _sqlite(url, "BEGIN", pool), vault)
    if parsed.get_backend_name() == "postgresql":
        engine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool,
            hide_parameters=True,
            # Plans made for an empty table would be kept and used on a full one (performance.md).
            connect_args={
                "server_settings": {"plan_cache_mode": "force_custom_plan", "jit": "off", "work_mem": "16MB"}
            },
        )
        return Ledger(engine, engine, vault)
    raise ConfigError(
        f"ledger.url: {parsed.get_backend_name()} is not known; use sqlite+aiosqlite or postgresql+asyncpg"
    )


def _sqlite(url: str, begin: str, pool: int) -> AsyncEngine:
    wait = {"timeout": _LOCK_WAIT_S}
    engine = create_async_engine(url, pool_size=pool, max_overflow=0, hide_parameters=True, connect_args=wait)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # SQLAlchemy begins transactions itself, below; the driver must not.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-65536"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def take_ids(connection: AsyncConnection, table: str, n: int) -> range:
    """`n` ids of `table` for the caller's transaction alone; they are free again if it is undone.

    Take them late in a transaction: on PostgreSQL others who want ids of the same table wait until it ends.
    """
    result = await connection.execute(
        text(
            "INSERT INTO counter (name, next_id) VALUES (:table, CAST(:first AS BIGINT) + CAST(:n AS BIGINT)) "
            "ON CONFLICT (name) DO UPDATE SET next_id = counter.next_id + CAST(:n AS BIGINT) RETURNING next_id"
        ),
        {"table": table, "n": n, "first": _FIRST_ID},
    )
    end = int(result.scalar_one())
    return range(end - n, end)
