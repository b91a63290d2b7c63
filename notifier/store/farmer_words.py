"""What a farmer says on their own page: that it was read, that it is not theirs, and what they ask."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.inquiries import INQUIRY_TEXT, InquiryState, deadline
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import ContactKind
from notifier.domain.replies import kind_of
from notifier.store.hearing import disown, whose
from notifier.store.inquiries import PAGE, Asked, add_inquiry
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, move_messages
from notifier.store.reaching import reach_owed
from notifier.store.tables.columns import instant, stamp

_READ = Cause(MessageEvent.DELIVER, "page")
LONGEST_QUESTION = 500
"""Letters of a question; more is not written on a phone by accident."""
_MOST_A_DAY = 10
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the phone or openid that the page was opened for, and their household."""

    kind: ContactKind
    address: str = field(repr=False)
    household_id: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was asked from this address for this household, and the answers to it so far."""

    asked: str = field(repr=False)
    asked_at: datetime
    state_text: str
    due_at: datetime
    answers: Sequence[tuple[datetime, str]] = field(repr=False)


def question(reader: Reader, region_code: str, words: str, now: datetime, answer_days: int) -> Asked:
    """A question from a page as an inquiry. Raises InputError when it is empty."""
    words = words.strip()[:LONGEST_QUESTION]
    if not words:
        raise InputError("请先写下您的问题,再按“提交问题”")
    return Asked(
        kind=kind_of(words),
        channel=PAGE,
        contact=(reader.kind, reader.address),
        household_id=reader.household_id,
        region_code=region_code,
        text=words,
        received_at=now,
        due_at=deadline(now, answer_days),
    )


async def note_read(
    c: AsyncConnection, ledger: Ledger, owed_id: int, message_id: int | None, now: datetime
) -> Sequence[int]:
    """A person says that they know: the household is reached, acknowledged; its message, if any, counts as delivered.

    The owed ids that moved. Safe to repeat.
    """
    if message_id is not None:
        await move_messages(c, ledger, [message_id], _READ, now)
    return await reach_owed(c, ledger, [owed_id], "acknowledged", now)


async def note_not_theirs(c: AsyncConnection, ledger: Ledger, reader: Reader, window: timedelta, now: datetime) -> int:
    """As a text 打错了 from the address: its contacts are wrong, and their households go on. Safe to repeat."""
    return await disown(c, ledger, await whose(c, ledger, reader.kind, reader.address), now - window, now)


async def note_question(c: AsyncConnection, ledger: Ledger, asked: Asked) -> int:
    """The inquiry is open; its number. Raises InputError when the address has asked too often today."""
    if asked.contact is not None:
        hashed = ledger.vault.blind(asked.contact[0].value, asked.contact[1])
        n = await c.execute(
            text("SELECT COUNT(*) FROM inquiry WHERE contact_hash = :hash AND received_at > :since"),
            {"hash": hashed, "since": stamp(asked.received_at - timedelta(days=1))},
        )
        if int(n.scalar_one()) >= _MOST_A_DAY:
            raise InputError("今天提的问题已经很多了;请明天再提,或直接打咨询电话")
    return await add_inquiry(c, ledger, asked)


async def answers_for(c: AsyncConnection, ledger: Ledger, reader: Reader) -> Sequence[Answered]:
    """What was asked from this address for this household, newest first, with the answers; at most ten."""
    vault = ledger.vault
    rows = (
        await c.execute(
            text(
                "SELECT id, text_sealed, received_at, due_at, state FROM inquiry WHERE household_id = :home "
                "AND contact_hash = :hash ORDER BY id DESC LIMIT :most"
            ),
            {"home": reader.household_id, "hash": vault.blind(reader.kind.value, reader.address), "most": _SHOWN},
        )
    ).all()
    steps = await c.execute(
        text(
            "SELECT id, inquiry_id, at, text_sealed FROM inquiry_step WHERE what = 'answer' "
            f"AND {ledger.among('inquiry_id', 'ids')} ORDER BY id"
        ),
        {"ids": ledger.listed([row.id for row in rows])},
    )
    said: dict[int, list[tuple[datetime, str]]] = {}
    for step in steps:
        words = (
            vault.open_text("inquiry_step.text_sealed", step.id, bytes(step.text_sealed)) if step.text_sealed else ""
        )
        said.setdefault(int(step.inquiry_id), []).append((instant(int(step.at)), words))
    return [
        Answered(
            vault.open_text("inquiry.text_sealed", row.id, bytes(row.text_sealed)),
            instant(int(row.received_at)),
            INQUIRY_TEXT[InquiryState(row.state)],
            instant(int(row.due_at)),
            said.get(row.id, ()),
        )
        for row in rows
    ]


async def note_answers_seen(c: AsyncConnection, ledger: Ledger, reader: Reader) -> int:
    """Answers that waited to be told stand on a page that the person has opened: they were told. Safe to repeat."""
    seen = await c.execute(
        text(
            "UPDATE inquiry_step SET delivery = 'seen' WHERE what = 'answer' AND delivery = 'pending' "
            "AND inquiry_id IN (SELECT id FROM inquiry WHERE household_id = :home AND contact_hash = :hash "
            "AND channel = :page)"
        ),
        {
            "home": reader.household_id,
            "hash": ledger.vault.blind(reader.kind.value, reader.address),
            "page": PAGE,
        },
    )
    return int(seen.rowcount)
