"""Pushes of WeChat: signed, aged, opened, read; and whatever a stranger sends is an InputError."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from wechatpy.crypto import WeChatCrypto

from notifier.channels.wechat import pushes
from notifier.channels.wechat.channel import Wechat
from notifier.channels.wechat.pushes import Keys
from notifier.domain import settings
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Followed, Heard, Receipt
from notifier.wire import Wire
from tests.channels.doubles import MORNING, FrozenClock, MemoryTokens
from tests.channels.samples import sample
from tests.channels.wechat.pushing import (
    AES_KEY,
    APPID,
    AT,
    CODES,
    NOW_S,
    PLAIN,
    SEALED,
    TOKEN,
    a_list_event,
    a_message,
    a_query,
    an_event,
    digest,
    pushed,
    sent,
)


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
