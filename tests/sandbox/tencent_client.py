"""Tencent's official SDK as a client of its stand-in, each call in a thread."""

import asyncio
import json
from typing import Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from tests.sandbox.gateways import PHONE, Sandbox

SECRET_ID, SECRET_KEY, APP, SIGN = "AKIDsandbox640425", "sandbox-dummy-secret", "1400640425", "彭阳惠农"
POLICY = "640425002"
VALUES = ["关于做好秋播的通知", "每亩补贴100元。", "详情请问村委会", "0954-7012345"]
PHONES = [f"+86199{n:08d}" for n in range(1, 201)]
QUIET = {"flow": {"same_content_per_30_seconds": 0, "per_day": 0}}


def a_client(sandbox: Sandbox, key: str = SECRET_KEY, secret_id: str = SECRET_ID) -> SmsClient:
    """The official client; it can be given a host but no path, so it calls the root."""
    http = HttpProfile(protocol="http", endpoint=sandbox.url.removeprefix("http://"), reqTimeout=5)
    return SmsClient(Credential(secret_id, key), "ap-guangzhou", ClientProfile(httpProfile=http))


def a_sending(**changes: Any) -> dict[str, Any]:
    given = {
        "PhoneNumberSet": [f"+86{PHONE}"],
        "SmsSdkAppId": APP,
        "TemplateId": POLICY,
        "SignName": SIGN,
        "TemplateParamSet": VALUES,
        "SessionContext": "n42-0",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


async def send(sandbox: Sandbox, client: SmsClient | None = None, **changes: Any) -> list[Any]:
    """SendSms by the official client in a thread; the statuses as its objects."""
    request = models.SendSmsRequest()
    request.from_json_string(json.dumps(a_sending(**changes)))
    answer = await asyncio.to_thread((client or a_client(sandbox)).SendSms, request)
    statuses: list[Any] = answer.SendStatusSet
    return statuses


async def codes(sandbox: Sandbox, **changes: Any) -> list[str]:
    return [status.Code for status in await send(sandbox, **changes)]


async def pull(sandbox: Sandbox, **changes: Any) -> list[Any]:
    now = int(sandbox.clock())
    given = {"BeginTime": now - 60, "EndTime": now + 60, "Offset": 0, "Limit": 100}
    request = models.PullSmsSendStatusByPhoneNumberRequest()
    asked = given | {"PhoneNumber": f"+86{PHONE}", "SmsSdkAppId": APP} | changes
    request.from_json_string(json.dumps(asked))
    answer = await asyncio.to_thread(a_client(sandbox).PullSmsSendStatusByPhoneNumber, request)
    statuses: list[Any] = answer.PullSmsSendStatusSet
    return statuses


async def refusal(sandbox: Sandbox, client: SmsClient | None = None, **changes: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as caught:
        await send(sandbox, client, **changes)
    return str(caught.value.get_code())
