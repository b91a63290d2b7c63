"""Inquiries in the ledger: opened, worked on step by step, counted. Texts and contacts are sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.free_text import masked
from notifier.domain.identity import mask_phone
from notifier.domain.inquiries import INQUIRY_TEXT, InquiryEvent, InquiryState
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


@dataclass(frozen=True, slots=True)
class Sift:
    """Which inquiries of a list: those that wait, or the `settled`; of one kind, or due before an instant only."""

    settled: bool = False
    kind: str = ""
    due_before: datetime | None = None


async def list_inquiries(
    ledger: Ledger, region_code: str, sift: Sift | None = None, *, after: int = 0, most: int = 50
) -> list[InquiryRow]:
    """Up to `most` inquiries that the region answers for, by id from the one behind `after`, with their steps.

    Those that wait unless `sift` says otherwise; empty when there is none.
    """
    first, last = span(region_code)
    wanted = sift or Sift()
    bound: dict[str, Any] = {"after": after, "first": first, "last": last, "most": most, "kind": wanted.kind}
    more = " AND (CAST(:kind AS VARCHAR) = '' OR kind = :kind)"
    if wanted.due_before is not None:
        more, bound["due"] = f"{more} AND due_at < :due", stamp(wanted.due_before)
    async with ledger.reading() as c:
        sql = (
            f"SELECT * FROM inquiry WHERE state {'=' if wanted.settled else '<>'} 'closed' AND id > :after "
            f"AND region_code BETWEEN :first AND :last{more} ORDER BY id LIMIT :most"
        )
        rows = (await c.execute(text(sql), bound)).all()
        names = await _names(c, ledger, [row.household_id for row in rows if row.household_id is not None])
        steps = await _steps(c, ledger, [row.id for row in rows])
    return [_row(ledger, row, names.get(row.household_id, ()), steps.get(row.id, ())) for row in rows]


async def one_inquiry(ledger: Ledger, inquiry_id: int) -> InquiryRow | None:
    """The inquiry with its steps; None when there is no such inquiry."""
    async with ledger.reading() as c:
        row = (await c.execute(text("SELECT * FROM inquiry WHERE id = :id"), {"id": inquiry_id})).one_or_none()
        if row is None:
            return None
        names = await _names(c, ledger, [row.household_id] if row.household_id is not None else [])
        steps = await _steps(c, ledger, [inquiry_id])
    return _row(ledger, row, names.get(row.household_id, ()), steps.get(inquiry_id, ()))


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
        step = Step(row.what, row.by_user, instant(row.at), _shown(row.what, said), row.delivery)
        found.setdefault(row.inquiry_id, []).append(step)
    return found


def _shown(what: str, said: str, names: Sequence[str] = ()) -> str:
    """The words of a step, masked; of an assignment they are a region's code, which only looks like a number."""
    return said if what == InquiryEvent.ASSIGN.value else masked(said, names)


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
        [replace(step, text=_shown(step.what, step.text, names)) for step in steps],
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
