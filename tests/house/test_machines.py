"""The fixtures are what they claim to be: real, separate, and unable to leave this machine."""

import asyncio
import socket
import sqlite3
from contextlib import closing

import asyncpg
import nats
import pytest

from tests.loopback_only import LeavesTheMachineError
from tests.real_postgres import RealPostgres


def _dsn(url: str) -> str:
    return url.replace("+asyncpg", "")


async def test_postgres_databases_are_fresh_and_apart(postgres: RealPostgres, postgres_url: str) -> None:
    mine = await asyncpg.connect(_dsn(postgres_url))
    await mine.execute("CREATE TABLE seen (n int)")
    await mine.close()
    other = postgres.create()
    theirs = await asyncpg.connect(_dsn(postgres.url(other)))
    assert await theirs.fetchval("SELECT to_regclass('seen')") is None
    assert int(await theirs.fetchval("SHOW server_version_num")) >= 180_000
    await theirs.close()
    postgres.drop(other)


async def test_jetstream_keeps_what_is_published(nats_url: str) -> None:
    connection = await nats.connect(nats_url)
    stream = connection.jetstream()
    await stream.add_stream(name="HOUSE", subjects=["house.>"])
    await stream.publish("house.door", b"open")
    assert (await stream.get_msg("HOUSE", seq=1)).data == b"open"
    await stream.delete_stream("HOUSE")
    await connection.close()


async def _counts(url: str) -> dict[str, int]:
    """Rows by table."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.partition(":///")[2])) as file:
            tables = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    connection = await asyncpg.connect(_dsn(url))
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counts = {row["tablename"]: await connection.fetchval(f'SELECT count(*) FROM "{row["tablename"]}"') for row in rows}
    await connection.close()
    return counts


async def test_a_ledger_is_migrated_and_empty(ledger_url: str) -> None:
    counts = await _counts(ledger_url)
    assert counts.pop("alembic_version") == 1
    assert len(counts) > 10
    assert not any(counts.values())


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_another_machine_cannot_be_reached(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as plug, pytest.raises(LeavesTheMachineError):
        plug.connect((host, 80))


async def test_another_machine_cannot_even_be_looked_up() -> None:
    with pytest.raises(LeavesTheMachineError):
        await asyncio.get_running_loop().getaddrinfo("gateway.example", 443)
