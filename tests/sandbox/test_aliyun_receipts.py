"""SmsReport: shape, mixing, retries, and every way in which receipts go astray."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.sandbox.gateways import PHONE, PushTarget, Sandbox, a_batch, a_policy, a_push_target, a_sandbox

PHONES = [f"199{n:08d}" for n in range(100)]


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, aliyun={"sms_report_url": target.url}) as running:
        yield running


async def test_a_receipt_has_the_documented_fields(sandbox: Sandbox, target: PushTarget) -> None:
    said = await sandbox.sms("SendSms", a_policy(OutId="out-1"))
    await sandbox.idle()
    (receipt,) = target.receipts()
    (row,) = await sandbox.records()
    sent_at = datetime.fromtimestamp(row["at_ms"] // 1000, UTC) + timedelta(hours=8)
    reported_at = datetime.fromtimestamp(row["due_at_ms"] // 1000, UTC) + timedelta(hours=8)
    assert receipt == {
        "phone_number": PHONE,
        "send_time": sent_at.strftime("%Y-%m-%d %H:%M:%S"),
        "report_time": reported_at.strftime("%Y-%m-%d %H:%M:%S"),
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": said["BizId"],
        "out_id": "out-1",
    }


async def test_receipts_of_many_requests_come_mixed_in_arrays_of_at_most_500(
    tmp_path: Path, target: PushTarget
) -> None:
    delay = {"sms_report_url": target.url, "receipt_delay": [0.2, 0.2]}
    async with a_sandbox(tmp_path, aliyun=delay) as sandbox:
        batches = [[f"199{n:02d}{i:06d}" for i in range(100)] for n in range(12)]
        await asyncio.gather(*(sandbox.sms("SendBatchSms", a_batch(phones)) for phones in batches))
        await sandbox.idle()
        arrays = [orjson.loads(body) for _, body in target.pushes]
        assert max(map(len, arrays)) <= 500
        assert any(len({receipt["biz_id"] for receipt in array}) > 1 for array in arrays)
        assert sorted(r["phone_number"] for a in arrays for r in a) == sorted(p for batch in batches for p in batch)


async def test_a_push_without_200_is_repeated_three_times_then_dropped(sandbox: Sandbox, target: PushTarget) -> None:
    target.statuses.extend([500, 503, 404])
    await sandbox.sms("SendSms", a_policy(OutId="taken"))
    await sandbox.idle()
    assert [receipt["out_id"] for receipt in target.receipts()] == ["taken"] * 4
    target.statuses.extend([500] * 4)
    await sandbox.sms("SendSms", a_policy(OutId="dropped"))
    await sandbox.idle()
    assert len(target.receipts()) == 8
    assert [row["receipt"] for row in await sandbox.records()] == [1, 2]
    tally = (await sandbox.get("counts"))["pushes"]["aliyun"]
    assert tally == {"n_answered": 1, "n_failed": 7, "n_dropped": 1}


async def test_a_push_that_is_not_answered_in_time_is_repeated(tmp_path: Path, target: PushTarget) -> None:
    target.wait_s = 0.2
    hasty = {"sms_report_url": target.url, "push_timeout": 0.05, "push_retries": [0]}
    async with a_sandbox(tmp_path, aliyun=hasty) as sandbox:
        await sandbox.sms("SendSms", a_policy())
        await sandbox.idle()
    assert len(target.pushes) == 2


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/nobody", "no url at all"])
async def test_nobody_to_push_to_harms_nothing(tmp_path: Path, url: str) -> None:
    async with a_sandbox(tmp_path, aliyun={"sms_report_url": url}) as sandbox:
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"
        await sandbox.idle()
        assert len(await sandbox.records()) == 1


async def test_a_refused_request_has_no_receipt(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.sms("SendSms", a_policy(PhoneNumbers="123"))
    await sandbox.idle()
    assert target.pushes == []


async def test_a_failing_handset_is_reported_with_its_carrier_code(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", failing={PHONES[1]: "MK:0001", PHONES[2]: "XX:9999"})
    await sandbox.sms("SendBatchSms", a_batch(PHONES[:3]))
    await sandbox.idle()
    found = {r["phone_number"]: (r["success"], r["err_code"], r["err_msg"]) for r in target.receipts()}
    assert found == {
        PHONES[0]: (True, "DELIVERED", "用户接收成功"),
        PHONES[1]: (False, "MK:0001", "空号"),
        PHONES[2]: (False, "XX:9999", "发送失败"),
    }


async def test_the_same_share_of_handsets_fails_every_time(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", failing_share=0.3)
    for _ in range(2):
        await sandbox.sms("SendBatchSms", a_batch(PHONES))
    await sandbox.idle()
    first, second = (await sandbox.records())[:100], (await sandbox.records())[100:]
    assert [row["result"] for row in first] == [row["result"] for row in second]
    failed = [row["result"] for row in first if row["result"] != "DELIVERED"]
    assert 15 <= len(failed) <= 45
    assert set(failed) == {"MK:0001", "MK:0005", "MK:0010", "MOBILE_NOT_ON_SERVICE"}


async def test_a_lost_receipt_is_known_to_the_query_and_a_silent_one_is_not(
    sandbox: Sandbox, target: PushTarget
) -> None:
    await sandbox.misbehave("aliyun", script=[["receipt_lost"], ["receipt_silent"]])
    for out_id in ("lost", "silent"):
        await sandbox.sms("SendSms", a_policy(OutId=out_id))
    await sandbox.idle()
    await asyncio.sleep(0.03)
    assert target.pushes == []
    day = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y%m%d")
    asked = {"PhoneNumber": PHONE, "SendDate": day, "PageSize": "10", "CurrentPage": "1"}
    rows = (await sandbox.sms("QuerySendDetails", asked))["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    assert {row["OutId"]: row["SendStatus"] for row in rows} == {"lost": 3, "silent": 1}


async def test_a_doubled_receipt_comes_twice(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", script=[["receipt_doubled"]])
    await sandbox.sms("SendSms", a_policy(OutId="twice"))
    await sandbox.idle()
    assert [receipt["out_id"] for receipt in target.receipts()] == ["twice", "twice"]


async def test_an_early_receipt_overtakes_the_answer(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", script=[["receipt_early"]])
    said = await sandbox.sms("SendSms", a_policy())
    assert [receipt["biz_id"] for receipt in target.receipts()] == [said["BizId"]]


async def test_a_late_receipt_comes_after_a_younger_one(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", script=[["receipt_late"], []], late_by=1000)  # times 0.0002
    for out_id in ("old", "young"):
        await sandbox.sms("SendSms", a_policy(OutId=out_id))
    await sandbox.idle()
    assert [receipt["out_id"] for receipt in target.receipts()] == ["young", "old"]


async def test_shuffled_receipts_leave_their_order(tmp_path: Path, target: PushTarget) -> None:
    delay = {"sms_report_url": target.url, "receipt_delay": [0.05, 0.05]}
    async with a_sandbox(tmp_path, aliyun=delay) as sandbox:
        await sandbox.misbehave("aliyun", script=[["receipt_shuffled"]])
        await sandbox.sms("SendBatchSms", a_batch(PHONES))
        await sandbox.idle()
    phones = [receipt["phone_number"] for receipt in target.receipts()]
    assert phones != PHONES
    assert sorted(phones) == PHONES


async def test_a_receipt_of_a_message_nobody_sent_comes_along(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", rates={"receipt_unknown": 1.0})
    said = await sandbox.sms("SendBatchSms", a_batch(PHONES))
    await sandbox.idle()
    strangers = [receipt for receipt in target.receipts() if receipt["biz_id"] != said["BizId"]]
    assert len(strangers) == 100
    assert {receipt["phone_number"] for receipt in strangers} == {"19999999999"}


async def test_a_push_that_is_no_receipt_at_all_comes_along(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("aliyun", script=[["receipt_garbled"]])
    said = await sandbox.sms("SendSms", a_policy())
    await sandbox.idle()
    good = [body for _, body in target.pushes if said["BizId"].encode() in body]
    assert (len(good), len(target.pushes)) == (1, 2)
