"""What is particular to SFTP drops, payment APIs and foreign databases, beyond the exam of every source."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import asyncssh
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from notifier.domain import settings
from notifier.domain.benefits import Finding
from notifier.domain.contracts import ForeignQuery
from notifier.domain.errors import ConfigError, SourceError
from notifier.sources.definitions import Definition, read_definitions
from notifier.sources.headers import load_aliases
from notifier.sources.looking import Means, Watched
from notifier.sources.registry import PUSHED, build, definitions
from notifier.store.foreign import ForeignDatabases
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.watch.step import step
from notifier.wire import Wire
from tests.contracts.payment_places import SECRETS, USER, ApiPlace, SftpPlace, an_api, an_sftp_drop
from tests.registered import FrozenClock

ALIASES = load_aliases(Path("config/headers.toml"), "payments")


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire(settings.Wire()) as opened:
        yield opened


@pytest.fixture
async def drop(tmp_path: Path) -> AsyncIterator[SftpPlace]:
    async with an_sftp_drop(tmp_path) as place:
        yield place


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiPlace]:
    async with an_api(tmp_path) as place:
        yield place


def means(wire: Wire, secrets: Mapping[str, str] = SECRETS) -> Means:
    return Means(wire, FrozenClock(), ALIASES, ForeignDatabases(), secrets)


async def look(source: Watched, memory: Mapping[str, str] | None = None) -> list[Finding]:
    return [finding async for finding in source.look(memory or {})]


def changed(definition: Definition, **other: object) -> Definition:
    return type(definition).model_validate({**definition.model_dump(), **other})


class TestSftp:
    async def test_another_host_key_is_refused_before_any_password_leaves(self, drop: SftpPlace, wire: Wire) -> None:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
        with pytest.raises(SourceError, match="host_key 不同") as error:
            await look(build(changed(drop.definition, host_key=other), means(wire)))
        assert not error.value.temporary

    async def test_a_refused_login_and_a_missing_secret_say_so(self, drop: SftpPlace, wire: Wire) -> None:
        with pytest.raises(SourceError, match=f"拒绝了用户 {USER} 登录"):
            await look(build(drop.definition, means(wire, {"EXAM_PASSWORD": "wrong"})))
        with pytest.raises(SourceError, match="环境变量 EXAM_PASSWORD 没有设置"):
            await look(build(drop.definition, means(wire, {})))

    async def test_a_file_is_taken_once_until_it_changes(self, drop: SftpPlace, wire: Wire) -> None:
        source = build(drop.definition, means(wire))
        drop.show(1)
        (first,) = await look(source)
        assert await look(source, first.memory) == []
        drop.path.joinpath("1.xlsx").rename(drop.path / "renamed.xlsx")
        (renamed,) = await look(source, first.memory)
        assert renamed.identities == first.identities

    async def test_what_is_still_being_written_waits(self, drop: SftpPlace, wire: Wire) -> None:
        drop.old = FrozenClock().now().timestamp() - 10
        drop.show(1)
        source = build(drop.definition, means(wire))
        assert await look(source) == []
        assert [one.again for one in source.left_out] == [True]


class TestAnApi:
    async def test_its_cursor_is_kept_in_the_commit_of_what_it_brought(
        self, api: ApiPlace, wire: Wire, sqlite_ledger_url: str, tmp_path: Path
    ) -> None:
        ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
        source, clock, watch = build(api.definition, means(wire)), FrozenClock(), settings.Watch()

        async def state() -> tuple[str, int]:
            async with ledger.reading() as c:
                memory = (await c.execute(text("SELECT memory FROM source"))).scalar_one()
                return memory, int((await c.execute(text("SELECT COUNT(*) FROM payment"))).scalar_one())

        api.show(1)
        await step(ledger, [source], clock, watch)
        assert await state() == ('{"cursor": "1"}', 0)  # the baseline tells nobody
        for n in (2, 3, 4, 5, 6):
            api.show(n)
        api.records[4] = {"id": 5}  # the third page can be read by nobody
        api.page_size = 1
        (report,) = (await step(ledger, [source], clock, watch)).sources
        assert report.error
        assert await state() == ('{"cursor": "4"}', 3)
        api.mend()
        api.records[4] = {**api.records[3], "id": 5, "amount": "待核"}
        await step(ledger, [source], clock, watch)
        assert await state() == ('{"cursor": "6"}', 4)
        async with ledger.reading() as c:
            runs = (await c.execute(text("SELECT counts FROM import_run ORDER BY id"))).scalars().all()
        assert ['"n_rejected": 1' in one for one in runs] == [True]
        await ledger.close()

    async def test_the_token_goes_nowhere_else(self, api: ApiPlace, wire: Wire) -> None:
        heard: list[str] = []

        async def elsewhere(request: web.Request) -> web.Response:
            heard.append(request.headers.get("Authorization", ""))
            return web.json_response({"data": {"rows": [], "next": None}})

        async def away(request: web.Request) -> web.Response:
            raise web.HTTPFound(str(other.make_url("/")).replace("127.0.0.1", "localhost"))

        application, stray = web.Application(), web.Application()
        application.router.add_get("/records", away)
        stray.router.add_get("/", elsewhere)
        async with TestServer(stray) as other, TestServer(application) as server:
            url = f"{server.make_url('/records')}?after={{cursor}}"
            with pytest.raises(SourceError):
                await look(build(changed(api.definition, url=url), means(wire)))
        assert heard == []


class TestAForeignPostgres:
    async def test_it_is_read_behind_any_kind_of_key_and_cannot_be_written(self, postgres_url: str) -> None:
        plain = postgres_url.replace("+asyncpg", "")
        theirs = await asyncpg.connect(plain)
        await theirs.execute("CREATE TABLE paid (n int, at timestamptz, money numeric(10, 2))")
        start = datetime(2026, 1, 1, tzinfo=UTC)
        rows = [(n, start + timedelta(days=n), n * 100) for n in (1, 2, 3)]
        await theirs.executemany("INSERT INTO paid VALUES ($1, $2, $3)", rows)
        await theirs.execute("CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM paid RETURNING 1'")
        foreign = ForeignDatabases()

        async def ask(query: str, key: str, after: Any = None, wait: float = 20) -> list[int]:
            asked = ForeignQuery(plain, query, key, after, 2, timedelta(seconds=wait))
            return [row["n"] for row in await foreign.rows(asked)]

        assert await ask("SELECT * FROM paid -- their own words", "n") == [1, 2]
        assert await ask("SELECT * FROM paid", "n", 2) == [3]
        assert await ask("SELECT * FROM paid", "at", rows[0][1]) == [2, 3]
        for bad in ("SELECT wipe() AS n", "SELECT 1 AS n) x; DELETE FROM paid; --", "WITH x AS (DELETE FROM paid "
                    "RETURNING n) SELECT n FROM x", "SELECT nothing FROM paid"):  # fmt: skip
            with pytest.raises(SourceError, match="不执行这条查询"):
                await ask(bad, "n")
        with pytest.raises(SourceError, match="没有结果"):
            await ask("SELECT n, pg_sleep(3) FROM paid", "n", wait=0.3)
        assert await theirs.fetchval("SELECT COUNT(*) FROM paid") == 3
        await theirs.close()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('kind = "sftp"\nhost = "h"\nuser = "u"\nhost_key = "guess"\npassword_env = "X_Y"', "host_key"),
        ('kind = "sftp"\nhost = "h"\nuser = "u"\nhost_key = "ssh-ed25519 ' + "A" * 60 + '"', "必须且只能写一个"),
        ('kind = "payment_api"\nurl = "https://h/x"', "cursor"),
        ('kind = "payment_api"\nurl = "https://h/{cursor}"\ntoken_env = "my secret"', "环境变量名"),
        ('kind = "sql_query"\nurl = "postgresql://u:password@h/db"\nquery = "SELECT 1"\nkey = "n"', "密码"),
        ('kind = "sql_query"\nurl = "sqlite:///x.db"\nquery = "DELETE FROM paid"\nkey = "n"', "SELECT"),
        ('kind = "push"\nsecret_env = "the secret itself"', "环境变量名"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_with_the_mend(tmp_path: Path, said: str, wrong: str) -> None:
    (tmp_path / "x.toml").write_text(f'name = "x"\ntitle = "样例"\n{said}\n')
    with pytest.raises(ConfigError, match=wrong):
        read_definitions(tmp_path, {**definitions(), **PUSHED})
