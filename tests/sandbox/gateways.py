"""Builders for the sandbox's tests: a running sandbox, a signing client of its own, and a target of its pushes."""

import asyncio
import base64
import hashlib
import hmac
import time
import tomllib
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from notifier.sandbox.server import build_app
from notifier.sandbox.settings import SandboxSettings

ROOT = Path(__file__).parents[2]
KEY, SECRET, SIGN = "SandboxKey640425", "sandbox-dummy-secret", "彭阳惠农"
APPID, APPSECRET = "wx6404250000000001", "00000000000000000000000000640425"
TOKEN, AES_KEY = "sandboxToken640425", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE"
PAYMENT, POLICY, CAPTCHA = "SMS_640425001", "SMS_640425002", "SMS_640425005"
WX_PAYMENT = "PaymentPaid640425-AAAAAAAAAAAAAAAAAAAAAAAAA"
PHONE, OPENID = "19900000001", "oSample00000000000000000001"
POLICY_VALUES = {
    "title": "关于做好秋播的通知",
    "part1": "每亩补贴100元。",
    "part2": "详情请问村委会",
    "tel": "0954-7012345",
}
WX_VALUES = {
    "thing1": {"value": "耕地地力保护补贴"},
    "amount2": {"value": "1165.13元"},
    "time3": {"value": "2026年11月24日 15:01"},
    "thing4": {"value": "12.5亩×93.21元"},
    "phone_number5": {"value": "0954-7012345"},
}

Json = dict[str, Any]


class Clock:
    """A clock that stands still until it is moved; it begins at four in the afternoon in Beijing."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def a_settings(record: Path, **changes: Any) -> SandboxSettings:
    """The shipped settings with fast pushes; `aliyun={...}` and the like are merged in."""
    shipped = tomllib.loads((ROOT / "config" / "sandbox.toml").read_text("utf-8"))
    shipped |= {"port": 0, "record_path": record, "time_factor": 0.0002}
    shipped["aliyun"] |= {"receipt_delay": [0, 0.01], **changes.pop("aliyun", {})}
    shipped["wechat"] |= {"event_delay": [0, 0.01], **changes.pop("wechat", {})}
    for gateway in ("tencent", "mas"):
        shipped[gateway] |= {"receipt_delay": [0, 0.01], **changes.pop(gateway, {})}
    return SandboxSettings.model_validate({**shipped, **changes})


def v1_parameters(action: str, given: Mapping[str, str], at: float | None = None) -> dict[str, str]:
    """Everything but the signature, fresh nonce and time."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return {
        "AccessKeyId": KEY,
        "Action": action,
        "Format": "JSON",
        "Version": "2017-05-25",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **given,
    }


def v1_sign(parameters: Mapping[str, str], method: str = "POST", secret: str = SECRET) -> dict[str, str]:
    """The parameters with their signature; written apart from the sandbox's own code."""
    pairs = sorted(parameters.items())
    canonical = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in pairs)
    text = f"{method}&%2F&{quote(canonical, safe='~')}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return {**parameters, "Signature": base64.b64encode(digest).decode()}


def v3_headers(
    action: str, query: Mapping[str, str], body: bytes, host: str, at: float | None = None
) -> dict[str, str]:
    """Headers of a V3 request with the least signed headers (and content-type when there is a body)."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": "2017-05-25",
        "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    if body:
        headers["content-type"] = "application/x-www-form-urlencoded"
    names = sorted(headers)
    canonical_query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(query.items()))
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = f"POST\n/\n{canonical_query}\n{lines}\n{';'.join(names)}\n{headers['x-acs-content-sha256']}"
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    parts = f"Credential={KEY},SignedHeaders={';'.join(names)},Signature={signature}"
    return {**headers, "Authorization": f"ACS3-HMAC-SHA256 {parts}"}


def a_policy(**changes: str) -> dict[str, str]:
    """Parameters of a SendSms that is accepted."""
    values = orjson.dumps(POLICY_VALUES).decode()
    return {"PhoneNumbers": PHONE, "SignName": SIGN, "TemplateCode": POLICY, "TemplateParam": values, **changes}


def a_batch(phones: list[str], **changes: str) -> dict[str, str]:
    """Parameters of a SendBatchSms that is accepted."""
    return {
        "PhoneNumberJson": orjson.dumps(phones).decode(),
        "SignNameJson": orjson.dumps([SIGN] * len(phones)).decode(),
        "TemplateCode": POLICY,
        "TemplateParamJson": orjson.dumps([POLICY_VALUES] * len(phones)).decode(),
        **changes,
    }


@dataclass
class Sandbox:
    """A running sandbox and a client for it."""

    url: str
    http: aiohttp.ClientSession
    settings: SandboxSettings
    clock: Callable[[], float]

    async def sms(self, action: str, given: Mapping[str, str]) -> Json:
        """A well signed V1 POST; the JSON answer with its HTTP status under `status`."""
        return await self.post_form(v1_sign(v1_parameters(action, given, self.clock())))

    async def post_form(self, parameters: Mapping[str, str]) -> Json:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(parameters).encode()
        async with self.http.post(f"{self.url}/aliyun/", data=body, headers=headers) as answer:
            return {**orjson.loads(await answer.read()), "status": answer.status}

    async def access_token(self) -> str:
        asked = {"grant_type": "client_credential", "appid": APPID, "secret": APPSECRET}
        answer = await self.wechat("stable_token", asked)
        return str(answer["access_token"])

    async def wechat(self, tail: str, body: Any, **query: str) -> Json:
        """A POST under cgi-bin; bytes go as they are, anything else as JSON."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        async with self.http.post(f"{self.url}/wechat/cgi-bin/{tail}", data=raw, params=query) as answer:
            assert answer.status == 200
            said: Json = orjson.loads(await answer.read())
            return said

    async def template(self, openid: str = OPENID, **changes: Any) -> Json:
        """template/send with a fresh token."""
        body = {"touser": openid, "template_id": WX_PAYMENT, "data": WX_VALUES, **changes}
        return await self.wechat("message/template/send", body, access_token=await self.access_token())

    async def get(self, path: str, **query: str) -> Json:
        async with self.http.get(f"{self.url}/sandbox/{path}", params=query) as answer:
            return {**orjson.loads(await answer.read()), "status": answer.status}

    async def order(self, path: str, body: Any) -> Json:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        async with self.http.post(f"{self.url}/sandbox/{path}", data=raw) as answer:
            return {**orjson.loads(await answer.read()), "status": answer.status}

    async def misbehave(self, gateway: str, **plan: Any) -> None:
        said = await self.order("mischief", {"gateway": gateway, "plan": plan})
        assert said["status"] == 200, said

    async def records(self) -> list[Json]:
        found: list[Json] = (await self.get("records"))["records"]
        return found

    async def idle(self) -> None:
        """Nothing more will be pushed."""
        for _ in range(400):
            if not any((await self.get("counts"))["pending"].values()):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the sandbox still has pushes under way")


@asynccontextmanager
async def a_sandbox(folder: Path, clock: Callable[[], float] = time.time, **changes: Any) -> AsyncIterator[Sandbox]:
    settings = a_settings(folder / "handsets.sqlite3", **changes)
    async with TestServer(build_app(settings, clock)) as server, aiohttp.ClientSession() as http:
        yield Sandbox(str(server.make_url("")).rstrip("/"), http, settings, clock)


@dataclass
class PushTarget:
    """The notifier's place: keeps what it is pushed and answers as told."""

    url: str = ""
    pushes: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    statuses: deque[int] = field(default_factory=deque)
    """Statuses of the next answers; 200 when there is none."""
    wait_s: float = 0.0

    async def take(self, request: web.Request) -> web.Response:
        self.pushes.append((dict(request.query), await request.read()))
        if self.wait_s:
            await asyncio.sleep(self.wait_s)
        status = self.statuses.popleft() if self.statuses else 200
        return web.Response(status=status, text="success")

    def receipts(self) -> list[Json]:
        """All receipts of all SmsReport pushes, in order of arrival."""
        return [receipt for _, body in self.pushes for receipt in orjson.loads(body)]


@asynccontextmanager
async def a_push_target() -> AsyncIterator[PushTarget]:
    target = PushTarget()
    app = web.Application()
    app.router.add_post("/taken", target.take)
    async with TestServer(app) as server:
        target.url = str(server.make_url("/taken"))
        yield target
