"""Raw receipts wait sealed on their stream, so that a ledger that is away loses none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import nats
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from notifier.bus import open_postbox
from notifier.bus.raw_pushes import JetStreamPushes
from notifier.domain.contracts import Postbox, Push
from notifier.domain.errors import BusError
from notifier.domain.settings import BusSettings
from notifier.store.intake import Intake
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.posting import PostedIntake
from notifier.store.receipts import take_due_pushes
from notifier.store.sealing import Vault, load_keys
from tests.real_nats import a_real_nats
from tests.real_postgres import RealPostgres

_NAMES = count(1)
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
SECRET = "19900000001"


def push(n: int) -> Push:
    return Push("aliyun_sms", {"n": str(n)}, f'[{{"phone_number":"{SECRET}","n":{n}}}]'.encode(), AT, once=f"nonce{n}")


@pytest.fixture
async def ledger(postgres_ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(postgres_ledger_url, Vault(load_keys(tmp_path / "keys.toml")), pool=2)
    yield opened
    await opened.close()


@pytest.fixture
async def postbox(nats_url: str) -> AsyncIterator[Postbox]:
    opened = await open_postbox(BusSettings(url=nats_url, stream=f"PUSHES{next(_NAMES)}"))
    assert opened is not None
    yield opened
    await opened.close()
    await opened.close()


async def due(ledger: Ledger) -> list[Push]:
    async with ledger.writing() as c:
        return [one.push for one in await take_due_pushes(c, ledger, 1000)]


async def test_a_database_outage_loses_no_push_and_none_comes_twice(
    postgres: RealPostgres, postgres_ledger_url: str, ledger: Ledger, postbox: Postbox
) -> None:
    database = postgres_ledger_url.split("?")[0].rsplit("/", 1)[1]
    posted = PostedIntake(postbox, Intake(ledger))
    bringing = asyncio.create_task(posted.bring_for_ever(0.05))
    assert await posted.store(push(0))
    async with asyncio.timeout(10):
        while not (seen := await due(ledger)):  # noqa: ASYNC110 - the ledger has no bell
            await asyncio.sleep(0.02)
    assert (seen[0].body, seen[0].query, seen[0].received_at) == (push(0).body, push(0).query, AT)
    postgres.run(
        f"ALTER DATABASE {database} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
    )
    with pytest.raises((DBAPIError, OSError)):
        await Intake(ledger).store(push(1))
    assert [await posted.store(push(n)) for n in range(1, 30)] == [True] * 29  # answered 200, all of them
    assert await posted.store(push(5)) is False  # the provider pushes again
    await asyncio.sleep(0.2)
    postgres.run(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    brought: list[Push] = []
    async with asyncio.timeout(20):
        while len(brought) < 29:
            brought += await due(ledger)
            await asyncio.sleep(0.05)
    assert sorted(int(one.query["n"]) for one in brought) == list(range(1, 30))
    async with ledger.reading() as c:
        assert (await c.execute(text("SELECT COUNT(*), COUNT(once_digest) FROM push"))).one() == (30, 30)
    bringing.cancel()
    await asyncio.gather(bringing, return_exceptions=True)


async def test_what_lies_on_the_stream_is_sealed_and_what_other_keys_sealed_stays_there(
    nats_url: str, ledger: Ledger, postbox: Postbox, tmp_path: Path
) -> None:
    posted = PostedIntake(postbox, Intake(ledger))
    other = Ledger.__new__(Ledger)
    other.vault = Vault(load_keys(tmp_path / "other.toml"))
    await PostedIntake(postbox, Intake(other)).store(push(1))
    await posted.store(push(2))
    assert isinstance(postbox, JetStreamPushes)
    client = await nats.connect(nats_url)
    name = f"PUSHES{next(_NAMES) - 1}_PUSH"
    stream = client.jetstream()
    raw = [await stream.get_msg(name, n) for n in (1, 2)]
    assert all(SECRET.encode() not in (one.data or b"") and SECRET not in str(one.headers) for one in raw)
    assert await asyncio.wait_for(posted.bring(), 10) == 1
    assert [one.query for one in await due(ledger)] == [push(2).query]
    assert (await stream.stream_info(name)).state.messages == 1
    await client.close()


async def test_a_broker_that_is_away_leaves_it_to_the_ledger(tmp_path: Path, ledger: Ledger) -> None:
    with a_real_nats(tmp_path) as url:
        postbox = await open_postbox(BusSettings(url=url, stream="AWAY"))
        assert postbox is not None
    posted = PostedIntake(postbox, Intake(ledger))
    with pytest.raises(BusError):
        await postbox.post("key", b"sealed")
    assert await posted.store(push(1))
    assert await posted.store(push(1)) is False
    assert [one.body for one in await due(ledger)] == [push(1).body]
    await postbox.close()


async def test_one_process_has_no_postbox() -> None:
    assert await open_postbox(BusSettings()) is None
