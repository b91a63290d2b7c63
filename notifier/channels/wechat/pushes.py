"""What WeChat pushes to us: checked, opened and read. Pure; plain and encrypted mode.

The signature covers token, timestamp and nonce but not the body, so an account that encrypts accepts nothing plain.
"""

import hashlib
import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.parsers.expat import ExpatError

from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException

from notifier.channels.codes import Codes
from notifier.channels.wechat.events import Teller, identity
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Inbound

ANSWER = (200, "text/plain", "success")
"""Tells WeChat that we have it; anything else shows the person that the account is out of order."""
_ENCRYPTED = re.compile(r"<Encrypt>\s*(?:<!\[CDATA\[)?\s*([A-Za-z0-9+/=\s]+?)\s*(?:\]\]>)?\s*</Encrypt>")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_HOSTILE = (  # all that wechatpy was seen to raise on what is not WeChat's
    ExpatError, WeChatException, struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError,
    AssertionError, OverflowError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keys:
    """What the account's message server is configured with; `aes_key` is empty in plain mode."""

    appid: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    push_age: timedelta


def check_signature(query: Mapping[str, str], keys: Keys, now: datetime) -> None:
    """The query was signed with our token, not long before or after `now`. Raises InputError."""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not _same(_digest(keys.token, timestamp, nonce), query.get("signature", "")):
        raise InputError("微信推送的签名不符；请核对公众平台“服务器配置”里的 Token 与 channels.wechat.token")
    signed_at = datetime.fromtimestamp(int(timestamp), UTC) if _TIMESTAMP.fullmatch(timestamp) else None
    if signed_at is None or abs(now - signed_at) > keys.push_age:
        raise InputError("微信推送的时间戳超出允许范围；请校准本机时钟（channels.wechat.push_age 可放宽）")


def read_push(push: Push, keys: Keys, codes: Codes) -> list[Inbound]:
    """The elements of a push, checked: one, or one an entry of its list. Raises InputError for what is not WeChat's."""
    return Teller(push.gateway, keys.token, codes).tell(_message(push, keys))


def recognised(push: Push, keys: Keys) -> Push:
    """The push with what tells its repeats, and with its signature and nonce, which WeChat uses once.

    The signature does not cover the body: who saw one could send any body with it. Raises InputError.
    """
    fields = _message(push, keys)._data
    return replace(push, key=identity(fields), once=f"{push.query['signature']}|{push.query['nonce']}")


def _message(push: Push, keys: Keys) -> Any:
    check_signature(push.query, keys, push.received_at)
    try:
        message = parse_message(_opened(push.body.decode(), push.query, keys))
    except _HOSTILE:
        raise InputError("微信推送不是可读的 XML；请在公众平台把数据格式设为 XML") from None
    if message is None:
        raise InputError("微信推送是空的")
    return message


def _opened(text: str, query: Mapping[str, str], keys: Keys) -> str:
    encrypted = query.get("encrypt_type", "raw") == "aes"
    if encrypted != bool(keys.aes_key):
        raise InputError("微信推送的加密方式与 channels.wechat.aes_key 不一致；请与公众平台“消息加解密方式”核对")
    if not encrypted:
        return text
    found = _ENCRYPTED.search(text)
    sealed = "".join(found[1].split()) if found else ""
    timestamp, nonce, claimed = query["timestamp"], query["nonce"], query.get("msg_signature", "")
    if not _same(_digest(keys.token, timestamp, nonce, sealed), claimed):
        raise InputError("微信推送的 msg_signature 不符；请核对公众平台的 Token 和 EncodingAESKey")
    crypto = WeChatCrypto(keys.token, keys.aes_key, keys.appid)
    opened = crypto.decrypt_message({"Encrypt": sealed}, claimed, timestamp, nonce)
    return opened.decode() if isinstance(opened, bytes) else str(opened)


def _digest(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))
