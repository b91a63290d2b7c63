"""Calls to the official-account API, built and read without any input or output."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from notifier.domain.errors import ProviderNonsense
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted, Unsure

SEND = "message/template/send"
"""Where template messages go, below cgi-bin/."""
SUBSCRIPTION_SEND = "message/subscribe/bizsend"
"""Where subscription notices go."""
TOKEN_ERRORS = frozenset({40001, 40014, 42001, 41001})
"""The access token was not taken; renew it once and try once more."""
RESEND_WINDOW = timedelta(minutes=9, seconds=30)
"""WeChat sends one client_msg_id once in ten minutes; the rest is for clocks that differ and for the call."""
_SERVER_FAULT = 500
_EARLY = timedelta(minutes=4)  # the platform gives a new token five minutes before the old one ends


class Unreadable(ProviderNonsense):
    """A reply that is not the API's: nobody can tell whether the call was executed. `code` says what came."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the reply cannot be read: {code}")
        self.code = code


def below(api_base: str, path: str) -> str:
    """The address of `path` below the API's base, whether or not the base was written with its last slash."""
    return f"{api_base.rstrip('/')}/{path}"


def send_fields(letter: Letter, parameters: Mapping[str, str], client_msg_id: str) -> dict[str, object]:
    """The body of template/send with `parameters` in place of the letter's own."""
    fields: dict[str, object] = {
        "touser": letter.address,
        "template_id": letter.template,
        "data": {name: {"value": value} for name, value in parameters.items()},
        "client_msg_id": client_msg_id,
    }
    if letter.link:
        fields["url"] = letter.link
    return fields


def subscription_fields(letter: Letter, parameters: Mapping[str, str]) -> dict[str, object]:
    """The body of subscribe/bizsend, which takes no id of ours."""
    fields: dict[str, object] = {
        "touser": letter.address,
        "template_id": letter.template,
        "data": {name: {"value": value} for name, value in parameters.items()},
    }
    if letter.link:
        fields["page"] = letter.link
    return fields


def token_fields(appid: str, secret: str) -> dict[str, object]:
    """The body of stable_token. Never forced: that would end the token of every other process at once."""
    return {"grant_type": "client_credential", "appid": appid, "secret": secret, "force_refresh": False}


def written(fields: object) -> bytes:
    """JSON without escapes, as the platform wants it. Raises ValueError for a text that is not whole characters."""
    try:
        return orjson.dumps(fields)
    except orjson.JSONEncodeError:
        raise ValueError("a text holds half of a character") from None


def read_fields(status: int, body: bytes) -> dict[str, Any]:
    """The reply as an object with a whole `errcode`, 0 when it has none. Raises Unreadable."""
    if status >= _SERVER_FAULT:
        raise Unreadable(f"http_{status}")
    fields = _parsed(body)
    if not isinstance(fields, dict):
        raise Unreadable("garbage")
    errcode = fields.get("errcode", 0)
    if isinstance(errcode, str) and errcode.lstrip("-").isdecimal() and len(errcode) < len("-1000000000"):
        errcode = int(errcode)
    if not isinstance(errcode, int) or isinstance(errcode, bool):
        raise Unreadable("garbage")
    return fields | {"errcode": errcode}


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:  # replies have been seen with bare control characters in errmsg
        return json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        raise Unreadable("garbage") from None


def read_sent(fields: Mapping[str, Any]) -> Accepted | Unsure:
    """What a template/send that was answered errcode 0 ended in."""
    return Accepted(msgid) if (msgid := _msgid(fields)) else Unsure("no_msgid")


def read_subscription_sent(fields: Mapping[str, Any]) -> Accepted:
    """The same for bizsend, whose documented reply has no msgid: then there is no reference either."""
    return Accepted(_msgid(fields))


def _msgid(fields: Mapping[str, Any]) -> str:
    msgid = fields.get("msgid")
    whole = isinstance(msgid, int) and not isinstance(msgid, bool)
    return str(msgid) if whole or (isinstance(msgid, str) and msgid.isascii() and msgid.isdigit()) else ""


def read_token(fields: Mapping[str, Any], now: datetime) -> tuple[str, datetime]:
    """(token, until when to use it): a little less than its life, so that it is renewed before it ends.

    Raises Unreadable.
    """
    token, life_s = fields.get("access_token"), fields.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(life_s, int) or not 0 < life_s < 10**7:
        raise Unreadable("garbage")
    life = timedelta(seconds=life_s)
    return token, now + life - min(_EARLY, life / 10)
