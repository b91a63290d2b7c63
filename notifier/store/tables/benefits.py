"""Sources, what they showed, benefits and payment lines."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Column, Index, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant, Mu


class WatchedSource(SQLModel, table=True):
    """A source's memory and health. `baseline_at` is None until its first complete look.

    `state` is a domain SourceState; `complete_at` the last look that lacked nothing, `error_at` the last that did.
    """

    __tablename__ = "source"

    name: str = Field(primary_key=True)
    baseline_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    looked_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    new_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    last_error: str | None = None
    memory: str = Field(default="{}", sa_type=Text)
    state: str = Field(default="well", sa_column=Column(String, nullable=False, server_default="well"))
    complete_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    error_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    drift: str | None = None
    not_before: datetime | None = Field(default=None, sa_column=Column(Instant))


class Snapshot(SQLModel, table=True):
    """The raw thing as it was found, sealed; kept as proof for its days, then None, and only its digest stays."""

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    source: str
    digest: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    taken_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    raw_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))


class Identity(SQLModel, table=True):
    """A stable key of something seen. `benefit_id` is None for what the baseline silently swallowed."""

    digest: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    source: str
    benefit_id: int | None = Field(default=None, sa_column=Column(BIG, index=True))
    seen_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Benefit(SQLModel, table=True):
    """惠农事项: a policy or a disbursement, whose `filed` and `audit` (备案, 审核) gate its campaign."""

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str
    version: int = 1
    source: str
    snapshot_id: int | None = Field(default=None, sa_column=Column(BIG))
    title: str
    region_code: str | None = None
    found_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    # policy
    issuer: str | None = None
    document_number: str | None = None
    published_on: date | None = None
    url: str | None = None
    body: str = Field(default="", sa_type=Text)
    # disbursement
    item: str | None = None
    period: str | None = None
    filing_number: str | None = None
    filed: str = Field(default="none", sa_column=Column(String, nullable=False, server_default="none"))
    audit: str = "none"
    basis: str | None = None
    n_lines: int = 0
    n_rejected: int = 0


_NEW = "match_state = 'new'"
_QUEUED = "match_state = 'ambiguous' OR match_state = 'unknown'"


class Payment(SQLModel, table=True):
    """One line of a disbursement. `line_hash` makes a re-import a no-op; a match says whom, how surely and why.

    match_state: new, matched, ambiguous, unknown, refused (a person decided that it is nobody of the county), repeated
    (another batch has the same line; told to nobody until a person says that both are meant).
    `told_person_id` and `told_retry` say in whose messages of which retry the line is told; None until composed.
    """

    __table_args__ = (
        UniqueConstraint("benefit_id", "line_hash"),
        # Small ones over what waits: for the next matching, and for a person.
        Index("ix_payment_new", "benefit_id", sqlite_where=text(_NEW), postgresql_where=text(_NEW)),
        Index("ix_payment_queue", "id", sqlite_where=text(_QUEUED), postgresql_where=text(_QUEUED)),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    benefit_id: int = Field(sa_column=Column(BIG, nullable=False))
    line_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    sheet: str
    row: int
    beneficiary_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    holder_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    id_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    name_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    id_hash: bytes | None = Field(default=None, sa_column=Column(SEALED))
    account_hash: bytes | None = Field(default=None, sa_column=Column(SEALED))
    village: str | None = None
    group_name: str | None = None
    area_mu: Decimal | None = Field(default=None, sa_column=Column(Mu))
    standard_fen: int | None = Field(default=None, sa_column=Column(BIG))
    amount_fen: int | None = Field(default=None, sa_column=Column(BIG))
    period: str | None = None
    state: str = "paid"
    returned_why: str | None = None
    goods: str | None = None
    quantity_text: str | None = None
    unit: str | None = None
    pick_up: str | None = None
    match_state: str = Field(default="new")
    household_id: int | None = Field(default=None, sa_column=Column(BIG, index=True))
    person_id: int | None = Field(default=None, sa_column=Column(BIG))
    confidence: int = 0
    match_why: str | None = None
    told_person_id: int | None = Field(default=None, sa_column=Column(BIG))
    told_retry: int | None = None
