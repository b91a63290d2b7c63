"""The stand-in for Tencent SMS, with the official SDK as its client: signatures, statuses, flow."""

import json
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.sandbox.gateways import PHONE, Clock, Json, PushTarget, Sandbox, a_push_target, a_sandbox
from tests.sandbox.tencent_client import PHONES, QUIET, VALUES, a_client, codes, refusal, send


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, tencent={"report_url": target.url}) as running:
        yield running


async def test_the_sdk_sends_to_two_hundred_and_each_has_a_serial_of_its_own(sandbox: Sandbox) -> None:
    statuses = await send(sandbox, PhoneNumberSet=PHONES)
    assert [status.PhoneNumber for status in statuses] == PHONES
    assert len({status.SerialNo for status in statuses}) == 200
    assert {(status.Code, status.Fee, status.SessionContext) for status in statuses} == {("Ok", 1, "n42-0")}
    rows = await sandbox.records()
    assert [row["provider_id"] for row in rows] == [status.SerialNo for status in statuses]
    said = "惠民政策：关于做好秋播的通知，每亩补贴100元。详情请问村委会，详询0954-7012345。"
    assert rows[0]["text"] == f"【彭阳惠农】{said}"
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
    assert await refusal(sandbox, a_client(sandbox, key="wrong")) == "AuthFailure.SignatureFailure"
    assert await refusal(sandbox, a_client(sandbox, secret_id="AKIDnobody")) == "AuthFailure.SecretIdNotFound"


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
        assert await codes(sandbox, TemplateParamSet=["a", "b", "c", "d"]) == ["Ok"]
        assert await codes(sandbox, TemplateParamSet=["d", "e", "f", "g"]) == ["LimitExceeded.PhoneNumberOneHourLimit"]
        clock.now += 3601
        assert await codes(sandbox) == ["Ok"]
        assert await codes(sandbox, TemplateParamSet=["d", "e", "f", "g"]) == ["LimitExceeded.PhoneNumberDailyLimit"]
        clock.now += 86_401
        assert await codes(sandbox) == ["Ok"]
        assert (await sandbox.order("reset", {}))["ok"]
        assert await codes(sandbox) == ["Ok"]


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


async def test_an_unknown_gateway_is_named(sandbox: Sandbox) -> None:
    for path in ("mischief", "reply"):
        body = {"gateway": "nobody"} | ({"phone": PHONE, "content": "T"} if path == "reply" else {})
        said = await sandbox.order(path, body)
        assert said["status"] == 400
        assert "tencent" in said["error"]


async def test_a_body_that_is_too_large_is_answered(sandbox: Sandbox) -> None:
    async with sandbox.http.post(f"{sandbox.url}/tencent/", data=BytesIO(b"x" * 9_000_000)) as answer:
        assert json.loads(await answer.read())["Response"]["Error"]["Code"] == "RequestSizeLimitExceeded"
