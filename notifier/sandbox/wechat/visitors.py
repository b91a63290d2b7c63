"""Web authorization: who opens a page inside WeChat, and the codes that stand for them once."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from notifier.sandbox.settings import WeChatSettings
from notifier.sandbox.wechat.refusals import refusal

_CODE_LIFE_S = 300
_ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]


@dataclass(slots=True)
class Code:
    """A code that was given out."""

    openid: str
    is_snapshot: bool
    until: float
    is_used: bool = False


class Visitors:
    """`openid` is whose WeChat opens the next page."""

    def __init__(self, settings: WeChatSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self.openid = "oSampleVisitor0000000000001"
        self.is_snapshot = False

    def code(self) -> str:
        """A code for the visitor, good once within five minutes."""
        text = secrets.token_hex(16)
        self._codes[text] = Code(self.openid, self.is_snapshot, self._clock() + _CODE_LIFE_S)
        return text

    def sent_back(self, query_string: str) -> str | None:
        """Where a browser that was sent to authorize goes next; None when the parameters are not as they must be."""
        given = parse_qsl(query_string, keep_blank_values=True)
        asked = dict(given)
        in_order = [name for name, _ in given] == _ORDER[: len(given)] and len(given) >= len(_ORDER) - 1
        if not in_order or asked["appid"] != self._settings.appid or asked["response_type"] != "code":
            return None
        target = asked["redirect_uri"]
        joint = "&" if "?" in target else "?"
        return f"{target}{joint}{urlencode({'code': self.code(), 'state': asked.get('state', '')})}"

    def exchange(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The answer of sns/oauth2/access_token. Raises WeChatRefusal."""
        if given.get("appid") != self._settings.appid:
            raise refusal(40013)
        if given.get("secret") != self._settings.secret:
            raise refusal(40125)
        if given.get("grant_type") != "authorization_code":
            raise refusal(40002)
        if not given.get("code"):
            raise refusal(41008)
        code = self._codes.get(given["code"])
        if code is None or code.until <= self._clock():
            raise refusal(40029)
        if code.is_used:
            raise refusal(40163)
        code.is_used = True
        answer: dict[str, Any] = {
            "access_token": secrets.token_urlsafe(64),
            "expires_in": 7200,
            "refresh_token": secrets.token_urlsafe(64),
            "openid": code.openid,
            "scope": "snsapi_base",
        }
        return {**answer, "is_snapshotuser": 1} if code.is_snapshot else answer
