"""A letter as SUBMITs, what answers say of it, and what a DELIVER says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import notifier.channels.cmpp as folder
from notifier.channels.cmpp.frames import Report, pack, write_report
from notifier.channels.cmpp.octets import V20, V30
from notifier.channels.cmpp.pdus import Deliver
from notifier.channels.cmpp.protocol import Account, contents, ended_by, joined, submits
from notifier.channels.cmpp.pushes import parted, read_push
from notifier.channels.codes import read_sms_codes
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, PartOf, Receipt
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Scope, Unsure
from tests.channels.doubles import MORNING, a_letter

CODES = read_sms_codes(Path(folder.__file__ or "").with_name("codes.csv"), None)
ACCOUNT = Account("901234", "1234", "106512345678", "MSVC", "样例县惠农通知", V20)
PHONE = "19900000001"
REPORT = Report(7, "DELIVRD", "2611231000", "2611231001", PHONE, 1)


def test_a_short_text_goes_out_whole_behind_its_signature() -> None:
    [one] = submits(ACCOUNT, a_letter(template="${text}", parameters={"text": "您好"}))
    assert one.content.decode("utf-16-be") == "【样例县惠农通知】您好"
    assert (one.udhi, one.pk_total, one.pk_number, one.fmt, one.registered) == (0, 1, 1, 8, 1)


def test_the_template_is_the_text_and_every_variable_of_it_has_a_value() -> None:
    template = "${name}您好，${amount}元已发放。咨询${tel}。"
    values = {"name": "样例甲", "amount": "297.50", "tel": "${name}"}
    [one] = submits(replace(ACCOUNT, sign=""), a_letter(template=template, parameters=values))
    assert one.content.decode("utf-16-be") == "样例甲您好，297.50元已发放。咨询${name}。"
    with pytest.raises(ValueError, match="amount"):
        submits(ACCOUNT, a_letter(template=template, parameters={"name": "样例甲", "tel": "1"}))


def test_without_a_signature_the_gateway_puts_it_there() -> None:
    [one] = submits(replace(ACCOUNT, sign=""), a_letter(template="${text}", parameters={"text": "您好"}))
    assert one.content.decode("utf-16-be") == "您好"


@pytest.mark.parametrize(
    ("n_units", "n_parts"), [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4), (670, 10)]
)
def test_a_text_has_as_many_parts_as_it_is_billed_for(n_units: int, n_parts: int) -> None:
    assert len(contents("农" * n_units, 1)) == n_parts


def test_each_part_says_which_it_is_of_how_many() -> None:
    parts = contents("农" * 150, 0xAB)
    assert [part[:6].hex() for part in parts] == ["050003ab0301", "050003ab0302", "050003ab0303"]
    assert [len(part) for part in parts] == [140, 140, 6 + 2 * 16]
    many = submits(replace(ACCOUNT, sign=""), a_letter(0x1AB, template="${text}", parameters={"text": "农" * 150}))
    assert [(one.udhi, one.pk_total, one.pk_number) for one in many] == [(1, 3, 1), (1, 3, 2), (1, 3, 3)]
    assert [one.content for one in many] == parts


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(0, 255))
def test_the_parts_are_the_text_and_no_character_is_cut(text: str, reference: int) -> None:
    parts = contents(text, reference)
    bodies = parts if len(parts) == 1 else [part[6:] for part in parts]
    assert "".join(body.decode("utf-16-be") for body in bodies) == text
    assert all(len(part) <= 140 for part in parts)


@pytest.mark.parametrize("text", ["农" * 671, "\ud800"])
def test_a_text_that_cannot_be_written_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        contents(text, 1)


def test_a_letter_of_one_part_is_known_by_its_own_id_and_a_longer_one_by_none_of_its_parts() -> None:
    assert joined([7]) == Accepted("0000000000000007")
    long = joined([7, 8])
    assert long.parts == ("0000000000000007", "0000000000000008")
    assert long.provider_ref not in long.parts


@pytest.mark.parametrize(
    ("result", "n_taken", "outcome"),
    [
        (8, 0, Postponed("submit:8", timedelta(seconds=2))),
        (8, 1, Unsure("partial:submit:8")),
        (3, 0, Unsure("submit:3")),
        (9, 0, Refused("submit:9", Scope.NUMBER, Reason.GATEWAY)),
        (9, 1, Refused("submit:9", Scope.NUMBER, Reason.GATEWAY)),
        (13, 0, Refused("submit:13", Scope.NUMBER, Reason.DEAD_NUMBER)),
        (7, 0, Refused("submit:7", Scope.ACCOUNT, Reason.GATEWAY)),
        (200, 0, Refused("submit:200", Scope.MESSAGE, Reason.UNKNOWN)),
    ],
)
def test_a_result_says_what_becomes_of_the_letter(result: int, n_taken: int, outcome: Outcome) -> None:
    assert ended_by(result, n_taken, CODES, MORNING) == outcome


def test_a_carriers_number_is_not_a_submits_result() -> None:
    assert CODES.reason("5") is Reason.SUSPENDED
    assert CODES.of("submit:5").scope is Scope.ACCOUNT


# ── pushes ──


def _push(deliver: Deliver, version: str = "2.0") -> Push:
    return Push("cmpp", {"version": version}, pack(deliver, 9, V30 if version == "3.0" else V20), MORNING)


def _report(report: Report, version: str = "2.0", *, wide: bool = False, src: str = PHONE) -> Push:
    return _push(Deliver(1, "1065", "MSVC", src, 1, write_report(report, is_wide=wide)), version)


@pytest.mark.parametrize(("version", "wide"), [("2.0", False), ("3.0", True), ("3.0", False), ("2.0", True)])
def test_a_report_becomes_a_receipt_of_its_part(version: str, wide: bool) -> None:
    assert read_push(_report(REPORT, version, wide=wide), CODES) == [
        Receipt(
            gateway="cmpp",
            out_id=None,
            provider_ref="0000000000000007",
            address=PHONE,
            delivered=True,
            code="DELIVRD",
            reason=None,
            at=datetime(2026, 11, 23, 2, 1, tzinfo=UTC),
            submitted_at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("stat", "reason"),
    [("MK:0001", Reason.DEAD_NUMBER), ("UNDELIV", Reason.SWITCHED_OFF), ("IA:0051", Reason.GATEWAY),
     ("ZZ:0000", Reason.UNKNOWN)],
)  # fmt: skip
def test_a_failed_report_says_why(stat: str, reason: Reason) -> None:
    [receipt] = read_push(_report(replace(REPORT, stat=stat)), CODES)
    assert isinstance(receipt, Receipt)
    assert (receipt.delivered, receipt.code, receipt.reason) == (False, stat, reason)


def test_a_report_that_is_not_final_says_nothing_yet() -> None:
    assert read_push(_report(replace(REPORT, stat="ACCEPTD")), CODES) == []


def test_a_report_without_a_usable_time_counts_from_when_it_came() -> None:
    [receipt] = read_push(_report(replace(REPORT, done="0000000000")), CODES)
    assert isinstance(receipt, Receipt)
    assert receipt.at == MORNING


def test_a_report_without_a_number_takes_that_of_the_deliver() -> None:
    [receipt] = read_push(_report(replace(REPORT, terminal="")), CODES)
    assert isinstance(receipt, Receipt)
    assert receipt.address == PHONE
    assert isinstance(read_push(_report(replace(REPORT, terminal=""), src=""), CODES)[0], Damaged)


def test_a_report_of_another_length_is_damaged() -> None:
    assert isinstance(read_push(_push(Deliver(1, "1065", "MSVC", PHONE, 1, bytes(59))), CODES)[0], Damaged)


@pytest.mark.parametrize(
    ("fmt", "content"),
    [(8, "TD退订".encode("utf-16-be")), (15, "TD退订".encode("gbk"))],
)
def test_a_persons_text_is_heard_in_every_coding(fmt: int, content: bytes) -> None:
    deliver = Deliver(5, "1065", "MSVC", "86" + PHONE, 0, content, fmt)
    assert read_push(_push(deliver), CODES) == [Heard(PHONE, "TD退订", "cmpp:0000000000000005", MORNING)]


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("050003ff0201", PartOf(255, 2, 1)),
        ("060804beef0302", PartOf(0xBEEF, 3, 2)),
        ("0a0a0450000302000307020100", None),  # an element that claims to be longer than there is
        ("082401010003070201", PartOf(7, 2, 1)),  # behind another element
        ("050003ff0101", None),  # one of one is whole
        ("050003ff0203", None),
        ("00", None),
    ],
)
def test_the_header_of_a_long_text_says_which_part_it_is(header: str, part: PartOf | None) -> None:
    said, text = parted(bytes.fromhex(header) + "TD".encode("utf-16-be"))
    assert said == part
    if part is not None:
        assert text == "TD".encode("utf-16-be")
        deliver = Deliver(5, "1065", "M", PHONE, 0, bytes.fromhex(header) + "TD".encode("utf-16-be"), 8, udhi=1)
        assert read_push(_push(deliver), CODES) == [Heard(PHONE, "TD", "cmpp:0000000000000005", MORNING, part)]


def test_plain_letters_are_heard_too() -> None:
    [heard] = read_push(_push(Deliver(5, "1065", "MSVC", PHONE, 0, b"T", 0)), CODES)
    assert isinstance(heard, Heard)
    assert heard.text == "T"


@pytest.mark.parametrize("deliver", [Deliver(5, "1065", "M", PHONE, 0, b"x", 4), Deliver(5, "1065", "M", "", 0, b"T")])
def test_a_text_that_nobody_can_read_or_answer_is_damaged(deliver: Deliver) -> None:
    assert isinstance(read_push(_push(deliver), CODES)[0], Damaged)


@given(st.binary(max_size=400), st.sampled_from(["2.0", "3.0", ""]))
def test_any_bytes_are_a_push_or_an_input_error(body: bytes, version: str) -> None:
    try:
        read_push(Push("cmpp", {"version": version}, body, MORNING), CODES)
    except InputError:
        pass


@given(st.binary(max_size=255), st.integers(0, 255), st.integers(0, 1), st.integers(0, 1))
def test_any_content_of_a_deliver_is_read(content: bytes, fmt: int, registered: int, udhi: int) -> None:
    deliver = Deliver(5, "1065", "MSVC", PHONE, registered, content, fmt, udhi=udhi)
    assert len(read_push(_push(deliver), CODES)) <= 1
