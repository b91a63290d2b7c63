"""Receipts and people's answers as Tencent pushes them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.codes import read_sms_codes
from notifier.channels.tencent_sms import pushes
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt
from notifier.domain.outcomes import Reason
from tests.channels.doubles import MORNING

CODES = read_sms_codes(Path(pushes.__file__).with_name("codes.csv"), None)


def pushed(body: object) -> list[Inbound]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return pushes.read_push(Push("tencent_sms", {}, raw, MORNING), CODES, "secret")


def a_report(**changes: Any) -> dict[str, Any]:
    report = {
        "user_receive_time": "2026-11-23 10:00:05",
        "nationcode": "86",
        "mobile": "19900000001",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "description": "用户短信送达成功",
        "sid": "5000:1",
        "ext": "n42-0",
    }
    return {name: value for name, value in (report | changes).items() if value is not None}


def test_a_delivered_report_is_a_receipt_in_utc() -> None:
    at = datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC)
    assert pushed([a_report()]) == [Receipt("tencent_sms", "n42-0", "5000:1", "19900000001", True, "DELIVRD", None, at)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"report_status": "FAIL", "errmsg": "MK:0001"}, ("MK:0001", Reason.DEAD_NUMBER, "n42-0", "5000:1")),
        ({"report_status": "fail", "errmsg": "NEW:1"}, ("NEW:1", Reason.UNKNOWN, "n42-0", "5000:1")),
        ({"report_status": "FAIL", "errmsg": "空号"}, ("UNKNOWN", Reason.UNKNOWN, "n42-0", "5000:1")),
        ({"report_status": "FAIL", "errmsg": "1015"}, ("1015", Reason.BLOCKED, "n42-0", "5000:1")),
        ({"ext": None}, ("DELIVRD", None, None, "5000:1")),
        ({"ext": ""}, ("DELIVRD", None, None, "5000:1")),
        ({"sid": None, "errmsg": None}, ("DELIVRD", None, "n42-0", None)),
    ],
)
def test_the_status_alone_decides_and_the_rest_is_read_as_far_as_it_goes(
    changes: dict[str, Any], expected: tuple[object, ...]
) -> None:
    [receipt] = pushed([a_report(**changes)])
    assert isinstance(receipt, Receipt)
    assert (receipt.code, receipt.reason, receipt.out_id, receipt.provider_ref) == expected


@pytest.mark.parametrize(
    ("nationcode", "mobile", "address"),
    [
        ("86", "19900000001", "19900000001"),
        ("+86", "+8619900000001", "19900000001"),
        (86, 19900000001, "19900000001"),
        (None, "8619900000001", "19900000001"),
        ("852", "51234567", "+85251234567"),
    ],
)
def test_a_phone_comes_back_as_it_was_sent(nationcode: object, mobile: object, address: str) -> None:
    [receipt] = pushed([a_report(nationcode=nationcode, mobile=mobile)])
    assert isinstance(receipt, Receipt)
    assert receipt.address == address


@pytest.mark.parametrize("time", ["yesterday", None, "0001-01-01 00:00:00", 5])
def test_a_receipt_without_a_usable_time_has_the_time_it_came(time: object) -> None:
    [receipt] = pushed([a_report(user_receive_time=time)])
    assert isinstance(receipt, Receipt)
    assert receipt.at == MORNING


BAD: list[object] = [
    7, None, [], "text", {}, a_report(mobile=None), a_report(mobile="电话"), a_report(report_status="MAYBE"),
    a_report(report_status=[]), a_report(ext=None, sid=""), {"mobile": "19900000001", "text": 5},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_element_is_damaged_and_its_ninety_nine_neighbours_come(bad: object) -> None:
    neighbours = [a_report(ext=f"n{n}-0") for n in range(99)]
    read = pushed([*neighbours[:50], bad, *neighbours[50:]])
    assert [type(one) for one in read].index(Damaged) == 50
    assert [one.out_id for one in read if isinstance(one, Receipt)] == [f"n{n}-0" for n in range(99)]


@pytest.mark.parametrize("body", [b"", b"<html>", b"5", b'"text"', b"null", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_push_is_an_input_error_that_says_what_to_check(body: bytes) -> None:
    with pytest.raises(InputError, match="回调地址"):
        pushed(body)


ANSWER = {"extend": "12", "mobile": "19900000001", "nationcode": "86", "sign": "样例", "text": "T", "time": 1795399198}


@pytest.mark.parametrize("time", [1795399198, "1795399198", "2026-11-23 09:59:58"])
def test_a_persons_answer_is_heard_at_its_time(time: object) -> None:
    [heard] = pushed(ANSWER | {"time": time})
    assert isinstance(heard, Heard)
    assert (heard.address, heard.text) == ("19900000001", "T")
    assert heard.at == datetime(2026, 11, 23, 1, 59, 58, tzinfo=UTC)


def test_a_repeated_answer_has_the_same_key_and_the_key_tells_nothing() -> None:
    [first], [again], [other] = pushed(ANSWER), pushed(ANSWER), pushed(ANSWER | {"text": "TD"})
    assert isinstance(first, Heard)
    assert first == again
    assert isinstance(other, Heard)
    assert first.key != other.key
    assert "19900000001" not in first.key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from([*a_report(), "text", "time"]), JSON) | JSON, max_size=6))
def test_any_array_gives_an_element_for_each_of_its_own(body: list[object]) -> None:
    read = pushed(json.dumps(body).encode())
    assert len(read) == len(body)
    assert all(one.out_id or one.provider_ref for one in read if isinstance(one, Receipt))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_are_an_input_error(body: bytes) -> None:
    try:
        assert isinstance(pushed(body), list)
    except InputError:
        pass


def test_the_answer_says_that_we_have_it() -> None:
    status, kind, body = pushes.ANSWER
    assert (status, kind, orjson.loads(body)) == (200, "application/json", {"result": 0, "errmsg": "OK"})
