"""Tencent's callbacks, pulls and people's answers, with the official SDK as the one who pulls."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.sandbox.gateways import PHONE, PushTarget, Sandbox, a_push_target, a_sandbox
from tests.sandbox.tencent_client import PHONES, pull, send


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, tencent={"report_url": target.url}) as running:
        yield running


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


async def test_what_a_killed_gateway_owed_is_pushed_by_it_alone(tmp_path: Path, target: PushTarget) -> None:
    slow = {"receipt_delay": [0.1, 0.1]}
    async with a_sandbox(tmp_path, tencent={**slow, "report_url": "http://127.0.0.1:9/"}) as sandbox:
        await send(sandbox)
    told = {"report_url": target.url}
    async with a_sandbox(tmp_path, tencent=told, mas=told, aliyun={"sms_report_url": target.url}) as sandbox:
        await asyncio.sleep(0.15)
        await sandbox.idle()
    assert [receipt["ext"] for receipt in target.receipts()] == ["n42-0"]


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
