"""Receipts and people's answers as Aliyun pushes them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.aliyun_sms import pushes
from notifier.channels.codes import read_sms_codes
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt
from notifier.domain.outcomes import Reason
from tests.channels.doubles import MORNING

CODES = read_sms_codes(Path(pushes.__file__).with_name("codes.csv"), None)


def pushed(body: object) -> list[Inbound]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return pushes.read_push(Push("aliyun_sms", {}, raw, MORNING), CODES, "secret")


def a_report(**changes: Any) -> dict[str, Any]:
    report = {
        "phone_number": "19900000001",
        "send_time": "2026-11-23 09:59:58",
        "report_time": "2026-11-23 10:00:05",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": "9^0",
        "out_id": "n42-0",
    }
    return {name: value for name, value in (report | changes).items() if value is not None}


def test_a_delivered_report_is_a_receipt_in_utc() -> None:
    assert pushed([a_report(sms_size="3")]) == [
        Receipt(
            "aliyun_sms", "n42-0", "9^0", "19900000001", True, "DELIVERED", None,
            datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC), 3,
        )
    ]  # fmt: skip


@pytest.mark.parametrize("phone", ["19900000001", "+8619900000001", "8619900000001", "008619900000001", 19900000001])
def test_a_phone_comes_back_as_it_was_sent(phone: object) -> None:
    [receipt] = pushed([a_report(phone_number=phone)])
    assert isinstance(receipt, Receipt)
    assert receipt.address == "19900000001"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"success": False, "err_code": "MK:0001"}, ("MK:0001", Reason.DEAD_NUMBER, "n42-0", "9^0")),
        ({"success": "false", "err_code": "NEW:1"}, ("NEW:1", Reason.UNKNOWN, "n42-0", "9^0")),
        ({"success": False, "err_code": None}, ("UNKNOWN", Reason.UNKNOWN, "n42-0", "9^0")),
        ({"success": False, "err_code": "isv.SMS_CONTENT_ILLEGAL"},
         ("isv.SMS_CONTENT_ILLEGAL", Reason.CONTENT, "n42-0", "9^0")),
        ({"out_id": None}, ("DELIVERED", None, None, "9^0")),
        ({"out_id": ""}, ("DELIVERED", None, None, "9^0")),
        ({"biz_id": None, "err_code": "电话"}, ("DELIVERED", None, "n42-0", None)),
    ],
)  # fmt: skip
def test_success_alone_decides_and_the_rest_is_read_as_far_as_it_goes(
    changes: dict[str, Any], expected: tuple[object, ...]
) -> None:
    [receipt] = pushed([a_report(**changes)])
    assert isinstance(receipt, Receipt)
    assert (receipt.code, receipt.reason, receipt.out_id, receipt.provider_ref) == expected


@pytest.mark.parametrize("time", ["yesterday", None, "0001-01-01 00:00:00", 5])
def test_a_receipt_without_a_usable_time_has_the_time_it_came(time: object) -> None:
    [receipt] = pushed([a_report(report_time=time, send_time=time)])
    assert isinstance(receipt, Receipt)
    assert receipt.at == MORNING


@pytest.mark.parametrize(
    "bad",
    [
        7, None, [], "text", {}, a_report(phone_number=None), a_report(phone_number="电话"), a_report(success="maybe"),
        a_report(success=[]), a_report(out_id=None, biz_id=""), {"phone_number": "19900000001", "content": 5},
        {"template_status": "approved", "template_code": "SMS_1"},
    ],
)  # fmt: skip
def test_one_bad_element_is_damaged_and_its_ninety_nine_neighbours_come(bad: object) -> None:
    neighbours = [a_report(out_id=f"n{n}-0") for n in range(99)]
    read = pushed([*neighbours[:50], bad, *neighbours[50:]])
    assert [type(one) for one in read].index(Damaged) == 50
    assert [one.out_id for one in read if isinstance(one, Receipt)] == [f"n{n}-0" for n in range(99)]


def test_bytes_that_are_not_utf8_cost_no_neighbour() -> None:
    body = orjson.dumps([a_report(err_msg="MARK"), a_report(out_id="n43-0")]).replace(b"MARK", "用户".encode("gbk"))
    assert [type(one) for one in pushed(body)] == [Receipt, Receipt]


def test_one_object_is_an_array_of_one_and_an_empty_array_is_nothing() -> None:
    assert len(pushed(a_report())) == 1
    assert pushed([]) == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"5", b'"text"', b"null", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_push_is_an_input_error_that_says_what_to_check(body: bytes) -> None:
    with pytest.raises(InputError, match="回调地址"):
        pushed(body)


ANSWER = {"phone_number": "8619900000001", "send_time": "2026-11-23 09:59:58", "content": "T", "dest_code": "106"}


@pytest.mark.parametrize("sequence_id", [1234567890, "1234567890"])
def test_a_persons_answer_is_heard_and_keyed_by_its_sequence(sequence_id: object) -> None:
    at = datetime(2026, 11, 23, 1, 59, 58, tzinfo=UTC)
    assert pushed([ANSWER | {"sequence_id": sequence_id}]) == [Heard("19900000001", "T", "aliyun_sms:1234567890", at)]


def test_an_answer_without_a_sequence_has_a_key_that_repeats_and_tells_nothing() -> None:
    [first], [again], [other] = pushed([ANSWER]), pushed([ANSWER]), pushed([ANSWER | {"content": "TD"}])
    assert isinstance(first, Heard)
    assert first == again
    assert isinstance(other, Heard)
    assert first.key != other.key
    assert "19900000001" not in first.key
    [elsewhere] = pushes.read_push(Push("aliyun_sms", {}, orjson.dumps([ANSWER]), MORNING), CODES, "another")
    assert isinstance(elsewhere, Heard)
    assert elsewhere.key != first.key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(a_report())) | st.just("content") | st.text(), inner, max_size=9)
    ),
    max_leaves=30,
)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode("utf-8", "replace")))
def test_any_bytes_are_read_or_are_an_input_error(body: bytes) -> None:
    try:
        read = pushed(body)
    except InputError:
        return
    for one in read:
        if isinstance(one, Receipt):
            assert one.delivered is (one.reason is None)
            assert one.out_id or one.provider_ref
            str(one.code).encode()


def test_deep_nesting_in_a_field_costs_only_its_element() -> None:
    deep = b"[" * 900 + b"]" * 900
    body = b'[{"phone_number":"19900000001","success":' + deep + b"}," + orjson.dumps(a_report()) + b"]"
    assert [type(one) for one in pushed(body)] == [Damaged, Receipt]


def test_the_answer_says_that_we_have_it() -> None:
    status, kind, body = pushes.ANSWER
    assert (status, kind, orjson.loads(body)["code"]) == (200, "application/json", 0)
