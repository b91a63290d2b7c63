"""The official SDKs and wechatpy as clients: what they send must pass, what they read must be right."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client as V3Client
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkdysmsapi.request.v20170525.QuerySendDetailsRequest import QuerySendDetailsRequest
from aliyunsdkdysmsapi.request.v20170525.SendBatchSmsRequest import SendBatchSmsRequest
from aliyunsdkdysmsapi.request.v20170525.SendSmsRequest import SendSmsRequest
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.sandbox.gateways import (
    APPID,
    APPSECRET,
    KEY,
    OPENID,
    PHONE,
    POLICY,
    POLICY_VALUES,
    SECRET,
    SIGN,
    WX_PAYMENT,
    WX_VALUES,
    Json,
    Sandbox,
    a_sandbox,
)

PHONES = [PHONE, "19900000002"]


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path) as running:
        yield running


def _today() -> str:
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).strftime("%Y%m%d")


async def _v1(sandbox: Sandbox, request: Any, secret: str = SECRET) -> Json:
    """Through AcsClient in a thread: its HTTP client, its signature, its error handling."""
    request.set_protocol_type("http")
    request.set_endpoint(sandbox.url.removeprefix("http://"))
    client = AcsClient(KEY, secret, "cn-hangzhou", auto_retry=False)
    said: Json = orjson.loads(await asyncio.to_thread(client.do_action_with_exception, request))
    return said


def _single() -> Any:
    request = SendSmsRequest()
    request.set_PhoneNumbers(PHONE)
    request.set_SignName(SIGN)
    request.set_TemplateCode(POLICY)
    request.set_TemplateParam(orjson.dumps(POLICY_VALUES).decode())
    request.set_OutId("v1 +*~/%&=中文")
    return request


async def test_the_v1_sdk_sends_one(sandbox: Sandbox) -> None:
    said = await _v1(sandbox, _single())
    assert said["Code"] == "OK"
    (row,) = await sandbox.records()
    assert (row["provider_id"], row["sender_key"]) == (said["BizId"], "v1 +*~/%&=中文")


async def test_the_v1_sdk_sends_a_batch_and_asks_about_it(sandbox: Sandbox) -> None:
    request = SendBatchSmsRequest()
    request.set_PhoneNumberJson(orjson.dumps(PHONES).decode())
    request.set_SignNameJson(orjson.dumps([SIGN, SIGN]).decode())
    request.set_TemplateCode(POLICY)
    request.set_TemplateParamJson(orjson.dumps([POLICY_VALUES, POLICY_VALUES]).decode())
    said = await _v1(sandbox, request)
    query = QuerySendDetailsRequest()
    query.set_PhoneNumber(PHONES[1])
    query.set_SendDate(_today())
    query.set_PageSize(10)
    query.set_CurrentPage(1)
    query.set_BizId(said["BizId"])
    details = await _v1(sandbox, query)
    assert details["TotalCount"] == "1"
    assert details["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0]["PhoneNum"] == PHONES[1]


async def test_the_v1_sdk_recognises_a_wrong_secret_from_the_servers_string_to_sign(sandbox: Sandbox) -> None:
    with pytest.raises(ServerException) as caught:
        await _v1(sandbox, _single(), secret="wrong")
    assert caught.value.get_error_code() == "InvalidAccessKeySecret"
    assert await sandbox.records() == []


def _v3_client(sandbox: Sandbox, secret: str = SECRET) -> Any:
    endpoint = sandbox.url.removeprefix("http://")
    return V3Client(Config(access_key_id=KEY, access_key_secret=secret, endpoint=endpoint, protocol="http"))


def _v3_single(**changes: str) -> Any:
    values = orjson.dumps(POLICY_VALUES).decode()
    given = {"phone_numbers": PHONE, "sign_name": SIGN, "template_code": POLICY, "template_param": values}
    return models.SendSmsRequest(**{**given, "out_id": "v3-1", **changes})


async def test_the_v3_sdk_sends_one_and_reads_a_refusal(sandbox: Sandbox) -> None:
    client = _v3_client(sandbox)
    said = (await asyncio.to_thread(client.send_sms, _v3_single())).body
    assert (said.code, bool(said.biz_id)) == ("OK", True)
    refused = (await asyncio.to_thread(client.send_sms, _v3_single(template_code="SMS_0"))).body
    assert (refused.code, refused.biz_id) == ("isv.SMS_TEMPLATE_ILLEGAL", None)
    assert [row["sender_key"] for row in await sandbox.records()] == ["v3-1"]


async def test_the_v3_sdk_sends_a_batch_and_asks_about_it(sandbox: Sandbox) -> None:
    client = _v3_client(sandbox)
    request = models.SendBatchSmsRequest(
        phone_number_json=orjson.dumps(PHONES).decode(),
        sign_name_json=orjson.dumps([SIGN, SIGN]).decode(),
        template_code=POLICY,
        template_param_json=orjson.dumps([POLICY_VALUES, POLICY_VALUES]).decode(),
        out_id="v3-batch",
    )
    said = (await asyncio.to_thread(client.send_batch_sms, request)).body
    query = models.QuerySendDetailsRequest(
        phone_number=PHONE, send_date=_today(), page_size=10, current_page=1, biz_id=said.biz_id
    )
    details = (await asyncio.to_thread(client.query_send_details, query)).body
    (found,) = details.sms_send_detail_dtos.sms_send_detail_dto
    assert (details.total_count, found.out_id, found.phone_num) == ("1", "v3-batch", PHONE)


async def test_the_v3_sdk_reads_template_and_signature_states(sandbox: Sandbox) -> None:
    client = _v3_client(sandbox)
    template = (
        await asyncio.to_thread(client.query_sms_template, models.QuerySmsTemplateRequest(template_code=POLICY))
    ).body
    sign = (await asyncio.to_thread(client.query_sms_sign, models.QuerySmsSignRequest(sign_name=SIGN))).body
    assert (template.code, template.template_status, template.template_type) == ("OK", 1, 1)
    assert (sign.code, sign.sign_status) == ("OK", 1)


async def test_the_v3_sdk_raises_what_the_gateway_refuses(sandbox: Sandbox) -> None:
    with pytest.raises(Exception, match="Specified signature is not matched") as caught:
        await asyncio.to_thread(_v3_client(sandbox, "wrong").send_sms, _v3_single())
    assert getattr(caught.value, "code", "") == "SignatureDoesNotMatch"


def _wechat_client(sandbox: Sandbox, secret: str = APPSECRET) -> Any:
    kind = type("SandboxClient", (WeChatClient,), {"API_BASE_URL": f"{sandbox.url}/wechat/cgi-bin/"})
    return kind(APPID, secret, auto_retry=False)


async def test_wechatpy_fetches_a_token_and_sends_a_template_message(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _wechat_client(sandbox)
    token_url = f"{sandbox.url}/wechat/cgi-bin/token"

    def fetch() -> Any:
        # wechatpy writes the platform's own address into this method alone
        asked = {"grant_type": "client_credential", "appid": APPID, "secret": APPSECRET}
        return client._fetch_access_token(url=token_url, params=asked)

    monkeypatch.setattr(client, "fetch_access_token", fetch)
    said = await asyncio.to_thread(client.message.send_template, OPENID, WX_PAYMENT, WX_VALUES)
    assert said["errcode"] == 0
    assert [row["provider_id"] for row in await sandbox.records()] == [str(said["msgid"])]
    await sandbox.order("followers", {"unfollow": [OPENID]})
    with pytest.raises(WeChatClientException) as caught:
        await asyncio.to_thread(client.message.send_template, OPENID, WX_PAYMENT, WX_VALUES)
    assert caught.value.errcode == 43004
