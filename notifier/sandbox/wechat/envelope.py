"""Signs and seals what the official account pushes to its message server."""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from wechatpy.crypto import PrpCrypto, WeChatCrypto

from notifier.sandbox.pushing import Push
from notifier.sandbox.settings import PushMode, WeChatSettings


def signature_of(*parts: str) -> str:
    """sha1 over the sorted parts: token, timestamp, nonce, and Encrypt for msg_signature."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def event_xml(fields: Mapping[str, Any]) -> str:
    """The platform's XML: text in CDATA, numbers bare, in the order given; a list is its name again and again."""
    return f"<xml>{_inside(fields)}</xml>"


def _inside(fields: Mapping[str, Any]) -> str:
    named = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    return "".join(f"<{name}>{_content(value)}</{name}>" for name, value in named)


def _content(value: str | int | Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        return _inside(value)
    if isinstance(value, int):
        return str(value)
    # the one sequence that CDATA cannot hold is cut in two
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"


class Sealer:
    """Makes the POST of one push, in the account's mode."""

    def __init__(self, settings: WeChatSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        key = WeChatCrypto(settings.token, settings.encoding_aes_key, settings.appid).key
        self._crypto = PrpCrypto(key)

    def seal(self, url: str, fields: Mapping[str, Any], mode: PushMode) -> Push:
        """A push that any message server of this account can verify (and open, unless it is plain)."""
        timestamp, nonce = str(int(self._clock())), str(secrets.randbelow(10**10))
        params = {
            "signature": signature_of(self._settings.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": str(fields.get("FromUserName", "")),
        }
        body = event_xml(fields)
        if mode is not PushMode.PLAIN:
            encrypt = self.encrypt(body)
            params |= {
                "encrypt_type": "aes",
                "msg_signature": signature_of(self._settings.token, timestamp, nonce, encrypt),
            }
            kept = {"ToUserName": fields["ToUserName"]} if mode is PushMode.AES else fields
            body = event_xml({**kept, "Encrypt": encrypt})
        return Push(url, body.encode(), {"Content-Type": "text/xml"}, params)

    def encrypt(self, xml: str) -> str:
        """The Encrypt field: AES-256-CBC over random, length, message and appid, in base64."""
        sealed: bytes = self._crypto.encrypt(xml, self._settings.appid)
        return sealed.decode("ascii")
