"""One's own phone or WeChat for alerts: a code or a scan proves it, and dropping it ends the alerts."""

from datetime import datetime

from notifier.domain.codes import Asker, CodePurpose, Codes
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.store.audit import append
from notifier.store.factors import Factor, FactorKind, drop_factor, put_factor
from notifier.store.ledger import Ledger


class OwnPhone:
    """Deeds of a user on their own phone, and the WeChat on it. Each raises InputError (Chinese)."""

    def __init__(self, ledger: Ledger, clock: Clock, codes: Codes) -> None:
        self._ledger = ledger
        self._clock = clock
        self._codes = codes

    async def ask(self, asker: Asker, phone: str) -> datetime:
        """A code is on its way to the phone; it is good until then."""
        until = await self._codes.send_code(phone, CodePurpose.ALERTS, asker)
        await self._note(asker.who, "phone.code")
        return until

    async def confirm(self, asker: Asker, phone: str, typed: str) -> None:
        """The phone is the user's, for alerts and test sends, in place of an earlier one."""
        number = await self._codes.check_code(phone, CodePurpose.ALERTS, asker, typed)
        await put_factor(self._ledger, asker.who, Factor(FactorKind.PHONE, number, self._clock.now()))
        await self._note(asker.who, "phone.verified")

    async def drop(self, name: str) -> None:
        """The user has no phone here any more and is told nothing by SMS."""
        if not await drop_factor(self._ledger, name, FactorKind.PHONE):
            raise InputError("没有已验证的手机号，不用删除")
        await self._note(name, "phone.dropped")

    async def follow(self, name: str, openid: str) -> None:
        """The follower with that openid is the user, who is told of alerts by WeChat."""
        await put_factor(self._ledger, name, Factor(FactorKind.OPENID, openid, self._clock.now()))
        await self._note(name, "openid.verified")

    async def unfollow(self, name: str) -> None:
        """The user is told nothing by WeChat any more."""
        if not await drop_factor(self._ledger, name, FactorKind.OPENID):
            raise InputError("没有绑定微信，不用解除")
        await self._note(name, "openid.dropped")

    async def _note(self, name: str, what: str) -> None:
        async with self._ledger.writing() as c:
            await append(c, name, what, {}, at=self._clock.now())
