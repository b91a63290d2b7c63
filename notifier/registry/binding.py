"""A follower of the official account binds themselves to persons, and sees what their households were told."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from notifier.domain.codes import Asker, CodePurpose, Codes
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.identity import fold, read_phone
from notifier.domain.messages import ContactKind
from notifier.domain.settings import Inquiries
from notifier.store import binding
from notifier.store.binding import Bound, Claim
from notifier.store.farmer_pages import Telling, tellings_of_households
from notifier.store.farmer_words import (
    Answered,
    Reader,
    answers_for,
    note_answers_seen,
    note_question,
    note_read,
    question,
)
from notifier.store.forms import is_first
from notifier.store.ledger import Ledger

MOST_CODES = 8
"""Codes that an openid may ask for in a day."""
MOST_WRONG = 6
"""Wrong codes, names and numbers of an openid in a day; then it is over until tomorrow."""
PROOF_LASTS = timedelta(minutes=15)
"""How long a proved phone may be used to say who one is."""
_MOST_TELLINGS = 60
_DAY, _APART = timedelta(days=1), timedelta(minutes=1)
_TAIL = re.compile(r"\d{3}[\dXx]")
_OVER = "今天试得太多了;请明天再试,或带身份证到村委会办理"
_NOBODY = "姓名或身份证后四位与登记的不一致;请核对,仍不行请到村委会核对登记"


@dataclass(frozen=True, slots=True)
class Mine:
    """What a bound follower reads: their persons, what their households were told newest first, and their answers."""

    bound: Sequence[Bound]
    tellings: Sequence[Telling] = field(repr=False)
    answered: Sequence[Answered] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BindingDesk:
    """Where followers bind themselves. Each method raises InputError (Chinese) for what cannot be done."""

    ledger: Ledger
    clock: Clock
    codes: Codes
    inquiries: Inquiries
    hotline: str

    async def send_code(self, openid: str, written: str, address: str) -> None:
        """A code is on its way to the phone if it is a household's own. For a stranger's number nothing is sent, and
        nothing here tells the difference."""
        phone, now = read_phone(written).number, self.clock.now()
        await self._demand_patience(openid)
        if await binding.n_tries(self.ledger, openid, "code", now - _DAY) >= MOST_CODES:
            raise InputError(_OVER)
        if await binding.n_tries(self.ledger, openid, "code", now - _APART):
            raise InputError("验证码要得太频繁;请一分钟后再试")
        await binding.note_try(self.ledger, openid, "code", now)
        if await binding.is_registered(self.ledger, phone):
            await self.codes.send_code(phone, CodePurpose.BINDING, Asker(openid, address))

    async def prove(self, openid: str, written: str, typed: str) -> str:
        """The phone is proved by its code: its 11 digits."""
        await self._demand_patience(openid)
        try:
            return await self.codes.check_code(written, CodePurpose.BINDING, Asker(openid), typed)
        except InputError:
            await binding.note_try(self.ledger, openid, "wrong", self.clock.now())
            raise

    async def bind(self, openid: str, phone: str, name: str, tail: str) -> int:
        """The openid is bound to the person of a household with that proved phone; the household's id."""
        await self._demand_patience(openid)
        name, tail = fold(name), fold(tail)
        if not name or not _TAIL.fullmatch(tail):
            raise InputError("请填写姓名和身份证号的后四位(最后一位可能是 X)")
        household_id = await binding.bind(self.ledger, openid, Claim(phone, name, tail), self.clock.now())
        if household_id is None:
            await binding.note_try(self.ledger, openid, "wrong", self.clock.now())
            raise InputError(_NOBODY)
        return household_id

    async def unbind(self, openid: str, person_id: int) -> bool:
        """The openid is bound to the person no more. Safe to repeat."""
        return await binding.unbind(self.ledger, openid, person_id, self.clock.now())

    async def _demand_patience(self, openid: str) -> None:
        if await binding.n_tries(self.ledger, openid, "wrong", self.clock.now() - _DAY) >= MOST_WRONG:
            raise InputError(_OVER)

    async def mine(self, openid: str) -> Mine:
        """What the openid's households were told; nothing for who is bound to nobody."""
        bound = await binding.bound_to(self.ledger, openid)
        homes = sorted({one.household_id for one in bound})
        answered: list[Answered] = []
        async with self.ledger.reading() as c:
            tellings = await tellings_of_households(c, self.ledger, homes, _MOST_TELLINGS)
            for home in homes:
                answered += await answers_for(c, self.ledger, Reader(ContactKind.OPENID, openid, home))
        if any(one.answers for one in answered):
            async with self.ledger.writing() as c:
                for home in homes:
                    await note_answers_seen(c, self.ledger, Reader(ContactKind.OPENID, openid, home))
        return Mine(bound, tellings, sorted(answered, key=lambda one: one.asked_at, reverse=True))

    async def acknowledge(self, openid: str, owed_id: int) -> bool:
        """我已知晓: that household is reached, acknowledged; False when it is not the openid's. Safe to repeat."""
        home = await binding.owed_by(self.ledger, owed_id)
        if home is None or home not in await self._homes(openid):
            return False
        async with self.ledger.writing() as c:
            await note_read(c, self.ledger, owed_id, None, self.clock.now())
        return True

    async def ask(self, openid: str, household_id: int, words: str, once: str | None = None) -> bool:
        """The question is an open inquiry, once for a form; False when the household is not the openid's."""
        region = (await self._homes(openid)).get(household_id)
        if region is None:
            return False
        now, reader = self.clock.now(), Reader(ContactKind.OPENID, openid, household_id)
        asked = question(reader, region, words, now, self.inquiries.answer_days)
        async with self.ledger.writing() as c:
            if await is_first(c, self.ledger, once, now):
                await note_question(c, self.ledger, asked)
        return True

    async def _homes(self, openid: str) -> Mapping[int, str]:
        return {one.household_id: one.region_code for one in await binding.bound_to(self.ledger, openid)}
