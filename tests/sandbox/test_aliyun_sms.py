"""What the SMS product accepts and refuses: numbers, signatures, templates, values, flow, batches, queries."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.sandbox.gateways import (
    CAPTCHA,
    PAYMENT,
    PHONE,
    POLICY,
    POLICY_VALUES,
    SIGN,
    Clock,
    Json,
    Sandbox,
    a_batch,
    a_policy,
    a_sandbox,
)

PAPERS = {
    "signs": [{"name": SIGN}, {"name": "待审签名", "status": 0, "reason": "待审"}],
    "templates": [
        {"code": POLICY, "content": "惠民政策：${title}，${part1}${part2}，详询${tel}。"},
        {"code": "SMS_1", "content": "没有变量的通知"},
        {"code": "SMS_2", "content": "审核未过${a}", "status": 2, "reason": "内容不符"},
        {"code": "SMS_3", "content": "abroad ${a}", "kind": 3},
        {"code": "SMS_4", "content": "推广${a}", "kind": 2},
        {"code": CAPTCHA, "content": "验证码${code}", "kind": 0},
    ],
}


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, Clock(), aliyun=PAPERS) as running:
        yield running


def _values(**changes: object) -> str:
    return orjson.dumps({**POLICY_VALUES, **changes}).decode()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumbers": "1990000001"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": "12900000001"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": f"{PHONE},"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": "85200001234"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": ",".join(f"199{n:08d}" for n in range(1001))}, "isv.MOBILE_COUNT_OVER_LIMIT"),
        ({"SignName": "别人的签名"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"SignName": "待审签名"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "SMS_999"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateCode": "SMS_2"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateCode": "SMS_3", "TemplateParam": '{"a":"b"}'}, "isv.DOMESTIC_NUMBER_NOT_SUPPORTED"),
        ({"TemplateParam": ""}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateParam": '{"title":"a"}'}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateParam": "{title:a}"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": "[]"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": _values(title=1234)}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": _values(title=None)}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": _values(title="")}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"TemplateParam": _values(title="长" * 36)}, "isv.PARAM_LENGTH_LIMIT"),
        ({"TemplateParam": _values(title="𠮷" * 18)}, "isv.PARAM_LENGTH_LIMIT"),
        ({"TemplateParam": _values(title="见 https://a.b/c")}, "isv.PARAM_NOT_SUPPORT_URL"),
        ({"TemplateParam": _values(title="见 example.com")}, "isv.PARAM_NOT_SUPPORT_URL"),
        ({"TemplateParam": _values(title="【通知】")}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"TemplateParam": _values(title="好消息😀")}, "isv.UNSUPPORTED_CONTENT"),
        ({"TemplateCode": CAPTCHA, "TemplateParam": '{"code":"123"}'}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"TemplateCode": CAPTCHA, "TemplateParam": '{"code":"验证码一"}'}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"OutId": "x" * 256}, "isv.INVALID_PARAMETERS"),
    ],
)
async def test_a_bad_send_is_refused_with_status_200_and_no_biz_id(
    sandbox: Sandbox, changes: dict[str, str], code: str
) -> None:
    said = await sandbox.sms("SendSms", a_policy(**changes))
    assert (said["Code"], said["status"]) == (code, 200)
    assert set(said) == {"Code", "Message", "RequestId", "status"}
    assert await sandbox.records() == []


@pytest.mark.parametrize("number", [PHONE, f"86{PHONE}", f"+86{PHONE}", f"0086{PHONE}"])
async def test_every_spelling_of_a_mainland_number_reaches_the_same_handset(sandbox: Sandbox, number: str) -> None:
    assert (await sandbox.sms("SendSms", a_policy(PhoneNumbers=number)))["Code"] == "OK"
    assert [row["address"] for row in await sandbox.records()] == [PHONE]


async def test_a_number_abroad_takes_an_international_template(sandbox: Sandbox) -> None:
    given = a_policy(PhoneNumbers="85200001234", TemplateCode="SMS_3", TemplateParam='{"a":"b"}')
    assert (await sandbox.sms("SendSms", given))["Code"] == "OK"


async def test_the_handset_reads_signature_and_filled_template(sandbox: Sandbox) -> None:
    said = await sandbox.sms("SendSms", a_policy(OutId="out-1"))
    (row,) = await sandbox.records()
    assert row["text"] == "【彭阳惠农】惠民政策：关于做好秋播的通知，每亩补贴100元。详情请问村委会，详询0954-7012345。"
    assert (row["channel"], row["address"], row["sender_key"]) == ("sms", PHONE, "out-1")
    assert (row["provider_id"], row["template"], row["n_segments"]) == (said["BizId"], POLICY, 1)
    assert (row["result"], row["at_ms"]) == ("DELIVERED", int(sandbox.clock() * 1000))


async def test_a_template_without_variables_needs_no_values(sandbox: Sandbox) -> None:
    given = a_policy(TemplateCode="SMS_1")
    given.pop("TemplateParam")
    assert (await sandbox.sms("SendSms", given))["Code"] == "OK"


@pytest.mark.parametrize(("length", "n_segments"), [(70, 1), (71, 2), (134, 2), (135, 3)])
async def test_segments_count_the_whole_text(tmp_path: Path, length: int, n_segments: int) -> None:
    papers = {**PAPERS, "templates": [{"code": "SMS_1", "content": "字" * (length - len(SIGN) - 2)}]}
    async with a_sandbox(tmp_path, aliyun=papers) as sandbox:
        assert (await sandbox.sms("SendSms", a_policy(TemplateCode="SMS_1")))["Code"] == "OK"
        assert [row["n_segments"] for row in await sandbox.records()] == [n_segments]


async def test_a_batch_has_one_biz_id_and_a_row_for_each_number(sandbox: Sandbox) -> None:
    phones = [f"199{n:08d}" for n in range(100)]
    said = await sandbox.sms("SendBatchSms", a_batch(phones, OutId="batch-1"))
    rows = await sandbox.records()
    assert said["Code"] == "OK"
    assert [row["address"] for row in rows] == phones
    assert {(row["provider_id"], row["sender_key"]) for row in rows} == {(said["BizId"], "batch-1")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumberJson": "[]", "SignNameJson": "[]", "TemplateParamJson": "[]"}, "isv.INVALID_JSON_PARAM"),
        ({"SignNameJson": "[]"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParamJson": "[{}]"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParamJson": ""}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateParamJson": '[{"title":"a"},{"title":"b"}]'}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateParamJson": "[1,2]"}, "isv.INVALID_JSON_PARAM"),
        ({"SignNameJson": f'["{SIGN}",1]'}, "isv.INVALID_JSON_PARAM"),
        ({"SignNameJson": f'["{SIGN}","x"]'}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"PhoneNumberJson": f'["{PHONE}",19900000002]'}, "isv.INVALID_JSON_PARAM"),
        ({"PhoneNumberJson": f'["{PHONE}","123"]'}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"SmsUpExtendCodeJson": '["1"]'}, "isv.INVALID_JSON_PARAM"),
    ],
)
async def test_a_bad_batch_is_refused_as_a_whole(sandbox: Sandbox, changes: dict[str, str], code: str) -> None:
    said = await sandbox.sms("SendBatchSms", a_batch([PHONE, "19900000002"], **changes))
    assert (said["Code"], "BizId" in said) == (code, False)
    assert await sandbox.records() == []


async def test_a_batch_of_101_is_too_many(sandbox: Sandbox) -> None:
    said = await sandbox.sms("SendBatchSms", a_batch([f"199{n:08d}" for n in range(101)]))
    assert said["Code"] == "isv.MOBILE_COUNT_OVER_LIMIT"


async def test_in_receipt_mode_one_bad_number_fails_alone(tmp_path: Path) -> None:
    papers = {**PAPERS, "batch_mode": "receipt", "flow": {"notice_per_day": 1}}
    async with a_sandbox(tmp_path, aliyun=papers) as sandbox:
        said = await sandbox.sms("SendBatchSms", a_batch([PHONE, "123", PHONE]))
        assert said["Code"] == "OK"
        results = [row["result"] for row in await sandbox.records()]
        assert results == ["DELIVERED", "isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL"]


async def test_the_fifty_first_notice_in_a_day_is_limited_per_signature_template_and_number(tmp_path: Path) -> None:
    clock = Clock()
    async with a_sandbox(tmp_path, clock, aliyun=PAPERS) as sandbox:
        for _ in range(50):
            assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"
        said = await sandbox.sms("SendSms", a_policy())
        assert (said["Code"], said["Message"]) == ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50")
        assert (await sandbox.sms("SendSms", a_policy(PhoneNumbers="19900000002")))["Code"] == "OK"
        assert (await sandbox.sms("SendSms", a_policy(TemplateCode="SMS_1")))["Code"] == "OK"
        clock.now += timedelta(days=1).total_seconds() + 1
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"


async def test_a_batch_that_would_cross_the_limit_is_refused_whole(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path, aliyun={**PAPERS, "flow": {"notice_per_day": 2}}) as sandbox:
        said = await sandbox.sms("SendBatchSms", a_batch([PHONE, PHONE, PHONE]))
        assert said["Message"] == "触发天级流控Permits:2"
        assert (await sandbox.sms("SendBatchSms", a_batch([PHONE, PHONE])))["Code"] == "OK"


async def test_captchas_are_limited_by_minute_hour_and_day(tmp_path: Path) -> None:
    clock = Clock()
    async with a_sandbox(tmp_path, clock, aliyun=PAPERS) as sandbox:

        async def ask() -> Json:
            return await sandbox.sms("SendSms", a_policy(TemplateCode=CAPTCHA, TemplateParam='{"code":"1234"}'))

        assert (await ask())["Code"] == "OK"
        assert (await ask())["Message"] == "触发分钟级流控Permits:1"
        for _ in range(4):
            clock.now += 61
            assert (await ask())["Code"] == "OK"
        clock.now += 61
        assert (await ask())["Message"] == "触发小时级流控Permits:5"
        clock.now += 3600
        for _ in range(5):
            clock.now += 61
            assert (await ask())["Code"] == "OK"
        clock.now += 3601
        assert (await ask())["Message"] == "触发天级流控Permits:10"


async def test_promotions_are_limited_per_number_whatever_the_template(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path, aliyun={**PAPERS, "flow": {"promotion_per_day": 1}}) as sandbox:
        given = a_policy(TemplateCode="SMS_4", TemplateParam='{"a":"b"}')
        codes = [(await sandbox.sms("SendSms", given))["Code"] for _ in range(2)]
        assert codes == ["OK", "isv.BUSINESS_LIMIT_CONTROL"]


def _today(sandbox: Sandbox, days: int = 0) -> str:
    moment = datetime.fromtimestamp(sandbox.clock(), UTC) + timedelta(hours=8, days=days)
    return moment.strftime("%Y%m%d")


async def _details(sandbox: Sandbox, **changes: str) -> Json:
    asked = {"PhoneNumber": PHONE, "SendDate": _today(sandbox), "PageSize": "10", "CurrentPage": "1", **changes}
    return await sandbox.sms("QuerySendDetails", {k: v for k, v in asked.items() if v})


async def test_send_details_tell_what_became_of_each_message(tmp_path: Path) -> None:
    clock = Clock()
    async with a_sandbox(tmp_path, clock, aliyun={**PAPERS, "receipt_delay": [30, 30]}) as sandbox:
        await sandbox.misbehave("aliyun", failing={"19900000002": "MK:0001"})
        biz_id = (await sandbox.sms("SendSms", a_policy(OutId="out-1")))["BizId"]
        await sandbox.sms("SendSms", a_policy(PhoneNumbers="19900000002"))
        said = await _details(sandbox)
        (waiting,) = said["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
        assert (said["TotalCount"], said["Code"], waiting["SendStatus"], waiting["ErrCode"]) == ("1", "OK", 1, "")
        clock.now += 31
        (known,) = (await _details(sandbox, BizId=biz_id))["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
        assert (known["SendStatus"], known["ErrCode"], known["OutId"]) == (3, "DELIVERED", "out-1")
        assert (known["PhoneNum"], known["TemplateCode"], known["Content"][:6]) == (PHONE, POLICY, "【彭阳惠农】")
        (failed,) = (await _details(sandbox, PhoneNumber="19900000002"))["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
        assert (failed["SendStatus"], failed["ErrCode"]) == (2, "MK:0001")


async def test_send_details_are_paged_newest_first(sandbox: Sandbox) -> None:
    for n in range(3):
        await sandbox.sms("SendSms", a_policy(OutId=f"out-{n}"))
    said = await _details(sandbox, PageSize="2", CurrentPage="2")
    assert said["TotalCount"] == "3"
    assert [row["OutId"] for row in said["SmsSendDetailDTOs"]["SmsSendDetailDTO"]] == ["out-0"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumber": ""}, "MissingPhoneNumber"),
        ({"SendDate": ""}, "MissingSendDate"),
        ({"SendDate": "2026-11-24"}, "isv.INVALID_PARAMETERS"),
        ({"SendDate": "20261399"}, "isv.INVALID_PARAMETERS"),
        ({"SendDate": "20200101"}, "isv.INVALID_PARAMETERS"),
        ({"PageSize": "51"}, "isv.INVALID_PARAMETERS"),
        ({"PageSize": "zero"}, "isv.INVALID_PARAMETERS"),
        ({"CurrentPage": "0"}, "isv.INVALID_PARAMETERS"),
    ],
)
async def test_a_bad_query_is_refused(sandbox: Sandbox, changes: dict[str, str], code: str) -> None:
    assert (await _details(sandbox, **changes))["Code"] == code


async def test_templates_and_signatures_have_a_state(sandbox: Sandbox) -> None:
    template = await sandbox.sms("QuerySmsTemplate", {"TemplateCode": POLICY})
    assert (template["TemplateStatus"], template["TemplateType"]) == (1, 1)
    assert template["TemplateContent"] == "惠民政策：${title}，${part1}${part2}，详询${tel}。"
    assert (await sandbox.sms("QuerySmsTemplate", {"TemplateCode": "SMS_2"}))["TemplateStatus"] == 2
    assert (await sandbox.sms("QuerySmsTemplate", {"TemplateCode": PAYMENT}))["Code"] == "isv.SMS_TEMPLATE_ILLEGAL"
    assert (await sandbox.sms("QuerySmsTemplate", {}))["Code"] == "MissingTemplateCode"
    assert (await sandbox.sms("QuerySmsSign", {"SignName": SIGN}))["SignStatus"] == 1
    assert (await sandbox.sms("QuerySmsSign", {"SignName": "待审签名"}))["SignStatus"] == 0
    assert (await sandbox.sms("QuerySmsSign", {"SignName": "x"}))["Code"] == "isv.SMS_SIGNATURE_ILLEGAL"
    assert (await sandbox.sms("QuerySmsSign", {}))["Code"] == "MissingSignName"
