"""What people write back: what they consent to, numbers to correct, and inquiries."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class HeardText(SQLModel, table=True):
    """A text that was worked on; the provider's `key` makes its repeats a no-op. `meanings` joined by commas."""

    __tablename__ = "heard_text"

    key: str = Field(primary_key=True)
    push_id: int = Field(sa_column=Column(BIG, nullable=False))
    meanings: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))


class HeardPart(SQLModel, table=True):
    """A part of a long text that waits, sealed, for the others; the row goes when they are joined or given up."""

    __tablename__ = "heard_part"

    gateway: str = Field(primary_key=True)
    address_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    reference: int = Field(primary_key=True)
    total: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    id: int = Field(sa_column=Column(BIG, nullable=False, unique=True))
    key: str
    push_id: int = Field(sa_column=Column(BIG, nullable=False))
    sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ConsentEntry(SQLModel, table=True):
    """Who stopped or resumed policy broadcasts to an address, when, and by which push; only ever appended.

    what: stop, resume. The latest entry of an address and topic holds, also for whoever is registered with it later.
    `ended_at` is when nobody was registered with it any more; the law's months run from then.
    """

    __tablename__ = "consent_entry"
    __table_args__ = (Index("ix_consent_entry_address", "address_hash", "topic"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str
    address_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    contact_id: int | None = Field(default=None, sa_column=Column(BIG))
    person_id: int | None = Field(default=None, sa_column=Column(BIG))
    household_id: int | None = Field(default=None, sa_column=Column(BIG))
    topic: str = "policy"
    what: str
    push_id: int = Field(sa_column=Column(BIG, nullable=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class CorrectionTask(SQLModel, table=True):
    """A number that the village which owns the record must correct. reason: wrong_number, dead_number.

    state: open, closed (corrected), dismissed (the number is right after all).
    """

    __tablename__ = "correction_task"
    __table_args__ = (Index("ix_correction_task_region", "region_code", "state"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    contact_id: int = Field(sa_column=Column(BIG, nullable=False, unique=True))
    person_id: int = Field(sa_column=Column(BIG, nullable=False))
    household_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    region_code: str
    reason: str
    state: str = "open"
    opened_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class Inquiry(SQLModel, table=True):
    """咨询, 投诉 or 建议. `channel` is the gateway it came by, or 电话, 窗口 …; `region_code` answers for it."""

    __table_args__ = (Index("ix_inquiry_region", "region_code", "state"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str
    channel: str
    contact_hash: bytes | None = Field(default=None, sa_column=Column(SEALED))
    contact_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    household_id: int | None = Field(default=None, sa_column=Column(BIG, index=True))
    region_code: str
    text_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    state: str = "open"
    received_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    due_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class InquiryStep(SQLModel, table=True):
    """What was done about an inquiry; only ever appended. what: answer, close, reopen, assign.

    `delivery` of an answer: sent, pending (the channel could not; to be told otherwise), unsure; "" of other steps.
    """

    __tablename__ = "inquiry_step"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    inquiry_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    what: str
    by_user: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    text_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    delivery: str = ""
