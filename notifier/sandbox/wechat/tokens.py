"""Access tokens: cgi-bin/token and cgi-bin/stable_token, apart from each other, each with its overlap and quotas."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from notifier.sandbox.settings import WeChatSettings
from notifier.sandbox.wechat.refusals import refusal

_SHAPE = re.compile(r"[A-Za-z0-9_-]{100,512}", re.A)
DAY_S, MINUTE_S = 86_400, 60
_BEIJING_S = 8 * 3600


@dataclass(slots=True)
class Token:
    """One token that was given out."""

    text: str
    expires_at: float
    """End of its life; a superseded token's is moved forward."""
    is_revoked: bool = False


class TokenOffice:
    """Gives tokens out and knows which still work. The two APIs never touch each other's tokens."""

    def __init__(self, settings: WeChatSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._known: dict[str, Token] = {}
        self._plain: Token | None = None
        self._stable: Token | None = None
        self._used: dict[str, tuple[int, int]] = {}
        self._forced_at = float("-inf")

    def issue_plain(self, given: Mapping[str, Any], ip: str) -> dict[str, Any]:
        """cgi-bin/token: always a new token; the one before works on for the overlap. Raises WeChatRefusal."""
        self._admit(given, ip)
        self.spend("token", DAY_S, self._settings.tokens_per_day, 45009)
        self._supersede(self._plain)
        self._plain = self._new()
        return self._answer(self._plain)

    def issue_stable(self, given: Mapping[str, Any], ip: str) -> dict[str, Any]:
        """cgi-bin/stable_token: the same token until shortly before its end, or a forced new one."""
        self._admit(given, ip)
        self.spend("stable_token", MINUTE_S, self._settings.stable_tokens_per_minute, 45011)
        forced = given.get("force_refresh", False)
        if not isinstance(forced, bool):
            raise refusal(47001)
        if forced:
            self._force()
        elif self._stable is not None and self._rest(self._stable) <= self._settings.token_overlap.total_seconds():
            self._supersede(self._stable)
            self._stable = None
        if self._stable is None:
            self._stable = self._new()
        return self._answer(self._stable)

    def check(self, text: str | None) -> None:
        """The token works now. Raises WeChatRefusal 41001, 40014, 42001 or 40001."""
        if not text:
            raise refusal(41001)
        if not _SHAPE.fullmatch(text):
            raise refusal(40014)
        token = self._known.get(text)
        if token is None or token.is_revoked:
            raise refusal(40001)
        if self._rest(token) <= 0:
            raise refusal(42001 if token in (self._plain, self._stable) else 40001)

    def revoke(self, text: str | None) -> None:
        """The token is dead at once, as when the secret was reset; both APIs give out new ones."""
        token = self._known.get(text or "")
        if token is not None:
            token.is_revoked = True
            self._plain = None if token is self._plain else self._plain
            self._stable = None if token is self._stable else self._stable

    def spend(self, api: str, period_s: int, most: int, errcode: int) -> None:
        """One call of the period's quota (a day starts at Beijing midnight). Raises WeChatRefusal."""
        period = int(self._clock() + _BEIJING_S) // period_s
        began, n_used = self._used.get(api, (period, 0))
        n_used = n_used + 1 if began == period else 1
        if n_used > most:
            raise refusal(errcode)
        self._used[api] = (period, n_used)

    def _force(self) -> None:
        now = self._clock()
        if now - self._forced_at < self._settings.forced_apart.total_seconds():
            raise refusal(45011)
        self.spend("forced", DAY_S, self._settings.forced_per_day, 45009)
        self._forced_at = now
        if self._stable is not None:
            self._stable.is_revoked = True
            self._stable = None

    def _admit(self, given: Mapping[str, Any], ip: str) -> None:
        if given.get("grant_type") != "client_credential":
            raise refusal(40002)
        if not given.get("appid"):
            raise refusal(41002)
        if not given.get("secret"):
            raise refusal(41004)
        if given["appid"] != self._settings.appid:
            raise refusal(40013)
        if given["secret"] != self._settings.secret:
            raise refusal(40125)
        if self._settings.allowed_ips and ip not in self._settings.allowed_ips:
            raise refusal(40164, f"ip: {ip}")

    def _new(self) -> Token:
        now = self._clock()
        self._known = {text: token for text, token in self._known.items() if token.expires_at > now - DAY_S}
        token = Token(secrets.token_urlsafe(102), now + self._settings.token_life.total_seconds())
        self._known[token.text] = token
        return token

    def _supersede(self, token: Token | None) -> None:
        if token is not None:
            token.expires_at = min(token.expires_at, self._clock() + self._settings.token_overlap.total_seconds())

    def _rest(self, token: Token) -> float:
        return token.expires_at - self._clock()

    def _answer(self, token: Token) -> dict[str, Any]:
        return {"access_token": token.text, "expires_in": int(self._rest(token))}
