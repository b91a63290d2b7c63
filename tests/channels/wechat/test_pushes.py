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
from notifier.domain.messages import Damaged, Followed, Heard, Inbound, Receipt
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
        a_message("image", PicUrl="x"),
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
