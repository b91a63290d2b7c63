"""Inquiries in the ledger: opened, worked on step by step, counted. Texts and contacts are sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError, TransitionError
from notifier.domain.free_text import masked
from notifier.domain.identity import mask_phone
from notifier.domain.inquiries import INQUIRY, INQUIRY_TEXT, InquiryEvent, InquiryState
from notifier.domain.lifecycle import after
from notifier.domain.messages import ContactKind
from notifier.domain.regions import span
from notifier.domain.replies import InquiryKind
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

PAGE = "网页"
"""The channel of what was asked on a farmer's own page."""
_LONGEST = 2000
"""Letters of an inquiry that are kept; WeChat allows as many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A new inquiry. `channel` is the gateway it came by, or a person's word (电话 …), `contact` where from."""

    kind: InquiryKind
    channel: str
    contact: tuple[ContactKind, str] | None = field(repr=False)
    household_id: int | None
    region_code: str
    text: str = field(repr=False)
    received_at: datetime
    due_at: datetime


async def add_inquiry(c: AsyncConnection, ledger: Ledger, asked: Asked) -> int:
    """The inquiry is open; its id."""
    (inquiry_id,) = await take_ids(c, "inquiry", 1)
    vault, contact = ledger.vault, asked.contact
    await c.execute(
        text(
            "INSERT INTO inquiry (id, kind, channel, contact_hash, contact_sealed, household_id, region_code, "
            "text_sealed, state, received_at, due_at) VALUES (:id, :kind, :channel, :hash, :contact, :household, "
            ":region, :text, 'open', :at, :due)"
        ),
        {
            "id": inquiry_id,
            "kind": asked.kind.value,
            "channel": asked.channel,
            "hash": vault.blind(contact[0].value, contact[1]) if contact else None,
            "contact": vault.seal_text("inquiry.contact_sealed", inquiry_id, contact[1]) if contact else None,
            "household": asked.household_id,
            "region": asked.region_code,
            "text": vault.seal_text("inquiry.text_sealed", inquiry_id, asked.text[:_LONGEST]),
            "at": stamp(asked.received_at),
            "due": stamp(asked.due_at),
        },
    )
    return inquiry_id


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done about an inquiry; `text` masked, "" when nothing was said."""

    what: str
    by_user: str
    at: datetime
    text: str = field(repr=False)
    delivery: str


@dataclass(frozen=True, slots=True)
class InquiryRow:
    """An inquiry as the console shows it: numbers and the household's names are masked."""

    inquiry_id: int
    kind: str
    channel: str
    contact: str = field(repr=False)
    household_id: int | None
    region_code: str
    text: str = field(repr=False)
    state: InquiryState
    received_at: datetime
    due_at: datetime
    steps: Sequence[Step] = ()

    @property
    def state_text(self) -> str:
        """The state in Chinese."""
        return INQUIRY_TEXT[self.state]


async def list_inquiries(
    ledger: Ledger, region_code: str, *, settled: bool = False, after: int = 0, most: int = 50
) -> list[InquiryRow]:
    """Up to `most` inquiries that the region answers for, by id from the one behind `after`, with their steps.

    Those that wait, or with `settled` the closed ones; empty when there is none.
    """
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = (
            await c.execute(
                text(
                    f"SELECT * FROM inquiry WHERE state {'=' if settled else '<>'} 'closed' AND id > :after "
                    "AND region_code BETWEEN :first AND :last ORDER BY id LIMIT :most"
                ),
                {"after": after, "first": first, "last": last, "most": most},
            )
        ).all()
        names = await _names(c, ledger, [row.household_id for row in rows if row.household_id is not None])
        steps = await _steps(c, ledger, [row.id for row in rows])
    return [_row(ledger, row, names.get(row.household_id, ()), steps.get(row.id, ())) for row in rows]


async def _names(c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    rows = await c.execute(
        text(f"SELECT id, household_id, name_sealed FROM person WHERE {ledger.among('household_id', 'ids')}"),
        {"ids": ledger.listed(sorted(set(household_ids)))},
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        name = ledger.vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed))
        found.setdefault(row.household_id, []).append(name)
    return found


async def _steps(c: AsyncConnection, ledger: Ledger, inquiry_ids: Sequence[int]) -> Mapping[int, Sequence[Step]]:
    rows = await c.execute(
        text(f"SELECT * FROM inquiry_step WHERE {ledger.among('inquiry_id', 'ids')} ORDER BY id"),
        {"ids": ledger.listed(inquiry_ids)},
    )
    found: dict[int, list[Step]] = {}
    for row in rows:
        said = "" if row.text_sealed is None else _opened(ledger, "inquiry_step", row.id, row.text_sealed)
        step = Step(row.what, row.by_user, instant(row.at), masked(said), row.delivery)
        found.setdefault(row.inquiry_id, []).append(step)
    return found


def _opened(ledger: Ledger, table: str, row_id: int, sealed: bytes) -> str:
    return ledger.vault.open_text(f"{table}.text_sealed", row_id, bytes(sealed))


def _row(ledger: Ledger, row: Any, names: Sequence[str], steps: Sequence[Step]) -> InquiryRow:
    return InquiryRow(
        row.id,
        row.kind,
        row.channel,
        _contact(ledger, row),
        row.household_id,
        row.region_code,
        masked(_opened(ledger, "inquiry", row.id, row.text_sealed), names),
        InquiryState(row.state),
        instant(row.received_at),
        instant(row.due_at),
        [replace(step, text=masked(step.text, names)) for step in steps],
    )


def _contact(ledger: Ledger, row: Any) -> str:
    if row.contact_sealed is None:
        return "未留联系方式"
    value = ledger.vault.open_text("inquiry.contact_sealed", row.id, bytes(row.contact_sealed))
    return mask_phone(value) if value.isdigit() else "微信"


async def region_of_inquiry(ledger: Ledger, inquiry_id: int) -> str | None:
    """The region that answers for an inquiry; None when there is no such inquiry."""
    async with ledger.reading() as c:
        found = await c.execute(text("SELECT region_code FROM inquiry WHERE id = :id"), {"id": inquiry_id})
        code: str | None = found.scalar()
    return code


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person does about an inquiry; `text` may be an answer, a remark, or nothing."""

    event: InquiryEvent
    by_user: str
    text: str = field(default="", repr=False)
    delivery: str = ""


async def do_deed(c: AsyncConnection, ledger: Ledger, inquiry_id: int, deed: Deed, now: datetime) -> int:
    """The step is on record and the inquiry in its next state; the step's id.

    Raises InputError (Chinese) for no such inquiry, or one whose state does not allow it.
    """
    # An update that changes nothing is a row lock: two people decide one after the other.
    row = (
        await c.execute(text("UPDATE inquiry SET state = state WHERE id = :id RETURNING state"), {"id": inquiry_id})
    ).one_or_none()
    if row is None:
        raise InputError(f"没有编号为 {inquiry_id} 的咨询;请刷新后重新选择")
    before = InquiryState(row.state)
    try:
        then = after(INQUIRY, before, deed.event)
    except TransitionError:
        raise InputError(f"{inquiry_id} 号咨询现在是“{INQUIRY_TEXT[before]}”,不能这样操作;请刷新后再试") from None
    if deed.event is InquiryEvent.CLOSE and before is not InquiryState.ANSWERED and not deed.text:
        raise InputError("还没有答复就办结,请写明原因,如:重复来信、已当面解释")
    await c.execute(text("UPDATE inquiry SET state = :then WHERE id = :id"), {"then": then.value, "id": inquiry_id})
    (step_id,) = await take_ids(c, "inquiry_step", 1)
    await c.execute(
        text(
            "INSERT INTO inquiry_step (id, inquiry_id, what, by_user, at, text_sealed, delivery) "
            "VALUES (:id, :inquiry, :what, :by, :now, :text, :delivery)"
        ),
        {
            "id": step_id,
            "inquiry": inquiry_id,
            "what": deed.event.value,
            "by": deed.by_user,
            "now": stamp(now),
            "text": ledger.vault.seal_text("inquiry_step.text_sealed", step_id, deed.text) if deed.text else None,
            "delivery": deed.delivery,
        },
    )
    return step_id


async def hand_over(c: AsyncConnection, inquiry_id: int, region_code: str) -> None:
    """Another region answers for the inquiry. Raises InputError when there is no such region."""
    known = await c.execute(text("SELECT 1 FROM region WHERE code = :code"), {"code": region_code})
    if known.first() is None:
        raise InputError(f"没有代码为 {region_code} 的行政区划;请从区划表中选择")
    await c.execute(
        text("UPDATE inquiry SET region_code = :code WHERE id = :id"), {"code": region_code, "id": inquiry_id}
    )


async def mark_delivery(ledger: Ledger, step_id: int, delivery: str) -> None:
    """How an answer got to the person: sent, pending or unsure."""
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE inquiry_step SET delivery = :delivery WHERE id = :id"), {"delivery": delivery, "id": step_id}
        )


async def where_to_answer(c: AsyncConnection, ledger: Ledger, inquiry_id: int) -> tuple[str, str] | None:
    """(channel, address) of an inquiry; None when there is no address. The address is personal data: only to send."""
    row = (
        await c.execute(text("SELECT channel, contact_sealed FROM inquiry WHERE id = :id"), {"id": inquiry_id})
    ).one_or_none()
    if row is None or row.contact_sealed is None:
        return None
    return row.channel, ledger.vault.open_text("inquiry.contact_sealed", inquiry_id, bytes(row.contact_sealed))


@dataclass(frozen=True, slots=True)
class Settled:
    """Of one kind of inquiry at an instant: how many had come, were settled, and were late."""

    kind: str
    n_received: int
    n_closed: int
    n_overdue: int


async def count_settled(ledger: Ledger, region_code: str, as_of: datetime) -> list[Settled]:
    """The inquiries of a region by kind, as they stood at that instant; a kind that never came is not there."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT x.kind, COUNT(*) AS n, SUM(x.is_closed) AS closed, "
                "SUM(CASE WHEN x.is_closed = 0 AND x.due_at < :at THEN 1 ELSE 0 END) AS overdue FROM ("
                "SELECT i.kind, i.due_at, CASE WHEN (SELECT s.what FROM inquiry_step s WHERE s.inquiry_id = i.id "
                "AND s.what IN ('close', 'reopen') AND s.at <= :at ORDER BY s.id DESC LIMIT 1) = 'close' "
                "THEN 1 ELSE 0 END AS is_closed FROM inquiry i WHERE i.received_at <= :at "
                "AND i.region_code BETWEEN :first AND :last) x GROUP BY x.kind ORDER BY x.kind"
            ),
            {"at": stamp(as_of), "first": first, "last": last},
        )
        return [Settled(row.kind, int(row.n), int(row.closed), int(row.overdue)) for row in rows]
