"""The migrations make the tables the code speaks of, on both databases, from nothing and again."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from notifier.domain.errors import ConfigError
from notifier.store import tables
from notifier.store.ledger import open_ledger, take_ids
from notifier.store.migrate import is_current, upgrade
from notifier.store.sealing import Vault, load_keys


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/deep/ledger.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


async def test_from_nothing_to_the_newest_and_again(empty_url: str) -> None:
    if "sqlite" not in empty_url:
        assert not await is_current(empty_url)
    await upgrade(empty_url)
    assert await is_current(empty_url)
    await upgrade(empty_url)
    assert await is_current(empty_url)


async def test_tables_and_migrations_do_not_differ(ledger_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return list(compare_metadata(context, SQLModel.metadata))

    assert tables.Payment in SQLModel.__subclasses__()
    engine = create_async_engine(ledger_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_ids_are_blocks_that_nobody_else_gets_and_free_again_when_undone(ledger_url: str, tmp_path: Path) -> None:
    ledger = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    async with ledger.writing() as c:
        assert list(await take_ids(c, "message", 3)) == [1, 2, 3]
        assert list(await take_ids(c, "message", 0)) == []
        assert list(await take_ids(c, "chunk", 1)) == [1]
    with pytest.raises(ZeroDivisionError):
        async with ledger.writing() as c:
            await take_ids(c, "message", 5)
            raise ZeroDivisionError
    async with ledger.writing() as c:
        assert list(await take_ids(c, "message", 2)) == [4, 5]
    await ledger.close()
    await ledger.close()


async def test_numbers_are_found_among_many_and_none(ledger_url: str, tmp_path: Path) -> None:
    ledger = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    async with ledger.writing() as c:
        await c.execute(text("INSERT INTO counter (name, next_id) VALUES ('a', 1), ('b', 2), ('c', 40000)"))
    async with ledger.reading() as c:
        sql = text(f"SELECT name FROM counter WHERE {ledger.among('next_id', 'ids')} ORDER BY name")
        assert [row.name for row in await c.execute(sql, {"ids": ledger.listed([2, *range(100, 50_000)])})] == [
            "b",
            "c",
        ]
        assert [row.name for row in await c.execute(sql, {"ids": ledger.listed([])})] == []
    await ledger.close()


async def test_another_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ledger\.url"):
        await open_ledger("mysql+aiomysql://localhost/x", Vault(load_keys(tmp_path / "keys.toml")))
