"""Calls to MAS as bytes, and its replies."""

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.codes import read_sms_codes
from notifier.channels.mas import protocol
from notifier.channels.mas.protocol import Account, read_submit, submit_call, template_call, text_call
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Scope, Unsure
from tests.channels.doubles import MORNING, a_letter
from tests.channels.samples import sample

CODES = read_sms_codes(Path(protocol.__file__).with_name("codes.csv"), None)
ACCOUNT = Account("http://127.0.0.1/sms/", "测试集团", "demo", "DWItALe3A", "", "123qwe")
TEMPLATE = "38516fabae004eddbfa3ace1d4194696"
VECTORS: dict[str, Any] = sample("mas", "macs")


def said_by(call: protocol.Call) -> dict[str, str]:
    read: dict[str, str] = json.loads(base64.b64decode(call.body, validate=True))
    return read


def test_a_text_is_the_golden_body_byte_for_byte() -> None:
    golden = VECTORS["mas_norsubmit"]
    call = text_call(ACCOUNT, golden["fields"]["mobiles"], golden["fields"]["content"])
    assert call.body.decode() == golden["body_base64"]
    assert call.url == "http://127.0.0.1/sms/norsubmit"


def test_a_template_is_the_golden_body_byte_for_byte() -> None:
    golden = VECTORS["mas_tmpsubmit"]
    call = template_call(ACCOUNT, golden["fields"]["mobiles"], golden["fields"]["templateId"], ["abcde"])
    assert call.body.decode() == golden["body_base64"]
    assert call.url == "http://127.0.0.1/sms/tmpsubmit"


def test_letters_with_a_template_id_go_by_tmpsubmit_with_their_values_in_order() -> None:
    letters = [a_letter(n, template=TEMPLATE, parameters={"z": "甲", "a": '"乙"'}) for n in (1, 2)]
    call = submit_call(ACCOUNT, letters)
    said = said_by(call)
    assert call.url.endswith("/tmpsubmit")
    assert (said["mobiles"], json.loads(said["params"])) == ("19900000001,19900000002", ["甲", '"乙"'])


def test_a_template_without_variables_gets_one_empty_text() -> None:
    assert said_by(submit_call(ACCOUNT, [a_letter(template=TEMPLATE, parameters={})]))["params"] == '[""]'


def test_letters_whose_template_is_a_text_go_by_norsubmit_filled() -> None:
    letter = a_letter(template="惠民政策：${title}，详询${tel}。", parameters={"title": "秋播${tel}", "tel": "0954"})
    call = submit_call(ACCOUNT, [letter])
    assert call.url.endswith("/norsubmit")
    assert said_by(call)["content"] == "惠民政策：秋播${tel}，详询0954。", "what a value holds is not filled again"


@given(st.text(max_size=60), st.lists(st.text(max_size=10), max_size=4))
def test_the_mac_covers_the_very_texts_that_are_sent(content: str, values: list[str]) -> None:
    said = said_by(text_call(ACCOUNT, "19900000001", content))
    covered = f"测试集团demo123qwe19900000001{said['content']}DWItALe3A"
    assert said["mac"] == hashlib.md5(covered.encode()).hexdigest()
    said = said_by(template_call(ACCOUNT, "19900000001", TEMPLATE, values))
    covered = f"测试集团demo123qwe{TEMPLATE}19900000001{said['params']}DWItALe3A"
    assert said["mac"] == hashlib.md5(covered.encode()).hexdigest()


def test_the_secret_is_neither_sent_nor_shown() -> None:
    call = text_call(ACCOUNT, "19900000001", "你好")
    assert b"123qwe" not in base64.b64decode(call.body)
    assert "123qwe" not in repr(ACCOUNT)
    assert "199" not in repr(call)


def _read(reply: object, n_letters: int = 1, status: int = 200) -> Outcome:
    body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return read_submit(status, body, n_letters, CODES, MORNING)


GROUP = "0906163415000000332084"


@pytest.mark.parametrize(
    ("reply", "n_letters", "expected"),
    [
        ({"msgGroup": GROUP, "rspcod": "success", "success": True}, 1, Accepted(GROUP)),
        ({"msgGroup": "", "rspcod": "success", "success": True}, 1, Unsure("no_msg_group")),
        ({"rspcod": "IllegalMac"}, 3, Refused("IllegalMac", Scope.ACCOUNT, Reason.GATEWAY)),
        ({"rspcod": "InvalidUsrOrPwd"}, 1, Refused("InvalidUsrOrPwd", Scope.ACCOUNT, Reason.GATEWAY)),
        ({"rspcod": "IllegalSignId"}, 1, Refused("IllegalSignId", Scope.ACCOUNT, Reason.CONTENT)),
        ({"rspcod": "NoSignId"}, 1, Refused("NoSignId", Scope.ACCOUNT, Reason.CONTENT)),
        ({"rspcod": "InvalidMessage"}, 1, Refused("InvalidMessage", Scope.MESSAGE, Reason.CONTENT)),
        ({"rspcod": "InvalidMessage"}, 2, Postponed("batch_refused:InvalidMessage", timedelta(0))),
        ({"rspcod": "TooManyMobiles"}, 2, Postponed("batch_refused:TooManyMobiles", timedelta(0))),
        ({"rspcod": "Nobody.Knows"}, 1, Refused("Nobody.Knows", Scope.MESSAGE, Reason.UNKNOWN)),
        ({"rspcod": ""}, 1, Unsure("garbage")),
        ({}, 1, Unsure("garbage")),
        ([], 1, Unsure("garbage")),
        (b"", 1, Unsure("garbage")),
    ],
)
def test_what_a_reply_says(reply: object, n_letters: int, expected: Outcome) -> None:
    assert _read(reply, n_letters) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, Postponed("http_429", timedelta(seconds=5))),
        (404, Refused("http_404", Scope.ACCOUNT, Reason.GATEWAY)),
        (500, Unsure("http_500")),
        (502, Unsure("http_502")),
        (400, Unsure("garbage")),
    ],
)
def test_a_page_says_something_only_by_a_status_that_the_table_knows(status: int, expected: Outcome) -> None:
    assert _read(b"<html>", status=status) == expected


def test_a_success_inside_a_server_fault_is_unsure() -> None:
    assert _read({"msgGroup": GROUP, "rspcod": "success"}, status=500) == Unsure("http_500")


@given(st.binary(max_size=200), st.integers(200, 599))
def test_any_reply_ends_in_an_outcome(body: bytes, status: int) -> None:
    assert isinstance(_read(body, status=status), Accepted | Refused | Postponed | Unsure)


def test_a_text_with_half_a_character_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="half"):
        submit_call(ACCOUNT, [Letter(1, "19900000001", TEMPLATE, {"a": "\udfff"})])
    with pytest.raises(ValueError):
        submit_call(ACCOUNT, [Letter(1, "19900000001", "你好${a}", {"a": "\udfff"})])
