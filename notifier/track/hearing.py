"""What people write back, worked on in the transaction that folds the push: each text once, in the order of saying."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.inquiries import deadline
from notifier.domain.messages import ContactKind, Heard, Medium
from notifier.domain.replies import Meaning, kind_of, meanings
from notifier.domain.settings import Inquiries
from notifier.store import hearing
from notifier.store.consent import Wish
from notifier.store.heard_parts import keep_part, take_joined
from notifier.store.hearing import Address
from notifier.store.inquiries import Asked, add_inquiry
from notifier.store.ledger import Ledger, Transaction

_PARTS_WAIT = timedelta(minutes=10)
_KINDS = {Medium.SMS: ContactKind.PHONE, Medium.WECHAT: ContactKind.OPENID}


@dataclass(frozen=True, slots=True)
class HeardText:
    """A person's text, the gateway and medium that it came by, and the push it was in."""

    push_id: int
    gateway: str
    medium: Medium
    heard: Heard


@dataclass(frozen=True, slots=True)
class Ear:
    """What listening works with: how old a notice may be that a reply is about, and how inquiries are opened."""

    ledger: Ledger
    reply_window: timedelta
    inquiries: Inquiries
    now: datetime


async def listen(c: Transaction, ear: Ear, texts: Sequence[HeardText]) -> int:
    """Each text that was not heard before has done what it means; how many. Empty is fine. Safe to repeat.

    Parts of long texts wait for the others; what is not whole after ten minutes is heard as it is.
    """
    n = 0
    for one in texts:
        if one.heard.part is not None:
            await keep_part(c, ear.ledger, one.gateway, one.push_id, one.heard)
    whole = [one for one in texts if one.heard.part is None]
    whole += [
        HeardText(one.push_id, one.gateway, Medium.SMS, one.heard)
        for one in await take_joined(c, ear.ledger, ear.now - _PARTS_WAIT, ear.now)
    ]
    for one in sorted(whole, key=lambda text: (text.heard.at, text.heard.key)):
        meant = meanings(one.heard.text)
        if await hearing.is_new(c, one.heard.key, one.push_id, meant, ear.now):
            await _heed(c, ear, one, meant)
            n += 1
    return n


async def _heed(c: Transaction, ear: Ear, one: HeardText, meant: frozenset[Meaning]) -> None:
    address = await hearing.whose(c, ear.ledger, _KINDS[one.medium], one.heard.address)
    since = ear.now - ear.reply_window
    for what in sorted(meant & {Meaning.STOP, Meaning.RESUME}):
        # A provider's clock that runs ahead must not outlast what is said later.
        said_at = min(one.heard.at, ear.now)
        wish = Wish(address.kind, address.hashed, what, said_at, one.push_id)
        await hearing.stop_or_resume(c, ear.ledger, address, wish, ear.now)
    if Meaning.ACKNOWLEDGE in meant:
        await hearing.acknowledge(c, ear.ledger, address, since, ear.now)
    if Meaning.WRONG_NUMBER in meant:
        await hearing.disown(c, ear.ledger, address, since, ear.now)
    if Meaning.INQUIRY in meant:
        await _open_inquiry(c, ear, one, address)


async def _open_inquiry(c: Transaction, ear: Ear, one: HeardText, address: Address) -> None:
    owner = next(iter(address.contacts), None)
    received_at = min(one.heard.at, ear.now)
    asked = Asked(
        kind=kind_of(one.heard.text),
        channel=one.gateway,
        contact=(address.kind, one.heard.address),
        household_id=owner.household_id if owner else None,
        region_code=owner.region_code if owner else ear.inquiries.region_code,
        text=one.heard.text,
        received_at=received_at,
        due_at=deadline(received_at, ear.inquiries.answer_days),
    )
    await add_inquiry(c, ear.ledger, asked)
