"""The other contestant: a bare loop that does nothing but send and write down, as fast as this machine lets it.

The phones are in memory already. Requests are built, signed and read by the same code as the service's, so that only
what the service does beside that is measured; the rows of a thousand letters are written by the database's own
fastest statement, with the durability of the ledger.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import aiohttp
import asyncpg
from sqlalchemy.engine import make_url

from notifier.channels.aliyun_sms.protocol import Account, read_answer, send_call
from notifier.channels.aliyun_sms.signing import Credentials, Stamp
from notifier.domain.messages import Letter
from notifier.sandbox.county.numbers import phone_number

BATCH = 100
UNDER_WAY = 64
ROWS_A_WRITE = 1_000
_PARAMETERS = {
    "title": "耕地地力保护补贴",
    "part1": "种地农户每亩补贴95元",
    "part2": "详情请问村委会",
    "tel": "0954-7010000",
}

Row = tuple[int, str, str, int]
"""Message id, out_id, provider's id, microseconds since 1970."""


class Table(Protocol):
    """A plain table; rows that were added are durable."""

    async def add(self, rows: Sequence[Row]) -> None:
        """One transaction."""
        ...


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[Row]) -> None:
        await asyncio.to_thread(self._add, rows)

    def _add(self, rows: Sequence[Row]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO accepted VALUES (?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")


class _Postgres:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[Row]) -> None:
        await self._connection.copy_records_to_table("accepted", records=rows)


_TABLE = "CREATE TABLE accepted (id BIGINT PRIMARY KEY, out_id TEXT, provider_ref TEXT, at BIGINT)"


@asynccontextmanager
async def _a_table(url: str) -> AsyncIterator[Table]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(f"{parsed.database}-bare", isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "DROP TABLE IF EXISTS accepted"):
            connection.execute(statement)
        connection.execute(_TABLE)
        yield _Sqlite(connection)
        connection.close()
        return
    server = await asyncpg.connect(host=parsed.query["host"], user=parsed.username, database=parsed.database)
    await server.execute("DROP TABLE IF EXISTS accepted")
    await server.execute(_TABLE)
    yield _Postgres(server)
    await server.close()


async def loop(url: str, endpoint: str, n_letters: int) -> float:
    """Seconds until letters 1..n were accepted by the gateway at `endpoint` and are in a plain table beside `url`."""
    letters = [Letter(n, phone_number(n), "SMS_640425002", _PARAMETERS) for n in range(1, n_letters + 1)]
    calls = iter([letters[at : at + BATCH] for at in range(0, n_letters, BATCH)])
    account = Account(
        endpoint, "cn-hangzhou", "彭阳惠农", Credentials("SandboxKey640425", "sandbox-dummy-secret"), "v1"
    )
    async with _a_table(url) as table, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=128)) as session:
        answered: asyncio.Queue[list[Row] | None] = asyncio.Queue()
        began = time.perf_counter()
        writing = asyncio.create_task(_write(table, answered))
        await asyncio.gather(*(_send(session, account, calls, answered) for _ in range(UNDER_WAY)))
        answered.put_nowait(None)
        await writing
        return time.perf_counter() - began


async def _send(
    session: aiohttp.ClientSession,
    account: Account,
    calls: Iterable[list[Letter]],
    answered: asyncio.Queue[list[Row] | None],
) -> None:
    for letters in calls:
        out_id = uuid4().hex
        call = send_call(account, letters, out_id, Stamp(datetime.now(UTC), uuid4().hex))
        async with session.post(call.url, data=call.body, headers=call.headers) as reply:
            answer = read_answer(reply.status, await reply.read())
        if answer.code != "OK":
            raise RuntimeError(f"the stand-in refused a call: {answer.code}")
        at, provider_ref = time.time_ns() // 1000, answer.fields["BizId"]
        answered.put_nowait([(letter.message_id, out_id, provider_ref, at) for letter in letters])


async def _write(table: Table, answered: asyncio.Queue[list[Row] | None]) -> None:
    rows: list[Row] = []
    while (more := await answered.get()) is not None:
        rows += more
        if len(rows) >= ROWS_A_WRITE:
            await table.add(rows)
            rows = []
    await table.add(rows)
