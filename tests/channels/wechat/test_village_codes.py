"""`notifier wechat qr`: a code over the stand-in, made once for a village and printed again; refusals are Chinese."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from notifier.app import App, open_app
from notifier.commands.following import village_qr
from notifier.domain.errors import InputError
from notifier.domain.regions import Region
from notifier.sandbox.server import build_app
from notifier.settings import Settings
from notifier.store.registry_regions import keep_regions
from tests.day.gateways import channel_settings, sandbox_settings

VILLAGE = "640425100201"


@pytest.fixture
async def gateways(tmp_path: Path) -> AsyncIterator[str]:
    async with TestServer(build_app(sandbox_settings(tmp_path, "http://127.0.0.1:9", {}))) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def app(sqlite_ledger_url: str, tmp_path: Path, gateways: str) -> AsyncIterator[App]:
    channels = channel_settings(gateways, False)
    wechat = channels.wechat.model_copy(update={"picture_base": f"{gateways}/wechat/"})
    given: dict[str, Any] = {
        "ledger": {"url": sqlite_ledger_url},
        "seal": {"key_file": tmp_path / "keys.toml"},
        "channels": channels.model_copy(update={"wechat": wechat}),
    }
    async with open_app(Settings(**given)) as opened:
        await keep_regions(opened.ledger, [Region(VILLAGE, "样例一村", "village", "640425100000")])
        yield opened


async def test_a_villages_code_is_made_once_and_its_picture_is_there(app: App) -> None:
    first, again = await village_qr(app, VILLAGE, None), await village_qr(app, VILLAGE, None)
    assert first == again
    assert (first["name"], first["scene"]) == ("样例一村", f"village_{VILLAGE}")
    async with ClientSession() as session, session.get(first["picture"]) as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")


async def test_a_code_for_some_days_is_another_one_and_ends(app: App) -> None:
    brief = await village_qr(app, VILLAGE, 7)
    assert 6 <= (brief["ends_at"] - datetime.now(UTC)).days <= 7
    assert brief["ticket"] != (await village_qr(app, VILLAGE, None))["ticket"]
    with pytest.raises(InputError, match="30 天"):
        await village_qr(app, VILLAGE, 31)


@pytest.mark.parametrize("code", ["", "640425", "640425100000", "640425999201", "村"])
async def test_what_is_not_a_known_village_is_said(app: App, code: str) -> None:
    with pytest.raises(InputError, match="没有代码为"):
        await village_qr(app, code, None)


async def test_without_the_account_it_is_said_what_to_fill_in(sqlite_ledger_url: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"ledger": {"url": sqlite_ledger_url}, "seal": {"key_file": tmp_path / "keys.toml"}}
    async with open_app(Settings(**given)) as app:
        assert app.replies is None
        with pytest.raises(InputError, match=r"channels\.wechat"):
            await village_qr(app, VILLAGE, None)
