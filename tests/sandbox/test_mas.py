"""The stand-in for MAS: what it takes, what it refuses, what it reports."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sandbox.gateways import PHONE, Json, PushTarget, Sandbox, a_push_target, a_sandbox

NAMES = {"ecName": "样例县农业农村局", "apId": "sandbox"}
SECRET, SIGN = "sandbox-dummy-secret", "DWItALe3A"
PAYMENT = "64042500000000000000000000000001"
VALUES = '["样例甲","耕地地力保护补贴","2026年","297.50","3.19亩×93.21元","0954-7012345"]'
ORDER = {
    "norsubmit": ("mobiles", "content", "sign", "addSerial"),
    "tmpsubmit": ("templateId", "mobiles", "params", "sign", "addSerial"),
}


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, mas={"report_url": target.url}) as running:
        yield running


def a_body(action: str, secret: str = SECRET, **changes: str) -> bytes:
    """A well signed body, written apart from the sandbox's own code."""
    given = {"mobiles": PHONE, "content": "惠民政策已公布。", "templateId": PAYMENT, "params": VALUES}
    said = {name: (given | {"sign": SIGN, "addSerial": ""} | changes)[name] for name in ORDER[action]}
    names = {**NAMES, **{name: changes[name] for name in NAMES if name in changes}}
    covered = names["ecName"] + names["apId"] + secret + "".join(said.values())
    whole = names | said | {"mac": changes.get("mac", hashlib.md5(covered.encode()).hexdigest())}
    return base64.b64encode(json.dumps(whole, ensure_ascii=False).encode())


async def submit(sandbox: Sandbox, action: str = "norsubmit", **changes: str) -> Json:
    return await submit_raw(sandbox, action, a_body(action, **changes))


async def submit_raw(sandbox: Sandbox, action: str, raw: bytes) -> Json:
    async with sandbox.http.post(f"{sandbox.url}/mas/sms/{action}", data=raw) as answer:
        assert answer.status == 200
        said: Json = json.loads(await answer.read())
        return said


async def test_a_text_goes_to_every_number_under_one_group(sandbox: Sandbox) -> None:
    said = await submit(sandbox, mobiles=f"{PHONE},19900000002")
    assert (said["rspcod"], said["success"]) == ("success", True)
    rows = await sandbox.records()
    assert {row["provider_id"] for row in rows} == {said["msgGroup"]}
    assert [row["address"] for row in rows] == [PHONE, "19900000002"]
    assert {(row["gateway"], row["sender_key"], row["text"]) for row in rows} == {
        ("mas", "", "【彭阳惠农】惠民政策已公布。")
    }


async def test_a_template_is_filled_with_its_values(sandbox: Sandbox) -> None:
    assert (await submit(sandbox, "tmpsubmit"))["rspcod"] == "success"
    [row] = await sandbox.records()
    said = "【彭阳惠农】样例甲您好，耕地地力保护补贴（2026年）297.50元已发放到一卡通，3.19亩×93.21元。"
    assert (row["template"], row["text"]) == (PAYMENT, f"{said}咨询电话0954-7012345。")


async def test_the_mac_covers_the_values_with_their_exact_spaces(sandbox: Sandbox) -> None:
    spaced = VALUES.replace(",", ", ")
    assert (await submit(sandbox, "tmpsubmit", params=spaced))["rspcod"] == "success"
    compact = json.loads(base64.b64decode(a_body("tmpsubmit")))
    other = base64.b64encode(json.dumps(compact | {"params": spaced}).encode())
    assert (await submit_raw(sandbox, "tmpsubmit", other))["rspcod"] == "IllegalMac"


@pytest.mark.parametrize(
    ("action", "changes", "rspcod"),
    [
        ("norsubmit", {"secret": "wrong"}, "IllegalMac"),
        ("norsubmit", {"mac": "0" * 32}, "IllegalMac"),
        ("norsubmit", {"mac": "电" * 8}, "IllegalMac"),
        ("norsubmit", {"apId": "nobody"}, "InvalidUsrOrPwd"),
        ("norsubmit", {"ecName": "别的单位"}, "InvalidUsrOrPwd"),
        ("norsubmit", {"sign": ""}, "NoSignId"),
        ("norsubmit", {"sign": "unknown"}, "IllegalSignId"),
        ("norsubmit", {"mobiles": "12345"}, "InvalidMessage"),
        ("norsubmit", {"mobiles": ""}, "InvalidMessage"),
        ("norsubmit", {"mobiles": f"{PHONE},{PHONE}"}, "InvalidMessage"),
        ("norsubmit", {"mobiles": ",".join(f"199{n:08d}" for n in range(5001))}, "TooManyMobiles"),
        ("norsubmit", {"content": " "}, "InvalidMessage"),
        ("norsubmit", {"content": "【别的签名】你好"}, "InvalidMessage"),
        ("tmpsubmit", {"templateId": "unknown"}, "InvalidMessage"),
        ("tmpsubmit", {"params": "[]"}, "InvalidMessage"),
        ("tmpsubmit", {"params": '["1"]'}, "InvalidMessage"),
        ("tmpsubmit", {"params": "[1,2,3,4,5,6]"}, "InvalidMessage"),
        ("tmpsubmit", {"params": "1,2"}, "InvalidMessage"),
    ],
)
async def test_what_is_refused_says_why_and_reaches_nobody(
    sandbox: Sandbox, action: str, changes: dict[str, str], rspcod: str
) -> None:
    said = await submit(sandbox, action, **changes)
    assert said == {"msgGroup": "", "rspcod": rspcod, "success": False}
    assert await sandbox.records() == []


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", base64.b64encode(b"[]"), base64.b64encode(b'{"apId":1}')])
async def test_a_body_that_is_none_is_an_invalid_message(sandbox: Sandbox, body: bytes) -> None:
    assert (await submit_raw(sandbox, "norsubmit", body))["rspcod"] == "InvalidMessage"


async def test_a_template_without_variables_takes_one_empty_text(tmp_path: Path) -> None:
    plain = {"templates": [{"template_id": "T", "content": "惠民政策已公布。"}]}
    async with a_sandbox(tmp_path, mas=plain) as sandbox:
        taken = await submit(sandbox, "tmpsubmit", templateId="T", params='[""]')
        refused = await submit(sandbox, "tmpsubmit", templateId="T", params="[]")
    assert (taken["rspcod"], refused["rspcod"]) == ("success", "InvalidMessage")


@pytest.mark.parametrize("marker", ["CM:0000", "DELIVRD"])
async def test_each_report_is_a_push_of_its_own_that_does_not_say_it_is_json(
    tmp_path: Path, target: PushTarget, marker: str
) -> None:
    async with a_sandbox(tmp_path, mas={"report_url": target.url, "report_marker": marker}) as sandbox:
        await sandbox.misbehave("mas", failing={"19900000002": "MK:0001"})
        said = await submit(sandbox, mobiles=f"{PHONE},19900000002")
        await sandbox.idle()
    reports: dict[str, Any] = {report["mobile"]: report for report in map(json.loads, (b for _, b in target.pushes))}
    assert {report["msgGroup"] for report in reports.values()} == {said["msgGroup"]}
    good, bad = reports[PHONE], reports["19900000002"]
    assert (good["reportStatus"], good["errorCode"]) == (marker, "DELIVRD")
    assert (bad["reportStatus"], bad["errorCode"]) == ("MK:0001", "MK:0001")
    assert len(good["receiveDate"]) == len("yyyyMMddHHmmss")


@pytest.mark.parametrize(("mishap", "n_accepted"), [("reset_before", 0), ("reset_after", 1), ("reset_mid_body", 1)])
async def test_it_misbehaves_on_demand(sandbox: Sandbox, mishap: str, n_accepted: int) -> None:
    await sandbox.misbehave("mas", script=[[mishap]])
    with pytest.raises(aiohttp.ClientError):
        await submit(sandbox)
    assert len(await sandbox.records()) == n_accepted


async def test_a_throttled_call_meets_the_proxy_and_a_wrong_address_nothing(sandbox: Sandbox) -> None:
    await sandbox.misbehave("mas", script=[["throttle"]])
    async with sandbox.http.post(f"{sandbox.url}/mas/sms/norsubmit", data=a_body("norsubmit")) as answer:
        assert answer.status == 429
    async with sandbox.http.get(f"{sandbox.url}/mas/sms/norsubmit") as answer:
        assert answer.status == 404
    async with sandbox.http.post(f"{sandbox.url}/mas/sms/report") as answer:
        assert answer.status == 404
    assert await sandbox.records() == []


async def test_strangers_are_pushed_beside_a_report_that_fills_its_push(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("mas", script=[["receipt_unknown"]])
    said = await submit(sandbox)
    await sandbox.idle()
    groups = [json.loads(body)["msgGroup"] for _, body in target.pushes]
    assert len(groups) == 2
    assert groups.count(said["msgGroup"]) == 1
