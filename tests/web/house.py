"""The whole service beside the stand-in gateways, on loopback: what a browser meets is what people meet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, unused_port

from notifier.app import App, front_desk, open_app
from notifier.domain import settings as slices
from notifier.sandbox import handsets
from notifier.sandbox.server import build_app
from notifier.settings import Settings
from notifier.web.application import build_web
from tests.day.county import NEVER_QUIET
from tests.day.gateways import channel_settings, sandbox_settings


@dataclass
class House:
    """The running service, its gateways, and the record of what every handset received."""

    app: App
    root: str
    gateways: str
    record: Path

    async def order(self, what: str, **order: Any) -> dict[str, Any]:
        async with ClientSession() as session, session.post(f"{self.gateways}/sandbox/{what}", json=order) as answer:
            assert answer.status == 200, await answer.text()
            told: dict[str, Any] = await answer.json()
            return told

    async def do(self, *steps: str) -> None:
        for step in steps:
            await self.app.steps()[step]()

    async def hear(self) -> None:
        """Every push that will ever come has come and is folded."""
        async with asyncio.timeout(20), ClientSession() as session:
            while True:
                async with session.get(f"{self.gateways}/sandbox/counts") as answer:
                    if not any((await answer.json())["pending"].values()):
                        break
                await asyncio.sleep(0.01)
        await self.do("track")

    def received(self, address: str) -> list[str]:
        return [one.text for one in handsets.iterate(self.record) if one.address == address]


@asynccontextmanager
async def a_house(ledger_url: str, folder: Path, **changes: Any) -> AsyncIterator[House]:
    """Open, with nobody in its ledger. `changes`: sections of the settings."""
    async with AsyncExitStack() as opened:
        port = unused_port()
        root = f"http://127.0.0.1:{port}"
        sandbox = TestServer(build_app(sandbox_settings(folder, root, {})))
        await sandbox.start_server()
        opened.push_async_callback(sandbox.close)
        gateways = str(sandbox.make_url("")).rstrip("/")
        channels = channel_settings(gateways, False)
        within = f"{gateways}/wechat/"
        ways = {"open_base": within, "picture_base": within, "script_url": f"{within}open/js/jweixin-1.6.0.js"}
        settings = Settings(
            ledger=slices.Ledger(url=ledger_url),
            seal=slices.Seal(key_file=folder / "keys.toml"),
            web=slices.Web(public_url=root, port=port),
            dispatch=NEVER_QUIET.model_copy(update={"settle_after": timedelta(seconds=1)}),
            channels=channels.model_copy(update={"wechat": channels.wechat.model_copy(update=ways)}),
            **changes,
        )
        app = await opened.enter_async_context(open_app(settings))
        front = TestServer(build_web(front_desk(app)), port=port)
        await front.start_server()
        opened.push_async_callback(front.close)
        house = House(app, root, gateways, folder / "handsets.sqlite3")
        secret = app.ledger.vault.callback_secret
        aims = {
            "wechat_url": f"{root}/callbacks/wechat/{secret}",
            "sms_report_url": f"{root}/callbacks/aliyun_sms/{secret}",
        }
        await house.order("callbacks", **aims)
        yield house
