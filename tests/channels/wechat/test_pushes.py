"""Pushes of WeChat: signed, aged, opened, read; and whatever a stranger sends is an InputError."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from wechatpy.crypto import WeChatCrypto

from notifier.channels.codes import read_codes
from notifier.channels.wechat import pushes
from notifier.channels.wechat.channel import Wechat
from notifier.channels.wechat.pushes import Keys
from notifier.domain import settings
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Acted, Consented, Damaged, Followed, Heard, Inbound, Receipt
from notifier.domain.outcomes import Reason
from notifier.wire import Wire
from tests.channels.doubles import MORNING, FrozenClock, MemoryTokens
from tests.channels.samples import sample

CODES = read_codes(Path(pushes.__file__).with_name("codes.csv"), None)
APPID, TOKEN, AES_KEY = "wx0123456789abcdef", "testToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE"
PLAIN = Keys(APPID, TOKEN, "", timedelta(minutes=10))
SEALED = Keys(APPID, TOKEN, AES_KEY, timedelta(minutes=10))
NOW_S = int(MORNING.timestamp())


def digest(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def a_query(at_s: int = NOW_S, **more: str) -> dict[str, str]:
    stamp, nonce = str(at_s), "1372623149"
    return {"timestamp": stamp, "nonce": nonce, "signature": digest(TOKEN, stamp, nonce), **more}


def an_event(event: str, **fields: object) -> bytes:
    return a_message("event", Event=event, **fields)


def a_message(kind: str, **fields: object) -> bytes:
    whole = {"ToUserName": "gh_test", "FromUserName": "oSAMPLE", "CreateTime": NOW_S - 5, "MsgType": kind} | fields
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in whole.items() if value is not None)
    return f"<xml>{inner}</xml>".encode()


def pushed(body: bytes, keys: Keys = PLAIN, query: dict[str, str] | None = None) -> Inbound:
    read = pushes.read_push(Push("wechat", query or a_query(), body, MORNING), keys, CODES)
    assert len(read) == 1
    return read[0]


AT = MORNING - timedelta(seconds=5)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        ("success", "success", None),
        ("failed:user block", "failed:user block", Reason.BLOCKED),
        ("failed: system failed", "failed:system failed", Reason.GATEWAY),
        ("failed:freq limit", "failed:freq limit", Reason.LIMITED),
        ("failed: something new", "failed:something new", Reason.UNKNOWN),
    ],
)
def test_a_finished_job_is_a_receipt_matched_by_its_msgid(status: str, code: str, reason: Reason | None) -> None:
    body = an_event("TEMPLATESENDJOBFINISH", MsgID=3557254367693750277, Status=status)
    expected = Receipt("wechat", None, "3557254367693750277", "oSAMPLE", reason is None, code, reason, AT)
    assert pushed(body) == expected


@pytest.mark.parametrize(
    ("body", "following", "scene"),
    [
        (an_event("subscribe", EventKey=""), True, None),
        (an_event("subscribe", EventKey=None), True, None),
        (an_event("subscribe", EventKey="qrscene_h-42", Ticket="T"), True, "h-42"),
        (an_event("SCAN", EventKey="h-42", Ticket="T"), True, "h-42"),
        (an_event("unsubscribe", EventKey=""), False, None),
    ],
)
def test_following_and_leaving_are_told_with_their_scene(body: bytes, following: bool, scene: str | None) -> None:
    assert pushed(body) == Followed("oSAMPLE", following, scene, AT)


def test_a_text_is_heard_and_keyed_by_its_msgid() -> None:
    assert pushed(a_message("text", Content="退订 T", MsgId=23456)) == Heard("oSAMPLE", "退订 T", "wechat:23456", AT)


def test_a_text_without_msgid_has_a_key_that_repeats_and_hides_the_openid() -> None:
    first, again = pushed(a_message("text", Content="问")), pushed(a_message("text", Content="问"))
    assert isinstance(first, Heard)
    assert first == again
    assert "oSAMPLE" not in first.key


@pytest.mark.parametrize(
    "body",
    [
        an_event("TEMPLATESENDJOBFINISH", Status="success"),
        an_event("TEMPLATESENDJOBFINISH", MsgID="x", Status="success"),
        an_event("TEMPLATESENDJOBFINISH", MsgID=1),
        an_event("TEMPLATESENDJOBFINISH", MsgID=1, Status="success", FromUserName=None),
        an_event("TEMPLATESENDJOBFINISH", MsgID=1, Status="success", CreateTime="9" * 30),
        an_event("VIEW", EventKey="https://example.test/"),
        an_event("新事件"),
        an_event("subscribe_msg_sent_event"),
        an_event("subscribe_msg_popup_event", SubscribeMsgPopupEvent="<not a list>"),
        b"<xml><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>",
    ],
)
def test_an_event_that_is_incomplete_or_not_used_is_damaged(body: bytes) -> None:
    assert isinstance(pushed(body), Damaged)


@pytest.mark.parametrize(
    "query",
    [
        {}, a_query() | {"signature": "0" * 40}, a_query() | {"signature": "签"}, a_query() | {"nonce": "other"},
        a_query(NOW_S - 601), a_query(NOW_S + 601),
        {"timestamp": "soon", "nonce": "n", "signature": digest(TOKEN, "soon", "n")},
        {"timestamp": "9" * 11, "nonce": "n", "signature": digest(TOKEN, "9" * 11, "n")},
    ],
)  # fmt: skip
def test_a_push_that_is_unsigned_forged_or_old_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"签名|时间戳"):
        pushes.read_push(Push("wechat", query, an_event("subscribe"), MORNING), PLAIN, CODES)


@pytest.mark.parametrize("vector", sample("wechat", "encrypted_pushes"), ids=lambda vector: vector["name"])
def test_an_encrypted_push_equals_the_golden_vector(vector: dict[str, Any]) -> None:
    query = dict(parse_qsl(vector["push_query"]))
    keys = Keys(vector["appid"], vector["token"], vector["encoding_aes_key"], timedelta(minutes=10))
    came_at = datetime.fromtimestamp(int(query["timestamp"]), UTC)
    [read] = pushes.read_push(Push("wechat", query, vector["push_body"].encode(), came_at), keys, CODES)
    if "template_finish" in vector["name"]:
        assert isinstance(read, Receipt)
        assert (read.provider_ref, read.delivered) == ("200163836", True)
    elif "text_zh" in vector["name"]:
        assert isinstance(read, Heard)
        assert read.text == "你好，世界"
    else:
        assert isinstance(read, Damaged), "it opens, and holds no sender"


def sealed(inner: bytes, appid: str = APPID, **changes: str) -> tuple[dict[str, str], bytes]:
    stamp, nonce = str(NOW_S), "1372623149"
    written = WeChatCrypto(TOKEN, AES_KEY, appid).encrypt_message(inner.decode(), nonce, stamp)
    encrypted = written.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    query = a_query(encrypt_type="aes", msg_signature=digest(TOKEN, stamp, nonce, encrypted))
    body = f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return query | changes, body.encode()


def test_an_encrypted_push_is_opened() -> None:
    query, body = sealed(an_event("unsubscribe"))
    assert pushed(body, SEALED, query) == Followed("oSAMPLE", False, None, AT)


@pytest.mark.parametrize(
    ("query", "body", "keys"),
    [
        (*sealed(an_event("subscribe"), msg_signature="0" * 40), SEALED),
        (*sealed(an_event("subscribe"), msg_signature=""), SEALED),
        (*sealed(an_event("subscribe"), appid="wxffffffffffffffff"), SEALED),
        (*sealed(an_event("subscribe")), PLAIN),
        (a_query(), an_event("subscribe"), SEALED),
        (a_query(encrypt_type="aes", msg_signature="0" * 40), an_event("subscribe"), SEALED),
    ],
)
def test_a_push_that_is_not_sealed_as_configured_is_refused(query: dict[str, str], body: bytes, keys: Keys) -> None:
    with pytest.raises(InputError, match="微信推送"):
        pushes.read_push(Push("wechat", query, body, MORNING), keys, CODES)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"text", b"\xff\xfe", b"<xml/>", b"<xml></xml>", b"<other/>", b"<xml>", BOMB, b"<xml>text</xml>",
        b"<xml><MsgType>event</MsgType><MsgType>event</MsgType></xml>", b"<xml><MsgType><a/></MsgType></xml>",
        b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
    ],
)  # fmt: skip
def test_hostile_xml_is_an_input_error(body: bytes) -> None:
    with pytest.raises(InputError, match="微信推送"):
        pushed(body)


TAGS = st.sampled_from(["xml", "MsgType", "Event", "MsgID", "Status", "FromUserName", "CreateTime", "Content", "a"])
WORDS = st.sampled_from(["event", "text", "TEMPLATESENDJOBFINISH", "subscribe", "1", "-1", "success", ""]) | st.text(
    max_size=6
)
LEAF = st.tuples(TAGS, WORDS).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>")
TREE = st.recursive(
    LEAF,
    lambda inner: st.tuples(TAGS, st.lists(inner, max_size=8)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
)
ROOT = st.lists(TREE, max_size=8).map(lambda parts: f"<xml>{''.join(parts)}</xml>".encode("utf-8", "replace"))


@given(st.binary(max_size=200) | ROOT)
def test_any_signed_bytes_are_read_or_are_an_input_error(body: bytes) -> None:
    try:
        pushed(body)
    except InputError:
        pass


BLOCKS = st.integers(1, 6).flatmap(lambda n: st.binary(min_size=16 * n, max_size=16 * n))


@given(st.binary(max_size=96) | BLOCKS | ROOT)
def test_any_signed_ciphertext_is_read_or_is_an_input_error(inner: bytes) -> None:
    encrypted = base64.b64encode(inner).decode()
    claimed = digest(TOKEN, str(NOW_S), "1372623149", encrypted)
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    try:
        pushed(body, SEALED, a_query(encrypt_type="aes", msg_signature=claimed))
    except InputError:
        pass


def test_the_handshake_equals_the_official_example() -> None:
    vector = sample("wechat", "url_verification")
    query = {name: vector[name] for name in ("timestamp", "nonce", "signature", "echostr")}
    section = settings.Wechat(appid=APPID, token=SecretStr(vector["token"]))
    clock = FrozenClock(datetime.fromtimestamp(int(vector["timestamp"]) + 1, UTC))
    channel = Wechat(section, Wire(settings.Wire()), MemoryTokens(), clock)
    assert channel.verify_url(query) == vector["expected_response_body"]
    assert channel.verify_url(query | {"signature": "0" * 40}) is None
    assert channel.verify_url({name: query[name] for name in query if name != "echostr"}) is None
    clock.advance(timedelta(minutes=11))
    assert channel.verify_url(query) is None


def test_the_answer_is_success() -> None:
    assert pushes.ANSWER == (200, "text/plain", "success")


def all_pushed(body: bytes) -> list[Inbound]:
    return pushes.read_push(Push("wechat", a_query(), body, MORNING), PLAIN, CODES)


def a_list_event(event: str, wrapper: str, *entries: dict[str, str]) -> bytes:
    def inside(entry: dict[str, str]) -> str:
        return "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in entry.items())

    inner = "".join(f"<List>{inside(entry)}</List>" for entry in entries)
    return an_event(event).replace(b"</xml>", f"<{wrapper}>{inner}</{wrapper}></xml>".encode())


def popup(template: str, word: str) -> dict[str, str]:
    return {"TemplateId": template, "SubscribeStatusString": word, "PopupScene": "1"}


def sent(number: str = "1864323726461255680", code: str = "0", status: str = "success") -> dict[str, str]:
    return {"TemplateId": "TS1", "MsgID": number, "ErrorCode": code, "ErrorStatus": status}


@pytest.mark.parametrize("n", [1, 2])
def test_a_popup_tells_what_was_accepted_and_what_was_not(n: int) -> None:
    entries = [popup("TS1", "accept"), popup("TS2", "reject")][:n]
    body = a_list_event("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", *entries)
    expected = [Consented("oSAMPLE", "TS1", True, AT), Consented("oSAMPLE", "TS2", False, AT)][:n]
    assert all_pushed(body) == expected


@pytest.mark.parametrize("wrapper", ["SubscribeMsgChangeEvent", "SubscribeMsgPopupEvent"])
def test_a_withdrawn_consent_is_read_in_either_wrapper(wrapper: str) -> None:
    entry = {"TemplateId": "TS1", "SubscribeStatusString": "reject"}
    assert all_pushed(a_list_event("subscribe_msg_change_event", wrapper, entry)) == [
        Consented("oSAMPLE", "TS1", False, AT)
    ]


@pytest.mark.parametrize(
    ("code", "status", "said", "reason"),
    [
        ("0", "success", "success", None),
        ("43101", "user refuse", "sent:43101", Reason.BLOCKED),
        ("43004", "require subscribe", "sent:43004", Reason.NOT_FOLLOWING),
        ("-1", "system failed", "sent:-1", Reason.GATEWAY),
        ("77", "new", "sent:77", Reason.UNKNOWN),
    ],
)
def test_a_sent_event_is_a_receipt_that_also_names_its_template(
    code: str, status: str, said: str, reason: Reason | None
) -> None:
    body = a_list_event("subscribe_msg_sent_event", "SubscribeMsgSentEvent", sent(code=code, status=status))
    expected = Receipt(
        "wechat", None, "1864323726461255680", "oSAMPLE", reason is None, said, reason, AT, template="TS1"
    )
    assert all_pushed(body) == [expected]


def test_one_bad_entry_of_a_list_is_damaged_and_its_neighbours_count() -> None:
    bad = [sent(number="x"), {"TemplateId": "TS1"}, sent(number="0")]
    told = all_pushed(a_list_event("subscribe_msg_sent_event", "SubscribeMsgSentEvent", sent("7"), *bad, sent("8")))
    kinds = [type(one).__name__ for one in told]
    assert kinds == ["Receipt", "Damaged", "Damaged", "Damaged", "Receipt"]
    odd = all_pushed(a_list_event("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", popup("TS1", "perhaps")))
    assert isinstance(odd[0], Damaged)


@pytest.mark.parametrize("event", ["CLICK", "scancode_push", "scancode_waitmsg"])
def test_a_press_of_the_menu_lets_us_answer_for_a_moment(event: str) -> None:
    assert pushed(an_event(event, EventKey="ask")) == Acted("oSAMPLE", AT)


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        ("image", {"PicUrl": "x"}, "[图片]"),
        ("voice", {"Format": "amr"}, "[语音]"),
        ("voice", {"Format": "amr", "Recognition": "补贴怎么没到"}, "[语音]补贴怎么没到"),
        ("location", {"Location_X": "35.8", "Location_Y": "106.6", "Scale": "1", "Label": "x"}, "[位置]"),
    ],
)
def test_what_is_not_in_words_is_heard_all_the_same(kind: str, more: dict[str, str], text: str) -> None:
    assert pushed(a_message(kind, MsgId=9, MediaId="m", **more)) == Heard("oSAMPLE", text, "wechat:9", AT)


def key_of(body: bytes, query: dict[str, str] | None = None, keys: Keys = PLAIN) -> tuple[str | None, str | None]:
    known = pushes.recognised(Push("wechat", query or a_query(), body, MORNING), keys)
    assert known.body == body
    return known.key, known.once


def test_repeats_are_known_by_msgid_or_by_all_that_an_event_says_however_they_are_signed_or_sealed() -> None:
    said = a_message("text", Content="问", MsgId=23456)
    event = an_event("TEMPLATESENDJOBFINISH", MsgID=7, Status="success")
    later = a_query(NOW_S + 5)
    assert key_of(said)[0] == key_of(said, later)[0] == key_of(a_message("text", Content="", MsgId=23456))[0]
    query, body = sealed(event)
    assert key_of(event)[0] == key_of(event, later)[0] == key_of(body, query, SEALED)[0]
    assert key_of(event)[1] != key_of(event, later)[1]


def test_two_events_of_one_person_in_one_second_are_not_repeats() -> None:
    bodies = [
        an_event("TEMPLATESENDJOBFINISH", MsgID=7, Status="success"),
        an_event("TEMPLATESENDJOBFINISH", MsgID=8, Status="success"),
        an_event("SCAN", EventKey="a", Ticket="T"),
        an_event("SCAN", EventKey="b", Ticket="T"),
        a_list_event("subscribe_msg_sent_event", "SubscribeMsgSentEvent", sent("7")),
        a_list_event("subscribe_msg_sent_event", "SubscribeMsgSentEvent", sent("8")),
        an_event("SCAN", EventKey="a", Ticket="T", FromUserName="oOTHER"),
    ]
    assert len({key_of(body)[0] for body in bodies}) == len(bodies)


def test_a_strangers_push_is_not_recognised() -> None:
    with pytest.raises(InputError):
        key_of(an_event("subscribe"), a_query() | {"signature": "0" * 40})
