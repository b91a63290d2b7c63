"""Campaigns, their reviews and texts, and the denominator: one owed row a household."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant

PURPOSE = "tell"
"""Why a household is told: `tell` for a policy; for a disbursement the state of its lines, paid, goods or returned,
each a campaign of its own, since each says another thing and a household can have all three."""


class Campaign(SQLModel, table=True):
    """通知任务: one benefit version told for one purpose. `rule` and `evidence` are JSON (None for a disbursement).

    `emergency_by` is who permitted it to go out at any hour. `notice_kind` None is what kind and purpose say;
    `gateways` and `review_levels` are comma lists, empty where any will do; `content_hash` seals what was approved.
    """

    __table_args__ = (UniqueConstraint("benefit_id", "benefit_version", "purpose"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    benefit_id: int = Field(sa_column=Column(BIG, nullable=False))
    benefit_version: int = 1
    purpose: str = PURPOSE
    kind: str
    title: str
    topic: str | None = None
    rule: str | None = Field(default=None, sa_type=Text)
    rule_text: str | None = Field(default=None, sa_type=Text)
    evidence: str = Field(default="[]", sa_type=Text)
    confidence: int = 0
    summary: str = Field(default="", sa_type=Text)
    ladder: str
    region_code: str | None = None
    state: str = "draft"
    reviews_needed: int = 0
    created_by: str = "system"
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    launched_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    planned_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    composed_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    finished_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    paused_why: str | None = None
    emergency_by: str | None = None
    notice_kind: str | None = None
    free_text: str | None = Field(default=None, sa_type=Text)
    gateways: str | None = None
    review_levels: str | None = None
    scheduled_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    content_hash: bytes | None = Field(default=None, sa_column=Column(SEALED))


class Review(SQLModel, table=True):
    """One decision of one person on a campaign. verdict: approve or return; `level` is the one they decided for."""

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    campaign_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    reviewer: str
    verdict: str
    remark: str | None = None
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    level: str | None = None


class Notice(SQLModel, table=True):
    """What a message says before a gateway's text says it: facts, sealed. A policy's messages share one.

    kind: policy, paid, goods, returned. `n_segments` is what the longest of the SMS gateways' texts is billed as.
    """

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    campaign_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    kind: str
    facts_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    n_segments: int = 1


class Owed(SQLModel, table=True):
    """The denominator (P1): this household must be told. `why` says in Chinese how it matched.

    `composed_step` is -1 until its first rung was composed, then 0; `level` is None until reached. `retry` counts the
    recorded retries after a mended reason (None: none); a policy's messages carry it.
    """

    __table_args__ = (
        UniqueConstraint("campaign_id", "household_id"),
        Index("ix_owed_household", "household_id"),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    campaign_id: int = Field(sa_column=Column(BIG, nullable=False))
    household_id: int = Field(sa_column=Column(BIG, nullable=False))
    region_code: str
    why: str
    state: str = "pending"
    level: str | None = None
    reason: str | None = None
    composed_step: int = -1
    state_at: int = Field(sa_column=Column(BIG, nullable=False))
    retry: int | None = None


_WAITS = "state IN ('open', 'excuse_asked')"


class Visit(SQLModel, table=True):
    """入户确认: a person must go. state: open, signed, excuse_asked, excused, overtaken (a late receipt came first)."""

    __table_args__ = (
        UniqueConstraint("owed_id"),
        # A small one over what waits, among years of what is done.
        Index("ix_visit_waits", "region_code", sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    owed_id: int = Field(sa_column=Column(BIG, nullable=False))
    region_code: str = Field(index=True)
    reason: str
    state: str = "open"
    opened_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    visited_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    by_user: str | None = None
    how: str | None = None
    remark: str | None = None
    excuse: str | None = None
    confirmed_by: str | None = None
