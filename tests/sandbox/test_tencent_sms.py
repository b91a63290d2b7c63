"""The stand-in for Tencent SMS, with the official SDK as its client: signatures, statuses, flow, callbacks, pulls."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from tests.sandbox.gateways import PHONE, Clock, Json, PushTarget, Sandbox, a_push_target, a_sandbox

SECRET_ID, SECRET_KEY, APP, SIGN = "AKIDsandbox640425", "sandbox-dummy-secret", "1400640425", "彭阳惠农"
POLICY = "640425002"
VALUES = ["关于做好秋播的通知", "每亩补贴100元", "0954-7012345"]
PHONES = [f"+86199{n:08d}" for n in range(1, 201)]
QUIET = {"flow": {"same_content_per_30_seconds": 0, "per_day": 0}}


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, tencent={"report_url": target.url}) as running:
        yield running


def _client(sandbox: Sandbox, key: str = SECRET_KEY, secret_id: str = SECRET_ID) -> SmsClient:
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
    answer = await asyncio.to_thread((client or _client(sandbox)).SendSms, request)
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
    answer = await asyncio.to_thread(_client(sandbox).PullSmsSendStatusByPhoneNumber, request)
    statuses: list[Any] = answer.PullSmsSendStatusSet
    return statuses


async def refusal(sandbox: Sandbox, client: SmsClient | None = None, **changes: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as caught:
        await send(sandbox, client, **changes)
    return str(caught.value.get_code())


async def test_the_sdk_sends_to_two_hundred_and_each_has_a_serial_of_its_own(sandbox: Sandbox) -> None:
    statuses = await send(sandbox, PhoneNumberSet=PHONES)
    assert [status.PhoneNumber for status in statuses] == PHONES
    assert len({status.SerialNo for status in statuses}) == 200
    assert {(status.Code, status.Fee, status.SessionContext) for status in statuses} == {("Ok", 1, "n42-0")}
    rows = await sandbox.records()
    assert [row["provider_id"] for row in rows] == [status.SerialNo for status in statuses]
    assert rows[0]["text"] == "【彭阳惠农】惠民政策：关于做好秋播的通知，每亩补贴100元，详询0954-7012345。"
    assert {(row["gateway"], row["channel"], row["sender_key"]) for row in rows} == {("tencent", "sms", "n42-0")}


async def test_a_call_can_fail_in_part(sandbox: Sandbox) -> None:
    assert await codes(sandbox, PhoneNumberSet=[f"+86{PHONE}", "+8612345"]) == [
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
    ]
    assert len(await sandbox.records()) == 1


@pytest.mark.parametrize("number", [f"+86{PHONE}", f"86{PHONE}", f"0086{PHONE}", PHONE])
async def test_a_mainland_number_is_taken_in_any_of_its_forms(sandbox: Sandbox, number: str) -> None:
    assert await codes(sandbox, PhoneNumberSet=[number]) == ["Ok"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SmsSdkAppId": "1400000000"}, "InvalidParameterValue.SdkAppIdNotExist"),
        ({"SignName": "无此签名"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"SignName": None}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"TemplateId": "1"}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        ({"TemplateParamSet": VALUES[:2]}, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ({"TemplateParamSet": None}, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ({"TemplateParamSet": ["长" * 36, *VALUES[1:]]}, "InvalidParameterValue.TemplateParameterLengthLimit"),
        (
            {"TemplateParamSet": ["http://a.cn", *VALUES[1:]]},
            "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        ),
    ],
)
async def test_a_wrong_text_is_said_of_every_number(sandbox: Sandbox, changes: dict[str, Any], code: str) -> None:
    assert await codes(sandbox, PhoneNumberSet=PHONES[:2], **changes) == [code, code]
    assert await sandbox.records() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumberSet": [*PHONES, "+8619900009999"]}, "LimitExceeded.PhoneNumberCountLimit"),
        ({"PhoneNumberSet": []}, "MissingParameter.EmptyPhoneNumberSet"),
        ({"PhoneNumberSet": None}, "MissingParameter"),
        ({"PhoneNumberSet": [PHONES[0], "+85251234567"]},
         "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"),
        ({"TemplateId": None}, "MissingParameter"),
        ({"TemplateParamSet": [1]}, "InvalidParameter"),
        ({"SessionContext": "长" * 171}, "InvalidParameter"),
    ],
)  # fmt: skip
async def test_a_request_that_is_none_is_refused_whole(sandbox: Sandbox, changes: dict[str, Any], code: str) -> None:
    assert await refusal(sandbox, **changes) == code
    assert await sandbox.records() == []


async def test_a_wrong_key_and_an_unknown_one_are_told_apart(sandbox: Sandbox) -> None:
    assert await refusal(sandbox, _client(sandbox, key="wrong")) == "AuthFailure.SignatureFailure"
    assert await refusal(sandbox, _client(sandbox, secret_id="AKIDnobody")) == "AuthFailure.SecretIdNotFound"


@pytest.mark.parametrize(("off_by_s", "is_taken"), [(-299, True), (299, True), (-301, False), (301, False)])
async def test_the_clocks_may_differ_by_five_minutes(tmp_path: Path, off_by_s: int, is_taken: bool) -> None:
    clock = Clock(time.time() + off_by_s)
    async with a_sandbox(tmp_path, clock) as sandbox:
        if is_taken:
            assert await codes(sandbox) == ["Ok"]
        else:
            assert await refusal(sandbox) == "AuthFailure.SignatureExpire"


async def _raw(sandbox: Sandbox, headers: dict[str, str], body: bytes = b"{}", method: str = "POST") -> Json:
    async with sandbox.http.request(method, f"{sandbox.url}/tencent/", data=body, headers=headers) as answer:
        assert answer.status == 200
        error: Json = json.loads(await answer.read())["Response"]["Error"]
        return error


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingParameter"),
        ({"X-TC-Action": "Nothing"}, "InvalidAction"),
        ({"X-TC-Version": "2019-07-11"}, "NoSuchVersion"),
        ({"X-TC-Timestamp": "soon"}, "InvalidParameter"),
        ({"X-TC-Timestamp": "1"}, "AuthFailure.SignatureExpire"),
        ({"Authorization": "TC3-HMAC-SHA256 nothing"}, "AuthFailure.InvalidAuthorization"),
    ],
)
async def test_a_request_that_is_wrong_in_its_head_says_so(
    sandbox: Sandbox, headers: dict[str, str], code: str
) -> None:
    whole = {
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Timestamp": str(int(time.time())),
        "X-TC-Region": "ap-guangzhou",
        "Authorization": "x",
    }
    said = await _raw(sandbox, whole | headers if headers else {})
    assert said["Code"] == code
    assert (await _raw(sandbox, {}, method="PUT"))["Code"] == "UnsupportedProtocol"


async def test_calls_beyond_the_rate_are_limited(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path, Clock(time.time()), tencent={"qps": 1, **QUIET}) as sandbox:
        assert await codes(sandbox) == ["Ok"]
        assert await refusal(sandbox) == "RequestLimitExceeded"


async def test_a_number_has_its_limits_in_rolling_windows(tmp_path: Path) -> None:
    clock = Clock(time.time() - 200)
    flow = {"same_content_per_30_seconds": 1, "per_hour": 3, "per_day": 4}
    wide = {"clock_window": 10**6, "flow": flow}
    async with a_sandbox(tmp_path, clock, tencent=wide) as sandbox:
        assert await codes(sandbox) == ["Ok"]
        assert await codes(sandbox) == ["LimitExceeded.PhoneNumberThirtySecondLimit"]
        clock.now += 31
        assert await codes(sandbox) == ["Ok"]
        assert await codes(sandbox, TemplateParamSet=["a", "b", "c"]) == ["Ok"]
        assert await codes(sandbox, TemplateParamSet=["d", "e", "f"]) == ["LimitExceeded.PhoneNumberOneHourLimit"]
        clock.now += 3601
        assert await codes(sandbox) == ["Ok"]
        assert await codes(sandbox, TemplateParamSet=["d", "e", "f"]) == ["LimitExceeded.PhoneNumberDailyLimit"]
        clock.now += 86_401
        assert await codes(sandbox) == ["Ok"]
        assert (await sandbox.order("reset", {}))["ok"]
        assert await codes(sandbox) == ["Ok"]


async def test_a_callback_has_the_documented_fields(sandbox: Sandbox, target: PushTarget) -> None:
    [status] = await send(sandbox)
    await sandbox.idle()
    [receipt] = target.receipts()
    assert receipt.pop("user_receive_time")[:2] == "20"
    assert receipt == {
        "nationcode": "86",
        "mobile": PHONE,
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "description": "用户短信送达成功",
        "sid": status.SerialNo,
        "ext": "n42-0",
    }


async def test_callbacks_come_in_arrays_of_at_most_a_hundred(tmp_path: Path, target: PushTarget) -> None:
    told = {"report_url": target.url, "receipt_delay": [0.2, 0.2]}
    async with a_sandbox(tmp_path, tencent=told) as sandbox:
        await send(sandbox, PhoneNumberSet=PHONES)
        await sandbox.idle()
    assert [len(json.loads(body)) for _, body in target.pushes] == [100, 100]
    assert sorted(f"+86{receipt['mobile']}" for receipt in target.receipts()) == PHONES


async def test_a_callback_without_200_is_repeated_twice_then_dropped(sandbox: Sandbox, target: PushTarget) -> None:
    target.statuses.extend([500] * 3)
    await send(sandbox)
    await sandbox.idle()
    assert len(target.receipts()) == 3
    assert [row["receipt"] for row in await sandbox.records()] == [2]


async def test_a_pull_lists_what_carriers_reported_and_nothing_else(sandbox: Sandbox) -> None:
    script = [["receipt_lost"], ["receipt_silent"], []]
    await sandbox.misbehave("tencent", script=script, failing={"19900000009": "MK:0001"})
    [lost] = await send(sandbox, SessionContext="lost")
    await send(sandbox, SessionContext="silent", TemplateParamSet=["a", "b", "c"])
    await send(sandbox, SessionContext="failed", PhoneNumberSet=["+8619900000009"])
    await sandbox.idle()
    await asyncio.sleep(0.03)
    [found] = await pull(sandbox)
    assert (found.SerialNo, found.SessionContext, found.ReportStatus) == (lost.SerialNo, "lost", "SUCCESS")
    assert (found.Description, found.SubscriberNumber, found.CountryCode) == ("DELIVRD", PHONE, "86")
    [failed] = await pull(sandbox, PhoneNumber="+8619900000009")
    assert (failed.ReportStatus, failed.Description) == ("FAIL", "MK:0001")


async def test_without_the_session_context_neither_callbacks_nor_pulls_name_the_call(
    tmp_path: Path, target: PushTarget
) -> None:
    async with a_sandbox(tmp_path, tencent={"report_url": target.url, "session_context": False}) as sandbox:
        await send(sandbox)
        await sandbox.idle()
        assert "ext" not in target.receipts()[0]
        assert [found.SessionContext for found in await pull(sandbox)] == [""]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"BeginTime": 1}, "InvalidParameterValue.BeginTimeVerifyFail"),
        ({"EndTime": 1}, "InvalidParameterValue.EndTimeVerifyFail"),
        ({"Limit": 101}, "InvalidParameterValue.LimitVerifyFail"),
        ({"Offset": 1}, "InvalidParameterValue.OffsetVerifyFail"),
        ({"PhoneNumber": "x"}, "InvalidParameter"),
        ({"Limit": None}, "MissingParameter"),
        ({"Limit": "100"}, "InvalidParameter"),
    ],
)
async def test_a_wrong_pull_is_refused(sandbox: Sandbox, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as caught:
        await pull(sandbox, **changes)
    assert caught.value.get_code() == code


@pytest.mark.parametrize(("mishap", "n_accepted"), [("reset_before", 0), ("reset_after", 1), ("http_502_after", 1)])
async def test_it_misbehaves_on_demand(sandbox: Sandbox, mishap: str, n_accepted: int) -> None:
    await sandbox.misbehave("tencent", script=[[mishap]])
    with pytest.raises(TencentCloudSDKException):
        await send(sandbox)
    assert len(await sandbox.records()) == n_accepted
    await sandbox.misbehave("tencent", script=[["throttle"]])
    assert await refusal(sandbox) == "RequestLimitExceeded"


async def test_at_the_root_the_two_clouds_are_told_apart_by_their_headers(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path, tencent={"at_root": False}, aliyun={"at_root": False}) as sandbox:
        for headers in ({}, {"X-TC-Action": "SendSms"}):
            async with sandbox.http.post(sandbox.url, headers=headers) as answer:
                assert answer.status == 404


async def test_what_a_killed_gateway_owed_is_pushed_by_it_alone(tmp_path: Path, target: PushTarget) -> None:
    slow = {"receipt_delay": [0.1, 0.1]}
    async with a_sandbox(tmp_path, tencent={**slow, "report_url": "http://127.0.0.1:9/"}) as sandbox:
        await send(sandbox)
    told = {"report_url": target.url}
    async with a_sandbox(tmp_path, tencent=told, mas=told, aliyun={"sms_report_url": target.url}) as sandbox:
        await asyncio.sleep(0.15)
        await sandbox.idle()
    assert [receipt["ext"] for receipt in target.receipts()] == ["n42-0"]


async def test_an_unknown_gateway_is_named(sandbox: Sandbox) -> None:
    for path in ("mischief", "reply"):
        body = {"gateway": "nobody"} | ({"phone": PHONE, "content": "T"} if path == "reply" else {})
        said = await sandbox.order(path, body)
        assert said["status"] == 400
        assert "tencent" in said["error"]


async def test_an_answer_of_a_person_is_pushed_by_each_gateway_in_its_form(tmp_path: Path, target: PushTarget) -> None:
    told = {"report_url": target.url}
    async with a_sandbox(tmp_path, tencent=told, mas=told, aliyun={"sms_report_url": target.url}) as sandbox:
        for gateway in ("aliyun", "tencent", "mas"):
            await sandbox.order("reply", {"gateway": gateway, "phone": PHONE, "content": "退订"})
        await sandbox.idle()
    said = [json.loads(body) for _, body in target.pushes]
    shapes = {("phone_number", "content"), ("mobile", "text"), ("mobile", "smsContent")}
    flat = [one[0] if isinstance(one, list) else one for one in said]
    assert {(who, what) for who, what in shapes for one in flat if one.get(who) == PHONE and one.get(what)} == shapes


async def test_a_body_that_is_too_large_is_answered(sandbox: Sandbox) -> None:
    async with sandbox.http.post(f"{sandbox.url}/tencent/", data=BytesIO(b"x" * 9_000_000)) as answer:
        assert json.loads(await answer.read())["Response"]["Error"]["Code"] == "RequestSizeLimitExceeded"
