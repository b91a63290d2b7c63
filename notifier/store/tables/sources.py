"""What watched sites left behind besides benefits: how looks went, versions, undated items and attachments."""

from datetime import date, datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class Look(SQLModel, table=True):
    """How many items a complete look found, of the last looks of each source; what a drift is measured against."""

    source: str = Field(primary_key=True)
    looked_at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    n_listed: int


class ShownText(SQLModel, table=True):
    """The text that a source showed last at an address; `digest` is of source and address."""

    __tablename__ = "shown_text"

    digest: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    benefit_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    text_digest: bytes = Field(sa_column=Column(SEALED, nullable=False))


class BenefitVersion(SQLModel, table=True):
    """A version of a policy's text. `state`: told (it is or was the benefit's), waiting for a person, dismissed."""

    __tablename__ = "benefit_version"

    benefit_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    version: int = Field(primary_key=True)
    source: str
    title: str
    document_number: str | None = None
    published_on: date | None = None
    url: str | None = None
    body: str = Field(default="", sa_type=Text)
    text_digest: bytes = Field(sa_column=Column(SEALED, nullable=False))
    snapshot_id: int | None = Field(default=None, sa_column=Column(BIG))
    found_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    state: str
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(Instant))


_OPEN = "decision IS NULL"


class UndatedItem(SQLModel, table=True):
    """A published item without a date: it tells nobody until a person dates it (dated) or refuses it (refused).

    `identities` are a JSON list; `decision` is also `published` when its page came to say its date.
    """

    __tablename__ = "undated_item"
    __table_args__ = (Index("ix_undated_item_open", "id", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    digest: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    identities: str = Field(sa_type=Text)
    source: str
    region_code: str | None = None
    title: str
    issuer: str | None = None
    document_number: str | None = None
    url: str
    body: str = Field(default="", sa_type=Text)
    snapshot_id: int | None = Field(default=None, sa_column=Column(BIG))
    found_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    decision: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    benefit_id: int | None = Field(default=None, sa_column=Column(BIG))


_DRAFT = "draft = 'waiting'"


class AttachmentRow(SQLModel, table=True):
    """A file that hung on a published page; its bytes are the snapshot, sealed.

    `draft` is waiting, taken or refused for a payment list, None for any other file. Of `benefit_id` and `undated_id`
    one is set.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("benefit_id", "version", "url", "snapshot_id"),
        Index("ix_attachment_undated_id", "undated_id"),
        Index("ix_attachment_draft", "id", sqlite_where=text(_DRAFT), postgresql_where=text(_DRAFT)),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    benefit_id: int | None = Field(default=None, sa_column=Column(BIG))
    undated_id: int | None = Field(default=None, sa_column=Column(BIG))
    version: int = 1
    name: str
    url: str
    kind: str
    n_bytes: int
    n_lines: int = 0
    body: str = Field(default="", sa_type=Text)
    why: str | None = None
    snapshot_id: int = Field(sa_column=Column(BIG, nullable=False))
    draft: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(Instant))
