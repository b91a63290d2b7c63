"""What happens to disbursements and their lines after they came in: filing steps, corrections, signed pushes."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, FLAG, SEALED, Instant, Mu


class FilingStep(SQLModel, table=True):
    """备案, 审核 or 退回整改 of a project by one level. deed: file, audit, return. `who` is a user, or source:NAME."""

    __tablename__ = "filing_step"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    benefit_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    deed: str
    level: str
    who: str
    remark: str | None = Field(default=None, sa_type=Text)
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class PaymentChange(SQLModel, table=True):
    """A line whose list was issued again with other figures: what stood there before and what stands there since.

    `version` is the benefit's since then. `was_told` 1: its household had been told, and `said_…` is what it was told
    last; the correction of `tell_version` tells it.
    """

    __tablename__ = "payment_change"
    __table_args__ = (
        UniqueConstraint("payment_id", "version"),
        Index("ix_payment_change_telling", "benefit_id", "tell_version"),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    benefit_id: int = Field(sa_column=Column(BIG, nullable=False))
    version: int
    payment_id: int = Field(sa_column=Column(BIG, nullable=False))
    old_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    old_area_mu: Decimal | None = Field(default=None, sa_column=Column(Mu))
    new_area_mu: Decimal | None = Field(default=None, sa_column=Column(Mu))
    old_standard_fen: int | None = Field(default=None, sa_column=Column(BIG))
    new_standard_fen: int | None = Field(default=None, sa_column=Column(BIG))
    old_amount_fen: int | None = Field(default=None, sa_column=Column(BIG))
    new_amount_fen: int | None = Field(default=None, sa_column=Column(BIG))
    old_quantity_text: str | None = None
    new_quantity_text: str | None = None
    was_told: int = Field(default=0, sa_column=Column(FLAG, nullable=False))
    said_amount_fen: int | None = Field(default=None, sa_column=Column(BIG))
    said_quantity_text: str | None = None
    tell_version: int
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class PaymentPush(SQLModel, table=True):
    """A signed push that was answered: the same nonce again gets the same answer, and never does anything twice."""

    __tablename__ = "payment_push"

    source: str = Field(primary_key=True)
    nonce: str = Field(primary_key=True)
    body_digest: bytes = Field(sa_column=Column(SEALED, nullable=False))
    answer: str = Field(sa_type=Text)
    received_at: datetime = Field(sa_column=Column(Instant, nullable=False))
