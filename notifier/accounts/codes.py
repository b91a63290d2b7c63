"""Codes by SMS: six digits that prove who holds a phone, for five minutes, few guesses, and not too often."""

import secrets
from datetime import datetime, timedelta

from notifier.domain.codes import Asker, CodePurpose
from notifier.domain.contracts import Clock
from notifier.domain.direct import Direct, SendNow
from notifier.domain.errors import InputError
from notifier.domain.identity import read_phone
from notifier.domain.outcomes import Outcome, Postponed, Refused, Scope
from notifier.store.codes import Asked, Cap, use_code, void_codes, write_code
from notifier.store.ledger import Ledger

LASTS = timedelta(minutes=5)
MOST_TRIES = 5
CAPS = (
    # As the gateways count codes to one number, so that they never have to refuse one (providers' flow control).
    Cap("phone", 1, timedelta(minutes=1)),
    Cap("phone", 5, timedelta(hours=1)),
    Cap("phone", 10, timedelta(days=1)),
    Cap("asker", 10, timedelta(days=1)),
    # A township's office has one address for all of its people.
    Cap("source", 20, timedelta(hours=1)),
)
_TEXT = "login"
_DIGITS = 6


class CodeDesk:
    """The domain's Codes over the ledger; `send_now` is the door that texts leave by."""

    def __init__(self, ledger: Ledger, clock: Clock, send_now: SendNow) -> None:
        self._ledger = ledger
        self._clock = clock
        self._send_now = send_now

    async def send_code(self, phone: str, purpose: CodePurpose, asker: Asker) -> datetime:
        """See `domain.codes.Codes`. The code is written before the text leaves, and void when it certainly did not."""
        now = self._clock.now()
        asked = Asked(read_phone(phone).number, purpose, asker)
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        free_at = await write_code(self._ledger, asked, code, (now, now + LASTS), CAPS)
        if free_at is not None:
            raise InputError(f"验证码要得太频繁，请{_in_words(free_at - now)}后再试")
        by_user = asker.who if purpose is CodePurpose.ALERTS else ""
        outcome = await self._send_now(Direct(asked.phone, _TEXT, {"code": code}, by_user))
        if (why := _not_sent(outcome)) is not None:
            await void_codes(self._ledger, asked, now)
            raise InputError(why)
        return now + LASTS

    async def check_code(self, phone: str, purpose: CodePurpose, asker: Asker, typed: str) -> str:
        """See `domain.codes.Codes`."""
        asked = Asked(read_phone(phone).number, purpose, asker)
        fits = await use_code(self._ledger, asked, typed.strip(), self._clock.now(), MOST_TRIES)
        if fits is None:
            raise InputError("验证码已失效或输错次数太多，请重新获取")
        if not fits:
            raise InputError("验证码不对，请核对短信中的 6 位数字")
        return asked.phone


def _not_sent(outcome: Outcome) -> str | None:
    """Why no text can have arrived; None when one may."""
    if isinstance(outcome, Refused) and outcome.scope is Scope.NUMBER:
        return "这个号码收不到验证码短信，请核对号码或换一个"
    if isinstance(outcome, Refused):
        return "短信通道没有收下验证码；请联系运维人员检查验证码模板"
    if isinstance(outcome, Postponed):
        return f"验证码暂时发不出去，请{_in_words(outcome.delay)}后再试"
    return None


def _in_words(wait: timedelta) -> str:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    return f" {seconds} 秒" if seconds < 120 else f" {-(-seconds // 60)} 分钟"
