"""The stand-in gateways on loopback and the real channels that speak to them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from notifier.domain import settings
from notifier.domain.contracts import Push
from notifier.sandbox.settings import SandboxSettings, load_settings
from notifier.store.ledger import Ledger
from notifier.store.receipts import store_push

SMS, TENCENT, MAS, WECHAT = "aliyun_sms", "tencent_sms", "mas", "wechat"


class PatientServer(TestServer):
    """As a real server: a request goes on to its end when the client that made it is killed."""

    async def _make_runner(self, **settings: Any) -> web.AppRunner:
        return web.AppRunner(self.app, **(settings | {"handler_cancellation": False}))


def front_door(ledger: Ledger, pushed: asyncio.Event, answering: asyncio.Event) -> web.Application:
    """Stores every push, sets `pushed`, and answers while `answering` is set."""

    async def take(request: web.Request) -> web.Response:
        push = Push(request.match_info["gateway"], dict(request.query), await request.read(), datetime.now(UTC))
        await store_push(ledger, push)
        pushed.set()
        await answering.wait()
        return web.json_response({"code": 0, "msg": "OK"}) if push.gateway != WECHAT else web.Response(text="success")

    app = web.Application()
    app.router.add_post("/{gateway}", take)
    return app


def sandbox_settings(folder: Path, front: str, changes: dict[str, Any]) -> SandboxSettings:
    shipped = load_settings(Path("config/sandbox.toml"))
    instant = (timedelta(0), timedelta(seconds=0.01))
    aliyun = {"sms_report_url": f"{front}/{SMS}", "receipt_delay": instant} | changes.get("aliyun", {})
    wechat = {"callback_url": f"{front}/{WECHAT}", "event_delay": instant} | changes.get("wechat", {})
    tencent = {"report_url": f"{front}/{TENCENT}", "receipt_delay": instant} | changes.get("tencent", {})
    mas = {"report_url": f"{front}/{MAS}", "receipt_delay": instant} | changes.get("mas", {})
    cmpp = {"receipt_delay": instant} | changes.get("cmpp", {})
    return shipped.model_copy(
        update={
            "record_path": folder / "handsets.sqlite3",
            "time_factor": 0.001,
            "aliyun": shipped.aliyun.model_copy(update=aliyun),
            "wechat": shipped.wechat.model_copy(update=wechat),
            "tencent": shipped.tencent.model_copy(update=tencent),
            "mas": shipped.mas.model_copy(update=mas),
            "cmpp": shipped.cmpp.model_copy(update=cmpp),
        }
    )


def channel_settings(gateways: str, aes: bool, sms: str | Sequence[str] = SMS) -> settings.Channels:
    """WeChat and the SMS gateway of that name."""
    enabled = {sms} if isinstance(sms, str) else set(sms)
    return settings.Channels(
        aliyun_sms=settings.AliyunSms(
            enabled=SMS in enabled,
            endpoint=f"{gateways}/aliyun/",
            access_key_id="SandboxKey640425",
            access_key_secret=SecretStr("sandbox-dummy-secret"),
            sign_name="彭阳惠农",
        ),
        tencent_sms=settings.TencentSms(
            enabled=TENCENT in enabled,
            endpoint=f"{gateways}/tencent/",
            secret_id="AKIDsandbox640425",
            secret_key=SecretStr("sandbox-dummy-secret"),
            sdk_app_id="1400640425",
            sign_name="彭阳惠农",
            absent_after=timedelta(0),
        ),
        mas=settings.Mas(
            enabled=MAS in enabled,
            endpoint=f"{gateways}/mas/sms/",
            ec_name="样例县农业农村局",
            ap_id="sandbox",
            secret_key=SecretStr("sandbox-dummy-secret"),
            sign="DWItALe3A",
        ),
        wechat=settings.Wechat(
            enabled=True,
            api_base=f"{gateways}/wechat/",
            appid="wx6404250000000001",
            secret=SecretStr("00000000000000000000000000640425"),
            token=SecretStr("sandboxToken640425"),
            aes_key=SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE" if aes else ""),
        ),
    )
