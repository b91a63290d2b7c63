"""The app keeps a connected account up while it works, stores what comes over it, and lets it go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from notifier.app import App, open_app
from notifier.domain import settings as slices
from notifier.sandbox.cmpp.endpoint import CmppGateway
from notifier.sandbox.server import CMPP_GATEWAY, build_app
from notifier.sandbox.settings import SandboxSettings
from notifier.settings import Settings


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[CmppGateway]:
    sandbox = {"record_path": tmp_path / "handsets.sqlite3", "cmpp": {"enabled": True, "port": 0}}
    app = build_app(SandboxSettings.model_validate(sandbox))
    async with TestServer(app):
        yield app[CMPP_GATEWAY]


@pytest.fixture
async def app(sqlite_ledger_url: str, tmp_path: Path, gateway: CmppGateway) -> AsyncIterator[App]:
    account = slices.Cmpp.model_validate(
        {
            "enabled": True, "host": "127.0.0.1", "port": gateway.port, "version": "3.0", "source_addr": "640425",
            "shared_secret": "sandbox-dummy-secret", "src_id": "10690640425", "service_id": "NOTICE",
        }
    )  # fmt: skip
    settings = Settings(
        ledger=slices.Ledger(url=sqlite_ledger_url),
        seal=slices.Seal(key_file=tmp_path / "keys.toml"),
        channels=slices.Channels(cmpp=account),
    )
    async with open_app(settings) as opened:
        yield opened


async def rows(app: App, table: str) -> int:
    async with app.ledger.reading() as c:
        return int((await c.execute(text(f"SELECT COUNT(*) FROM {table}"))).scalar_one())


async def _connected(gateway: CmppGateway) -> None:
    async with asyncio.timeout(5):
        while gateway._line() is None:  # noqa: ASYNC110 - it watches what has no event
            await asyncio.sleep(0.005)


async def test_what_comes_over_the_connection_is_stored_as_a_push_is(app: App, gateway: CmppGateway) -> None:
    async with app.connections.kept_up():
        await _connected(gateway)
        assert (await rows(app, "account_lease"), app.connections.may_send("cmpp")) == (1, True)
        gateway.answer("19900000001", "TD退订")
        async with asyncio.timeout(5):
            while gateway.pusher.n_pending:  # noqa: ASYNC110 - it watches what has no event
                await asyncio.sleep(0.005)
        assert (await rows(app, "push"), await rows(app, "push_due")) == (1, 1)
    assert (await rows(app, "account_lease"), gateway._line()) == (0, None)
    assert gateway.pusher.courier.tally.n_answered == 1


async def test_a_step_by_hand_connects_and_lets_go(app: App, gateway: CmppGateway) -> None:
    assert (await app.steps()["dispatch"]()).n_chunks == 0
    assert await rows(app, "account_lease") == 0
    assert gateway._line() is None
