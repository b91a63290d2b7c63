"""What Aliyun is asked, and what its answers mean."""

import timeit
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.aliyun_sms import protocol
from notifier.channels.aliyun_sms.protocol import Account, Call, read_answer, read_details, read_send, send_call
from notifier.channels.aliyun_sms.signing import Credentials, Stamp, sign_v1
from notifier.channels.codes import read_sms_codes, until_midnight
from notifier.domain.outcomes import Accepted, Found, Outcome, Postponed, Reason, Refused, Scope, Unsure
from tests.channels.doubles import MORNING, a_letter

CODES = read_sms_codes(Path(protocol.__file__).with_name("codes.csv"), None)
STAMP = Stamp(MORNING, "nonce-1")
NO_CALL = Call("", {}, b"", "")
OUT_ID = "n42-0"


def an_account(signature: Any = "v1") -> Account:
    return Account("https://sms.test/", "cn-hangzhou", "样例县", Credentials("testId", "testSecret"), signature)


def fields_of(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True, strict_parsing=True))


def read(status: int, reply: object, n_letters: int = 1, call: Call = NO_CALL) -> Outcome:
    body = reply if isinstance(reply, bytes) else orjson.dumps(reply)
    return read_send(read_answer(status, body), n_letters, call, CODES, MORNING)


def refusal(code: str, message: str = "") -> dict[str, str]:
    return {"Code": code, "Message": message, "RequestId": "R"}


@pytest.mark.parametrize("signature", ["v1", "v3"])
def test_one_letter_goes_by_send_sms(signature: str) -> None:
    letter = a_letter(parameters={"name": "样例甲", "amount": "297.50"})
    call = send_call(an_account(signature), [letter], OUT_ID, STAMP)
    fields = fields_of(call)
    assert fields["PhoneNumbers"] == letter.address
    assert fields["TemplateParam"] == '{"name":"样例甲","amount":"297.50"}'
    assert fields["OutId"] == OUT_ID
    assert fields.get("Action", call.headers.get("x-acs-action")) == "SendSms"
    assert call.url == "https://sms.test/", "no phone number is ever in a URL"


@pytest.mark.parametrize("signature", ["v1", "v3"])
def test_several_letters_go_by_send_batch_sms_in_their_order(signature: str) -> None:
    letters = [a_letter(n, parameters={"name": f"样例{n}户"}) for n in range(1, 4)]
    fields = fields_of(send_call(an_account(signature), letters, OUT_ID, STAMP))
    assert orjson.loads(fields["PhoneNumberJson"]) == [letter.address for letter in letters]
    assert orjson.loads(fields["SignNameJson"]) == ["样例县"] * 3
    assert orjson.loads(fields["TemplateParamJson"]) == [dict(letter.parameters) for letter in letters]
    assert fields["OutId"] == OUT_ID


def test_a_template_without_variables_is_sent_without_parameters() -> None:
    assert "TemplateParam" not in fields_of(send_call(an_account(), [a_letter(parameters={})], OUT_ID, STAMP))
    two = [a_letter(1, parameters={}), a_letter(2, parameters={})]
    assert "TemplateParamJson" not in fields_of(send_call(an_account(), two, OUT_ID, STAMP))


def test_v3_signs_the_body_that_is_sent() -> None:
    call = send_call(an_account("v3"), [a_letter()], OUT_ID, STAMP)
    assert call.headers["host"] == "sms.test"
    assert call.headers["x-acs-date"] == "2026-11-23T02:00:00Z"
    assert call.headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=testId,SignedHeaders=accept;")


def test_half_a_character_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="half of a character"):
        send_call(an_account(), [a_letter(parameters={"name": "\ud800"})], OUT_ID, STAMP)


def test_a_call_never_shows_what_is_in_it() -> None:
    call = send_call(an_account(), [a_letter()], OUT_ID, STAMP)
    assert "199000" not in repr(call)


LIMITED = "isv.BUSINESS_LIMIT_CONTROL"


@pytest.mark.parametrize(
    ("status", "reply", "expected"),
    [
        (200, {"Code": "OK", "Message": "OK", "BizId": "9^0", "RequestId": "R"}, Accepted("9^0")),
        (200, {"Code": "OK", "Message": "OK", "RequestId": "R"}, Unsure("no_biz_id")),
        (200, {"Code": "OK", "BizId": 9}, Unsure("no_biz_id")),
        (200, refusal(LIMITED, "触发分钟级流控Permits:1"), Postponed(LIMITED, timedelta(minutes=1))),
        (200, refusal(LIMITED, "触发小时级流控Permits:5"), Postponed(LIMITED, timedelta(hours=1))),
        (200, refusal(LIMITED, "触发天级流控Permits:10"), Postponed(LIMITED, timedelta(days=1))),
        (200, refusal(LIMITED, "流控"), Postponed(LIMITED, timedelta(hours=1))),
        (200, refusal("isv.DAY_LIMIT_CONTROL"), Postponed("isv.DAY_LIMIT_CONTROL", until_midnight(MORNING))),
        (200, refusal("isv.AMOUNT_NOT_ENOUGH"), Refused("isv.AMOUNT_NOT_ENOUGH", Scope.ACCOUNT, Reason.GATEWAY)),
        (
            200,
            refusal("isv.MOBILE_NUMBER_ILLEGAL"),
            Refused("isv.MOBILE_NUMBER_ILLEGAL", Scope.NUMBER, Reason.DEAD_NUMBER),
        ),
        (200, refusal("isv.NEW_THING"), Refused("isv.NEW_THING", Scope.MESSAGE, Reason.UNKNOWN)),
        (200, refusal("isp.SYSTEM_ERROR"), Unsure("isp.SYSTEM_ERROR")),
        (200, refusal("isp.GATEWAY_ERROR"), Unsure("isp.GATEWAY_ERROR")),
        (400, refusal("Throttling.User"), Postponed("Throttling.User", timedelta(seconds=2))),
        (503, refusal("Throttling"), Postponed("Throttling", timedelta(seconds=2))),
        (400, refusal("SignatureNonceUsed"), Unsure("SignatureNonceUsed")),
        (
            400,
            refusal("InvalidTimeStamp.Expired"),
            Refused("InvalidTimeStamp.Expired", Scope.ACCOUNT, Reason.GATEWAY),
        ),
        (400, refusal("MissingSignName"), Refused("MissingSignName", Scope.ACCOUNT, Reason.GATEWAY)),
        (500, refusal("InternalError"), Unsure("InternalError")),
        (503, refusal("ServiceUnavailable"), Unsure("ServiceUnavailable")),
        (502, b"<html>bad gateway</html>", Unsure("http_502")),
        (200, b"<html>login</html>", Unsure("garbage")),
        (200, b"", Unsure("garbage")),
        (200, b"[]", Unsure("garbage")),
        (200, {"Code": 1}, Unsure("garbage")),
        (200, {"Code": "电话19900000001"}, Unsure("garbage")),
    ],
)
def test_an_answer_to_one_letter_means(status: int, reply: object, expected: Outcome) -> None:
    assert read(status, reply) == expected


@pytest.mark.parametrize("code", ["isv.MOBILE_NUMBER_ILLEGAL", "isv.PARAM_LENGTH_LIMIT", LIMITED, "isv.NEW_THING"])
def test_a_batch_refused_for_one_letters_sake_is_to_be_taken_apart(code: str) -> None:
    assert read(200, refusal(code, "触发天级流控Permits:10"), 2) == Postponed(f"batch_refused:{code}", timedelta(0))


@pytest.mark.parametrize(
    ("code", "kind"),
    [("isv.AMOUNT_NOT_ENOUGH", Refused), ("isv.SMS_TEMPLATE_ILLEGAL", Refused), ("Throttling.User", Postponed),
     ("isp.SYSTEM_ERROR", Unsure), ("SignatureNonceUsed", Unsure)],
)  # fmt: skip
def test_what_concerns_the_whole_batch_is_not_taken_apart(code: str, kind: type[Outcome]) -> None:
    outcome = read(200, refusal(code), 2)
    assert isinstance(outcome, kind)
    assert outcome.code == code  # type: ignore[union-attr]


def test_a_wrong_secret_is_told_from_a_wrong_string() -> None:
    call = send_call(an_account(), [a_letter()], OUT_ID, STAMP)
    message = "Specified signature is not matched with our calculation. server string to sign is:"
    same, other = refusal("SignatureDoesNotMatch", message + call.signed), refusal("SignatureDoesNotMatch", message)
    assert read(400, same, 2, call) == Refused("InvalidAccessKeySecret", Scope.ACCOUNT, Reason.GATEWAY)
    assert read(400, other, 2, call) == Refused("SignatureDoesNotMatch", Scope.ACCOUNT, Reason.GATEWAY)


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_are_an_outcome(body: bytes, status: int) -> None:
    assert isinstance(read(status, body), Unsure)


def _details(*items: dict[str, Any], total: object = None) -> bytes:
    count = len(items) if total is None else total
    return orjson.dumps({"Code": "OK", "TotalCount": count, "SmsSendDetailDTOs": {"SmsSendDetailDTO": list(items)}})


def _item(out_id: str, status: object, code: str = "", **more: str) -> dict[str, Any]:
    return {"OutId": out_id, "SendStatus": status, "ErrCode": code, "PhoneNum": "19900000001", **more}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (_item(OUT_ID, 1), Found("", None, "WAITING", None, None)),
        (
            _item(OUT_ID, 2, "MK:0001", ReceiveDate="2026-11-23 10:00:05"),
            Found("", False, "MK:0001", Reason.DEAD_NUMBER, datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC)),
        ),
        (
            _item(OUT_ID, "3", "DELIVERED", ReceiveDate="2026-11-23 10:00:05"),
            Found("", True, "DELIVERED", None, datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC)),
        ),
        (_item("n42-1", 3), None),
        (_item(OUT_ID, 9), None),
    ],
)
def test_a_message_is_found_by_its_out_id(item: dict[str, Any], expected: Found | None) -> None:
    found = read_details(read_answer(200, _details(_item("other", 3), item)), OUT_ID, CODES)
    assert found == (expected, 2)


def test_of_two_copies_the_delivered_one_is_believed() -> None:
    body = _details(_item(OUT_ID, 2, "MK:0001"), _item(OUT_ID, 3), _item(OUT_ID, 1), total="3")
    read_back = read_details(read_answer(200, body), OUT_ID, CODES)
    assert read_back is not None
    assert read_back[0] is not None
    assert read_back[0].delivered is True


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", orjson.dumps(refusal("isv.INVALID_PARAMETERS")), orjson.dumps({"Code": "OK"}),
     orjson.dumps({"Code": "OK", "TotalCount": "many", "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}})],
)  # fmt: skip
def test_an_answer_that_is_none_does_not_prove_absence(body: bytes) -> None:
    assert read_details(read_answer(200, body), OUT_ID, CODES) is None


@pytest.mark.parametrize(
    ("sent_at", "days"),
    [
        (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), [date(2026, 11, 23)]),
        (datetime(2026, 11, 23, 15, 50, tzinfo=UTC), [date(2026, 11, 23), date(2026, 11, 24)]),
        (datetime(2026, 11, 23, 16, 5, tzinfo=UTC), [date(2026, 11, 24), date(2026, 11, 23)]),
    ],
)
def test_around_midnight_both_beijing_days_are_looked_at(sent_at: datetime, days: list[date]) -> None:
    assert protocol.days_of(sent_at) == days


def test_a_query_is_for_one_phone_and_one_beijing_day() -> None:
    fields = fields_of(protocol.details_call(an_account(), "19900000001", date(2026, 11, 3), 2, STAMP))
    wanted = {"PhoneNumber": "19900000001", "SendDate": "20261103", "PageSize": "50", "CurrentPage": "2"}
    assert wanted.items() <= fields.items()
    assert fields["Action"] == "QuerySendDetails"


def test_building_and_reading_a_hundred_letters_costs_little_beside_signing_them() -> None:
    letters = [
        a_letter(n, parameters={"name": f"样例{n}户", "amount": f"{n}.50", "period": "2026年"}) for n in range(100)
    ]
    form = {"TemplateParamJson": orjson.dumps([dict(letter.parameters) for letter in letters]).decode()}
    bare = min(timeit.repeat(lambda: sign_v1("POST", form, "s"), number=5, repeat=5))

    def whole() -> None:
        call = send_call(an_account(), letters, OUT_ID, STAMP)
        read(200, {"Code": "OK", "BizId": "9^0"}, 100, call)

    assert min(timeit.repeat(whole, number=5, repeat=5)) < 4 * bare
