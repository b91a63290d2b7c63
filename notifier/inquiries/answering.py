"""Inquiries as people work them off: opened by hand, answered, settled, opened again, handed to another region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.contracts import Clock, Replies
from notifier.domain.errors import InputError
from notifier.domain.identity import Phone
from notifier.domain.inquiries import InquiryEvent, deadline
from notifier.domain.messages import ContactKind
from notifier.domain.outcomes import Accepted, Unsure
from notifier.domain.regions import span
from notifier.domain.replies import InquiryKind
from notifier.domain.settings import Inquiries
from notifier.domain.shares import floored
from notifier.store import audit, inquiry_deeds
from notifier.store import inquiries as stored
from notifier.store.forms import is_first
from notifier.store.hearing import whose
from notifier.store.inquiries import Asked, InquiryRow, Sift
from notifier.store.inquiry_deeds import Deed
from notifier.store.inquiry_rates import Settled, count_now, count_settled
from notifier.store.ledger import Ledger, Transaction

LONGEST_ANSWER = 600
"""Letters; what a customer-service message surely holds (2,048 bytes)."""


@dataclass(frozen=True, slots=True)
class Given:
    """An inquiry that came on paper or by word of mouth; `phone` is where to call back, and finds the household.

    `once` is the token of the form that it was entered by.
    """

    kind: InquiryKind
    channel: str
    region_code: str
    text: str = field(repr=False)
    phone: Phone | None = None
    once: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """办结率 of a region at an instant, over all kinds and by kind; `rate` is floored, "—" when nothing came."""

    rate: str
    n_received: int
    n_closed: int
    n_overdue: int
    by_kind: Sequence[Settled]


@dataclass(frozen=True, slots=True)
class InquiryDesk:
    """Where inquiries are worked off; `replies` by the gateway through which people can be answered.

    Each deed raises InputError (Chinese) when the inquiry is not there or its state does not allow it.
    """

    ledger: Ledger
    clock: Clock
    settings: Inquiries
    replies: Mapping[str, Replies]

    async def waiting(self, region_code: str, *, settled: bool = False, after: int = 0) -> Sequence[InquiryRow]:
        """The next inquiries that the region answers for, masked: those that wait, or the settled ones."""
        return await stored.list_inquiries(self.ledger, region_code, Sift(settled), after=after)

    async def add(self, given: Given, by: str) -> int | None:
        """The inquiry is open, received now; its number, or None for a form that came before.

        The village of the household that has the phone answers for it, where it lies in the given region.
        """
        words = given.text.strip()
        if not words:
            raise InputError("请写明咨询的内容")
        now = self.clock.now()
        due_at = deadline(now, self.settings.answer_days)
        async with self.ledger.writing() as c:
            if not await is_first(c, self.ledger, given.once, now):
                return None
            contact, owner = None, None
            if given.phone is not None:
                contact = (ContactKind.PHONE, given.phone.number)
                first, last = span(given.region_code)
                found = (await whose(c, self.ledger, *contact)).contacts
                owner = next((one for one in found if first <= one.region_code <= last), None)
            region = owner.region_code if owner else given.region_code
            household_id = owner.household_id if owner else None
            asked = Asked(given.kind, given.channel, contact, household_id, region, words, now, due_at)
            inquiry_id = await stored.add_inquiry(c, self.ledger, asked)
            await inquiry_deeds.hand_over(c, inquiry_id, region)
            await audit.append(c, by, "inquiry.add", {"inquiry": inquiry_id}, at=now)
        return inquiry_id

    async def number_of(self, inquiry_id: int, by: str) -> str | None:
        """The phone to call back, in clear and audited; None where none was left. For who answers for it only."""
        async with self.ledger.writing() as c:
            where = await inquiry_deeds.where_to_answer(c, self.ledger, inquiry_id)
            if where is None or not where[1].isdigit():
                return None
            await audit.append(c, by, "inquiry.number", {"inquiry": inquiry_id}, at=self.clock.now())
        return where[1]

    async def answer(self, inquiry_id: int, by: str, words: str, once: str | None = None) -> str:
        """The answer is on record and, where its channel can, sent: sent, pending (tell it otherwise) or unsure.

        It is written as unsure before it leaves, and never sent again by itself; "repeated" for a form that came
        before. What was asked on a farmer's page is pending until the page is opened.
        """
        words = words.strip()
        if not words:
            raise InputError("请写答复内容")
        if len(words) > LONGEST_ANSWER:
            raise InputError(f"答复有 {len(words)} 个字,最多 {LONGEST_ANSWER} 个;请精简或分几次答复")
        async with self.ledger.writing() as c:
            if not await is_first(c, self.ledger, once, self.clock.now()):
                return "repeated"
            where = await inquiry_deeds.where_to_answer(c, self.ledger, inquiry_id)
            sender = self.replies.get(where[0]) if where else None
            deed = Deed(InquiryEvent.ANSWER, by, words, "unsure" if sender else "pending")
            step_id = await self._do(c, inquiry_id, deed)
        if where is None or sender is None:
            return "pending"
        outcome = await sender.reply(where[1], words)
        delivery = "sent" if isinstance(outcome, Accepted) else "unsure" if isinstance(outcome, Unsure) else "pending"
        await inquiry_deeds.mark_delivery(self.ledger, step_id, delivery)
        return delivery

    async def close(self, inquiry_id: int, by: str, remark: str = "") -> None:
        """Settled; without an answer only with a remark."""
        async with self.ledger.writing() as c:
            await self._do(c, inquiry_id, Deed(InquiryEvent.CLOSE, by, remark.strip()))

    async def reopen(self, inquiry_id: int, by: str, remark: str = "") -> None:
        """Not settled after all; it counts as unsettled from now on."""
        async with self.ledger.writing() as c:
            await self._do(c, inquiry_id, Deed(InquiryEvent.REOPEN, by, remark.strip()))

    async def assign(self, inquiry_id: int, by: str, region_code: str) -> None:
        """Another region answers for it from now on."""
        async with self.ledger.writing() as c:
            await inquiry_deeds.hand_over(c, inquiry_id, region_code)
            await self._do(c, inquiry_id, Deed(InquiryEvent.ASSIGN, by, region_code))

    async def _do(self, c: Transaction, inquiry_id: int, deed: Deed) -> int:
        now = self.clock.now()
        step_id = await inquiry_deeds.do_deed(c, self.ledger, inquiry_id, deed, now)
        await audit.append(c, deed.by_user, f"inquiry.{deed.event.value}", {"inquiry": inquiry_id}, at=now)
        return step_id

    async def rate(self, region_code: str, as_of: datetime | None = None) -> Rate:
        """办结率 = settled / received, as they stood at that instant; as of now without."""
        if as_of is None:
            by_kind = await count_now(self.ledger, region_code, self.clock.now())
        else:
            by_kind = await count_settled(self.ledger, region_code, as_of)
        n_received, n_closed = sum(one.n_received for one in by_kind), sum(one.n_closed for one in by_kind)
        n_overdue = sum(one.n_overdue for one in by_kind)
        return Rate(floored(n_closed, n_received), n_received, n_closed, n_overdue, by_kind)
