"""A farmer's own page: what it shows, and what may be said on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.settings import Inquiries
from notifier.store.farmer_links import Opened, opened_by
from notifier.store.farmer_pages import Telling, name_of, telling_of_message
from notifier.store.farmer_words import (
    Answered,
    Reader,
    answers_for,
    note_answers_seen,
    note_not_theirs,
    note_question,
    note_read,
    question,
)
from notifier.store.forms import is_first
from notifier.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class OwnPage:
    """What one link opens: nothing of any other household, no id, no card."""

    name: str = field(repr=False)
    region_code: str
    telling: Telling = field(repr=False)
    answered: Sequence[Answered] = field(repr=False)
    is_wrong: bool
    """Somebody said before that this number is not the household's: then nothing of it is shown."""


class LinkExpired(InputError):
    """这个链接已经过期;要了解补贴情况请打咨询电话,或到村委会询问"""


@dataclass(frozen=True, slots=True)
class FarmerDesk:
    """Where a farmer's link leads. Each method raises LinkExpired, or gives None for a link that was never made."""

    ledger: Ledger
    clock: Clock
    inquiries: Inquiries
    hotline: str
    lasts: timedelta
    reply_window: timedelta

    async def open(self, code: str) -> OwnPage | None:
        """The page of a link."""
        opened = await self._opened(code)
        if opened is None:
            return None
        reader = _reader(opened)
        async with self.ledger.reading() as c:
            told = await telling_of_message(c, self.ledger, opened.owed_id, opened.person_id, opened.retry)
            answered = await answers_for(c, self.ledger, reader)
            name = await name_of(c, self.ledger, opened.person_id)
        if any(one.answers for one in answered):
            async with self.ledger.writing() as c:
                await note_answers_seen(c, self.ledger, reader)
        return OwnPage(name, opened.region_code, told, answered, opened.contact_state == "wrong")

    async def acknowledge(self, code: str) -> bool | None:
        """我已知晓: the household is reached, acknowledged. Safe to repeat."""
        opened = await self._usable(code)
        if opened is None:
            return None
        async with self.ledger.writing() as c:
            await note_read(c, self.ledger, opened.owed_id, opened.message_id, self.clock.now())
        return True

    async def disown(self, code: str) -> bool | None:
        """不是我家的: the same as a text 打错了. Safe to repeat."""
        opened = await self._opened(code)
        if opened is None:
            return None
        async with self.ledger.writing() as c:
            await note_not_theirs(c, self.ledger, _reader(opened), self.reply_window, self.clock.now())
        return True

    async def ask(self, code: str, words: str, once: str | None = None) -> bool | None:
        """The question is an open inquiry; False for a form that came before. Raises InputError for an empty one."""
        opened = await self._usable(code)
        if opened is None:
            return None
        asked = question(_reader(opened), opened.region_code, words, self.clock.now(), self.inquiries.answer_days)
        async with self.ledger.writing() as c:
            if not await is_first(c, self.ledger, once, self.clock.now()):
                return False
            await note_question(c, self.ledger, asked)
        return True

    async def _opened(self, code: str) -> Opened | None:
        opened = await opened_by(self.ledger, code, self.lasts)
        if opened is not None and opened.expires_at < self.clock.now():
            raise LinkExpired
        return opened

    async def _usable(self, code: str) -> Opened | None:
        opened = await self._opened(code)
        if opened is not None and opened.contact_state == "wrong":
            raise InputError("这个号码已标记为“不是这一户的”;如果标错了,请联系村干部改回来")
        return opened


def _reader(opened: Opened) -> Reader:
    return Reader(opened.kind, opened.address, opened.household_id)
