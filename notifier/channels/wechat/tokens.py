"""The account's access token: one for all processes, renewed by one of them at a time."""

import asyncio
from datetime import datetime, timedelta

from notifier.channels.codes import Codes
from notifier.channels.verdicts import NOT_SENT_DELAY
from notifier.channels.wechat.protocol import Unreadable, below, read_fields, read_token, token_fields, written
from notifier.domain import settings
from notifier.domain.contracts import Clock, TokenStore
from notifier.domain.errors import NotifierError
from notifier.domain.outcomes import Outcome, Postponed, Refused, Scope
from notifier.wire import Lost, NotSent, Wire

_PATIENCE = timedelta(seconds=20)  # longer than a whole call to the token API takes before it is given up
_GLANCE_S = 0.05
_GLANCES = 100

Held = tuple[str, datetime]
"""A token and until when it may be used."""


class TokenUnavailable(NotifierError):
    """No access token is to be had, so nothing was sent; `outcome` says what that makes of the message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("no access token")
        self.outcome = outcome


class Tokens:
    """Hands out the token; safe for any number of tasks and processes."""

    def __init__(self, section: settings.Wechat, wire: Wire, store: TokenStore, clock: Clock, codes: Codes) -> None:
        self._section = section
        self._wire = wire
        self._store = store
        self._clock = clock
        self._codes = codes
        self._key = f"wechat:{section.appid}"
        self._held: Held | None = None
        self._one_at_a_time = asyncio.Lock()

    async def current(self, rejected: str | None = None) -> str:
        """A token that is not `rejected` (the one a call was just refused with), renewed only if nobody did before.

        Raises TokenUnavailable.
        """
        held = self._usable(self._held, rejected)
        if held is None:
            async with self._one_at_a_time:
                held = self._usable(self._held, rejected) or await self._shared(rejected)
                self._held = held
        return held[0]

    def _usable(self, held: Held | None, rejected: str | None) -> Held | None:
        return held if held is not None and held[0] != rejected and self._clock.now() < held[1] else None

    async def _shared(self, rejected: str | None) -> Held:
        stored = self._usable(await self._store.read(self._key), rejected)
        if stored is not None:
            return stored
        async with self._store.refreshing(self._key, _PATIENCE) as ours_to_renew:
            if ours_to_renew:
                return await self._renewed(rejected)
        return await self._others(rejected)

    async def _renewed(self, rejected: str | None) -> Held:
        old = await self._store.read(self._key)
        usable = self._usable(old, rejected)
        if usable is not None:  # the one before us was just done
            return usable
        token, until = await self._asked()
        kept = await self._store.replace(self._key, old[0] if old else None, token, until)
        if kept == token:
            return token, until
        return await self._store.read(self._key) or (kept, until)

    async def _others(self, rejected: str | None) -> Held:
        for _ in range(_GLANCES):
            stored = self._usable(await self._store.read(self._key), rejected)
            if stored is not None:
                return stored
            await asyncio.sleep(_GLANCE_S)
        raise TokenUnavailable(Postponed("token:busy", NOT_SENT_DELAY))

    async def _asked(self) -> Held:
        section = self._section
        body = written(token_fields(section.appid, section.secret.get_secret_value()))
        url, headers = below(section.api_base, "cgi-bin/stable_token"), {"Content-Type": "application/json"}
        try:
            reply = await self._wire.post(url, body=body, headers=headers)
            fields = read_fields(reply.status, reply.body)
            if fields["errcode"] != 0:
                raise TokenUnavailable(self._refusal(str(fields["errcode"])))
            return read_token(fields, self._clock.now())
        except (NotSent, Lost, Unreadable) as error:
            raise TokenUnavailable(Postponed(f"token:{error.code}", NOT_SENT_DELAY)) from None

    def _refusal(self, errcode: str) -> Outcome:
        """Without a token nobody can be written to, so whatever is refused here concerns the account."""
        outcome = self._codes.outcome(errcode, self._clock.now())
        code = f"token:{errcode}"
        if errcode == "-1":
            return Postponed(code, NOT_SENT_DELAY)
        if isinstance(outcome, Postponed) and errcode != "40001":  # 40001 here is a wrong AppSecret
            return Postponed(code, outcome.delay)
        return Refused(code, Scope.ACCOUNT, self._codes.reason(errcode))
