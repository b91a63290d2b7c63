"""Calls to Tencent as bytes, its replies letter by letter, its pulls."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.codes import read_sms_codes, until_midnight
from notifier.channels.tencent_sms import protocol
from notifier.channels.tencent_sms.protocol import Account, Answer, pull_call, read_answer, read_pull, read_send
from notifier.channels.tencent_sms.signing import Credentials
from notifier.domain.messages import Letter
from notifier.domain.outcomes import (
    Absent,
    Accepted,
    Found,
    NoAnswer,
    Outcome,
    Postponed,
    Reason,
    Refused,
    Scope,
    Unsure,
)
from tests.channels.doubles import MORNING, a_letter
from tests.channels.samples import sample

CODES = read_sms_codes(Path(protocol.__file__).with_name("codes.csv"), None)
ACCOUNT = Account(
    "http://127.0.0.1/tencent/", "ap-guangzhou", "1400006666", "腾讯云", Credentials("AKIDtest", "testSecret")
)


def test_the_body_of_a_sending_is_the_golden_one() -> None:
    letter = Letter(1, "15300000001", "1234", {"code": "1234", "minutes": "5"})
    call = protocol.send_call(ACCOUNT, [letter], "order-0001", datetime.fromtimestamp(1704164645, UTC))
    assert call.body == sample("tencent_sms", "tc3_signatures")["tencent_tc3_sendsms_utf8"]["body"].encode()
    assert call.headers["X-TC-Timestamp"] == "1704164645"
    assert call.headers["X-TC-Action"] == "SendSms"


def test_values_go_in_the_letters_order_and_a_template_without_any_gets_none() -> None:
    ordered = protocol.send_body(ACCOUNT, [a_letter(parameters={"z": "1", "a": "2"})], "n1-0")
    bare = protocol.send_body(ACCOUNT, [a_letter(parameters={})], "n1-0")
    assert ordered["TemplateParamSet"] == ["1", "2"]
    assert "TemplateParamSet" not in bare


def _sent(*statuses: object) -> Answer:
    return read_answer(200, json.dumps({"Response": {"SendStatusSet": statuses, "RequestId": "R"}}).encode())


def _status(n: int, code: str = "Ok", **changes: Any) -> dict[str, Any]:
    phone = f"+86199{n:08d}"
    return {"SerialNo": f"5000:{n}" if code == "Ok" else "", "PhoneNumber": phone, "Code": code} | changes


def _outcomes(answer: Answer, n_letters: int) -> list[Outcome]:
    return read_send(answer, [a_letter(n) for n in range(1, n_letters + 1)], CODES, MORNING)


def test_each_number_has_an_outcome_of_its_own_whatever_their_order() -> None:
    answer = _sent(
        _status(3, "LimitExceeded.PhoneNumberThirtySecondLimit"),
        _status(1),
        _status(2, "FailedOperation.PhoneNumberInBlacklist"),
        _status(4, "InternalError.Timeout"),
    )
    assert _outcomes(answer, 5) == [
        Accepted("5000:1"),
        Refused("FailedOperation.PhoneNumberInBlacklist", Scope.NUMBER, Reason.BLOCKED),
        Postponed("LimitExceeded.PhoneNumberThirtySecondLimit", timedelta(seconds=31)),
        Unsure("InternalError.Timeout"),
        Unsure("no_status"),
    ]


@pytest.mark.parametrize("broken", [{"SerialNo": ""}, {"SerialNo": None}, {"Code": None}, {"Code": ""}, {"Code": []}])
def test_a_status_that_does_not_say_it_all_leaves_its_letter_unsure(broken: dict[str, Any]) -> None:
    [outcome, other] = _outcomes(_sent(_status(1, **broken), _status(2)), 2)
    assert isinstance(outcome, Unsure)
    assert other == Accepted("5000:2")


def _refused(code: str) -> Answer:
    return read_answer(200, json.dumps({"Response": {"Error": {"Code": code, "Message": "m"}}}).encode())


@pytest.mark.parametrize(
    ("code", "alone"),
    [
        ("AuthFailure.SignatureExpire", Refused("AuthFailure.SignatureExpire", Scope.ACCOUNT, Reason.GATEWAY)),
        ("RequestLimitExceeded", Postponed("RequestLimitExceeded", timedelta(seconds=2))),
        ("RequestLimitExceeded.UinLimitExceeded",
         Postponed("RequestLimitExceeded.UinLimitExceeded", timedelta(seconds=2))),
        ("InternalError.SendAndRecvFail", Unsure("InternalError.SendAndRecvFail")),
        ("InternalError.BrandNew", Unsure("InternalError.BrandNew")),
        ("LimitExceeded.AppDailyLimit", Postponed("LimitExceeded.AppDailyLimit", until_midnight(MORNING))),
        ("FailedOperation.TemplateIncorrectOrUnapproved",
         Refused("FailedOperation.TemplateIncorrectOrUnapproved", Scope.TEMPLATE, Reason.CONTENT)),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears",
         Refused("UnauthorizedOperation.ServiceSuspendDueToArrears", Scope.ACCOUNT, Reason.GATEWAY)),
        ("Nobody.Knows", Refused("Nobody.Knows", Scope.MESSAGE, Reason.UNKNOWN)),
    ],
)  # fmt: skip
def test_a_refusal_of_the_whole_call_is_every_letters(code: str, alone: Outcome) -> None:
    assert _outcomes(_refused(code), 1) == [alone]
    if not isinstance(alone, Refused) or alone.scope in (Scope.ACCOUNT, Scope.TEMPLATE):
        assert _outcomes(_refused(code), 3) == [alone] * 3


def test_a_call_refused_for_one_letters_sake_is_taken_apart() -> None:
    code = "FailedOperation.ContainSensitiveWord"
    assert _outcomes(_refused(code), 2) == [Postponed(f"batch_refused:{code}", timedelta(0))] * 2


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"", "garbage"),
        (200, b"[]", "garbage"),
        (200, b'{"Response":[]}', "garbage"),
        (200, b'{"Response":{"Error":null}}', "garbage"),
        (502, b"<html>", "http_502"),
        (500, b'{"Response":{"SendStatusSet":[]}}', "Ok"),
    ],
)
def test_a_page_that_is_no_reply_leaves_everybody_unsure(status: int, body: bytes, code: str) -> None:
    assert _outcomes(read_answer(status, body), 2) == [Unsure(code)] * 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Response", "Error", "Code", "SendStatusSet", "PhoneNumber", "SerialNo"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from([200, 400, 500]), st.integers(1, 3))
def test_any_reply_gives_one_outcome_a_letter_and_never_accepts_without_a_serial(
    reply: object, status: int, n: int
) -> None:
    outcomes = _outcomes(read_answer(status, json.dumps(reply).encode()), n)
    assert len(outcomes) == n
    assert all(outcome.provider_ref for outcome in outcomes if isinstance(outcome, Accepted))


def test_a_pull_is_for_one_phone_from_a_little_before_the_sending() -> None:
    call = pull_call(ACCOUNT, "19900000001", MORNING - timedelta(hours=1), MORNING)
    asked = json.loads(call.body)
    assert asked["PhoneNumber"] == "+8619900000001"
    assert asked["BeginTime"] < (MORNING - timedelta(hours=1)).timestamp() < asked["EndTime"]
    assert (asked["Offset"], asked["Limit"]) == (0, 100)


def test_a_pull_never_looks_further_back_than_seven_days() -> None:
    call = pull_call(ACCOUNT, "19900000001", MORNING - timedelta(days=6, hours=23, minutes=59), MORNING)
    assert json.loads(call.body)["BeginTime"] > (MORNING - timedelta(days=7)).timestamp()


def _pulled(*statuses: object) -> Answer:
    return read_answer(200, json.dumps({"Response": {"PullSmsSendStatusSet": statuses}}).encode())


def _report(context: str = "n42-0", fate: str = "SUCCESS", said: str = "DELIVRD") -> dict[str, Any]:
    return {
        "SessionContext": context,
        "ReportStatus": fate,
        "Description": said,
        "SerialNo": "5000:1",
        "UserReceiveTime": int(MORNING.timestamp()),
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_pulled(_report()), Found("5000:1", True, "DELIVRD", None, MORNING)),
        (_pulled(_report("x"), _report(fate="FAIL", said="MK:0001")),
         Found("5000:1", False, "MK:0001", Reason.DEAD_NUMBER, MORNING)),
        (_pulled(_report(fate="FAIL", said="号码不存在")), Found("5000:1", False, "UNKNOWN", Reason.UNKNOWN, MORNING)),
        (_pulled(_report(fate="FAIL", said="MK:0001"), _report()), Found("5000:1", True, "DELIVRD", None, MORNING)),
        (_pulled(_report(fate="")), Found("5000:1", None, "DELIVRD", None, None)),
        (_pulled(), Absent()),
        (_pulled(_report("n41-0")), Absent()),
        (_pulled(_report("")), NoAnswer("no_session_context")),
        (_pulled(_report("n41-0"), 7), NoAnswer("no_session_context")),
        (_pulled(*[_report("n41-0")] * 100), NoAnswer("too_many")),
        (_pulled(*[_report("n41-0")] * 99, _report()), Found("5000:1", True, "DELIVRD", None, MORNING)),
        (_refused("RequestLimitExceeded"), NoAnswer("RequestLimitExceeded")),
        (read_answer(200, b'{"Response":{}}'), NoAnswer("garbage")),
        (read_answer(500, b"<html>"), NoAnswer("http_500")),
    ],
)  # fmt: skip
def test_what_a_pull_says(answer: Answer, expected: object) -> None:
    assert read_pull(answer, "n42-0", CODES, absence_proves=True) == expected


def test_absence_proves_nothing_while_a_carrier_may_still_report() -> None:
    assert read_pull(_pulled(), "n42-0", CODES, absence_proves=False) == NoAnswer("not_reported")
    assert isinstance(read_pull(_pulled(_report()), "n42-0", CODES, absence_proves=False), Found)
