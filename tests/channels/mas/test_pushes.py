"""Reports and people's answers as MAS pushes them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.codes import read_sms_codes
from notifier.channels.mas import pushes
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt
from notifier.domain.outcomes import Reason
from tests.channels.doubles import MORNING

CODES = read_sms_codes(Path(pushes.__file__).with_name("codes.csv"), None)
GROUP = "1123100000000000332084"


def pushed(body: object) -> list[Inbound]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return pushes.read_push(Push("mas", {}, raw, MORNING), CODES, "secret")


def a_report(**changes: Any) -> dict[str, Any]:
    report = {
        "reportStatus": "CM:0000",
        "mobile": "19900000001",
        "submitDate": "20261123095958",
        "receiveDate": "20261123100005",
        "errorCode": "DELIVRD",
        "msgGroup": GROUP,
    }
    return {name: value for name, value in (report | changes).items() if value is not None}


def test_a_delivered_report_is_a_receipt_of_its_group_in_utc() -> None:
    at = datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC)
    took_it = datetime(2026, 11, 23, 1, 59, 58, tzinfo=UTC)
    whole = Receipt("mas", None, GROUP, "19900000001", True, "DELIVRD", None, at, submitted_at=took_it)
    assert pushed(a_report()) == [whole]


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        ("CM:0000", "DELIVRD", (True, "DELIVRD", None)),
        ("DELIVRD", "", (True, "DELIVRD", None)),
        ("DELIVRD", None, (True, "DELIVRD", None)),
        (None, "CM:0000", (True, "CM:0000", None)),
        ("CM:0000", None, (True, "CM:0000", None)),
        ("UNDELIV", "MK:0001", (False, "MK:0001", Reason.DEAD_NUMBER)),
        ("MK:0005", "MK:0005", (False, "MK:0005", Reason.SUSPENDED)),
        ("CM:0000", "DB:0101", (False, "DB:0101", Reason.DEAD_NUMBER)),
        ("MBBLACK", "DELIVRD", (False, "MBBLACK", Reason.BLOCKED)),
        (None, "CM:2007", (False, "CM:2007", Reason.UNKNOWN)),
    ],
)
def test_it_arrived_when_a_marker_says_so_and_nothing_speaks_against_it(
    status: str | None, error: str | None, expected: tuple[object, ...]
) -> None:
    [receipt] = pushed(a_report(reportStatus=status, errorCode=error))
    assert isinstance(receipt, Receipt)
    assert (receipt.delivered, receipt.code, receipt.reason) == expected


@pytest.mark.parametrize("time", ["yesterday", None, "00010101000000", "20261399000000", 5])
def test_a_report_without_a_usable_time_has_the_time_it_came(time: object) -> None:
    [receipt] = pushed(a_report(receiveDate=time, submitDate=time))
    assert isinstance(receipt, Receipt)
    assert receipt.at == MORNING


BAD: list[object] = [
    7, None, [], "text", {}, a_report(mobile=None), a_report(mobile="电话"), a_report(msgGroup=None),
    a_report(reportStatus=None, errorCode=None), a_report(reportStatus="", errorCode=[]),
    {"mobile": "19900000001", "smsContent": 5},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_in_an_array_one_bad_element_costs_no_neighbour(bad: object) -> None:
    neighbours = [a_report(msgGroup=f"{n}") for n in range(9)]
    read = pushed([*neighbours[:5], bad, *neighbours[5:]])
    assert [type(one) for one in read].index(Damaged) == 5
    assert [one.provider_ref for one in read if isinstance(one, Receipt)] == [str(n) for n in range(9)]


@pytest.mark.parametrize("body", [b"", b"<html>", b"5", b'"text"', b"null", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_push_is_an_input_error_that_says_what_to_check(body: bytes) -> None:
    with pytest.raises(InputError, match="回调地址"):
        pushed(body)


ANSWER = {
    "mobile": "19900000001",
    "smsContent": "退订",
    "sendTime": "2026-11-23 09:59:58",
    "addSerial": "106575297722",
}


def test_a_persons_answer_is_heard_and_its_repeat_has_the_same_key() -> None:
    [first], [again], [other] = pushed(ANSWER), pushed(ANSWER), pushed(ANSWER | {"smsContent": "T"})
    assert isinstance(first, Heard)
    assert (first.address, first.text) == ("19900000001", "退订")
    assert first.at == datetime(2026, 11, 23, 1, 59, 58, tzinfo=UTC)
    assert first == again
    assert isinstance(other, Heard)
    assert first.key != other.key
    assert "19900000001" not in first.key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from([*a_report(), *ANSWER]), JSON) | JSON, max_size=6))
def test_any_array_gives_an_element_for_each_of_its_own(body: list[object]) -> None:
    read = pushed(json.dumps(body).encode())
    assert len(read) == len(body)
    assert all(one.provider_ref for one in read if isinstance(one, Receipt))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_are_an_input_error(body: bytes) -> None:
    try:
        assert isinstance(pushed(body), list)
    except InputError:
        pass
