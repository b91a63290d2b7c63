"""Messages on their way: chunks, attempts, what came back, and the counts kept in step."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, FLAG, SEALED, Instant

_IS_MERGED = "merged_into IS NOT NULL"
_IS_OWED = "subject = 'owed'"


class Message(SQLModel, table=True):
    """owed x person x channel x rung x contact (whose row is the number's version) x retry: told once, ever (P2).

    `person_id` is whose lines are told, `contact_id` whose phone or openid is used, `avoid_gateway` which one
    failed it at the rung before, `merged_into` another message of the chunk whose letter carries this one too. `state`
    is in no index, so that PostgreSQL updates rows in place.
    """

    __table_args__ = (
        UniqueConstraint("owed_id", "person_id", "medium", "step", "contact_id", "retry"),
        Index("ix_message_chunk", "chunk_id"),
        Index("ix_message_merged", "merged_into", sqlite_where=text(_IS_MERGED), postgresql_where=text(_IS_MERGED)),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    owed_id: int = Field(sa_column=Column(BIG, nullable=False))
    campaign_id: int = Field(sa_column=Column(BIG, nullable=False))
    person_id: int = Field(sa_column=Column(BIG, nullable=False))
    contact_id: int = Field(sa_column=Column(BIG, nullable=False))
    medium: str
    step: int
    retry: int = 0
    notice_id: int = Field(sa_column=Column(BIG, nullable=False))
    chunk_id: int = Field(sa_column=Column(BIG, nullable=False))
    region_code: str
    avoid_gateway: str | None = None
    merged_into: int | None = Field(default=None, sa_column=Column(BIG))
    state: str = "ready"
    code: str | None = None
    reason: str | None = None
    state_at: int = Field(sa_column=Column(BIG, nullable=False))


class Chunk(SQLModel, table=True):
    """Up to 1,000 messages of one campaign and medium, claimed together under a lease.

    state: open, sent (every message of it has an answer), swept (its receipt window is over and silence was recorded).
    `asked_at`: when the provider was last asked about its missing receipts. `n_waits`: how often its messages were
    postponed by a gateway or a cap, the first time at `waiting_since`.
    """

    __table_args__ = (Index("ix_chunk_state", "state", "lane", "not_before"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    campaign_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    medium: str
    n_messages: int
    state: str = "open"
    not_before: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    lease_until: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    lease_owner: str | None = None
    sent_at: int | None = Field(default=None, sa_column=Column(BIG))
    lane: int = Field(default=2, sa_column=Column(FLAG, nullable=False, server_default="2"))
    asked_at: int | None = Field(default=None, sa_column=Column(BIG))
    n_waits: int = Field(default=0, sa_column=Column(FLAG, nullable=False, server_default="0"))
    waiting_since: int | None = Field(default=None, sa_column=Column(BIG))


class Attempt(SQLModel, table=True):
    """One call to a gateway, written before the bytes leave. `message_ids` is a JSON array in the order of the call,
    with the messages that travel in another's letter behind.

    `template` is what was said; its variables were filled from the facts of each message's notice. `n_parts`: how many
    receipts make one word about its message, where the provider reports each part of a long text.
    state: sending (after a crash: unsure), settled. `outcome` accepted, refused, postponed, unsure, absent, mixed.
    """

    __table_args__ = (Index("ix_attempt_chunk", "chunk_id"), Index("ix_attempt_ref", "provider_ref"))

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    out_id: str = Field(unique=True)
    chunk_id: int = Field(sa_column=Column(BIG, nullable=False))
    gateway: str
    template: str
    message_ids: str = Field(sa_type=Text)
    state: str = "sending"
    outcome: str | None = None
    code: str | None = None
    provider_ref: str | None = None
    evidence: str | None = None
    n_parts: int = Field(default=1, sa_column=Column(FLAG, nullable=False, server_default="1"))
    started_at: int = Field(sa_column=Column(BIG, nullable=False))
    ended_at: int | None = Field(default=None, sa_column=Column(BIG))


class Part(SQLModel, table=True):
    """A part of a long text with a receipt of its own; the message has arrived when all of its attempt's parts have.

    `delivered` is null until the part's receipt came, then 0 or 1, and never goes back from 1.
    """

    __table_args__ = (Index("ix_part_attempt", "attempt_id"),)

    gateway: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    attempt_id: int = Field(sa_column=Column(BIG, nullable=False))
    delivered: int | None = None
    code: str | None = None
    reason: str | None = None


class UnsureAttempt(SQLModel, table=True):
    """An attempt that waits to be settled; the row goes when it is."""

    __tablename__ = "unsure_attempt"

    attempt_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    ask_at: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    n_asked: int = 0


class Setback(SQLModel, table=True):
    """A message that ended without evidence; its household waits for the next rung. The row goes when that is done.

    `is_corrected`: a number of the household was corrected, and the next try goes to it, however far the ladder is.
    """

    message_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    owed_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    is_corrected: int = Field(default=0, sa_type=FLAG)


class PushRow(SQLModel, table=True):
    """A provider's push as it came, sealed, stored before it is answered. `digest` makes its repeat a no-op.

    `once_digest` is of what its provider uses for one push only: a second push that carries it is not stored.
    """

    __tablename__ = "push"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    gateway: str
    digest: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    once_digest: bytes | None = Field(default=None, sa_column=Column(SEALED, unique=True))
    sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    received_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    folded: int = Field(default=0)
    n_damaged: int = 0


class PushDue(SQLModel, table=True):
    """A push that waits to be folded into message states; the row goes when it is."""

    __tablename__ = "push_due"

    push_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))


class ParkedReceipt(SQLModel, table=True):
    """A receipt for a message that the ledger does not know yet; tried again until its days are over.

    `submitted_at`: when the provider says that it took the message, where its receipts carry nothing of ours.
    """

    __tablename__ = "parked_receipt"
    __table_args__ = (UniqueConstraint("gateway", "out_id", "provider_ref", "address_hash"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    gateway: str
    out_id: str = ""
    provider_ref: str = ""
    address_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    delivered: int
    code: str
    reason: str | None = None
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    parked_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    submitted_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class DirectAttempt(SQLModel, table=True):
    """One call with a text outside of every campaign (a login code, an answer, a trial), written before it leaves.

    What it said is not kept, and its address only as a hash. state: sending (after a crash: unsure), settled; left (for
    the process that has the gateway, with what is to be sent in `sealed`), taken.
    `delivered` is null until a receipt came, then 0 or 1, and never goes back from 1.
    """

    __tablename__ = "direct_attempt"
    __table_args__ = (Index("ix_direct_attempt_ref", "provider_ref"), Index("ix_direct_attempt_state", "state"))

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    out_id: str = Field(unique=True)
    kind: str
    by_user: str = ""
    address_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    gateway: str
    template: str
    state: str = "sending"
    outcome: str | None = None
    code: str | None = None
    provider_ref: str | None = None
    delivered: int | None = None
    receipt_code: str | None = None
    sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    started_at: int = Field(sa_column=Column(BIG, nullable=False))
    ended_at: int | None = Field(default=None, sa_column=Column(BIG))


class Tally(SQLModel, table=True):
    """Counts kept in step with every batch, by the state that rows are in now and the day they entered it.

    subject: owed or message; `medium` is "" for owed; `detail` the reason or level, "" when there is none; `on_day`
    counts days since 1970-01-01 in Asia/Shanghai.
    """

    __table_args__ = (
        # Each campaign's figures, added up in the index alone.
        Index(
            "ix_tally_owed",
            *("campaign_id", "state", "detail", "region_code", "n"),
            sqlite_where=text(_IS_OWED),
            postgresql_where=text(_IS_OWED),
        ),
    )

    campaign_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    region_code: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    medium: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    detail: str = Field(primary_key=True)
    on_day: int = Field(primary_key=True)
    n: int = 0
