"""Shares of gateways, their history, and what was learned of numbers' operators."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class GatewayShare(SQLModel, table=True):
    """A gateway's state (domain.gateway_state); one that has no row yet has its share at rest from the settings."""

    __tablename__ = "gateway_share"

    gateway: str = Field(primary_key=True)
    medium: str
    share: int
    rest: int
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    open_since: datetime | None = Field(default=None, sa_column=Column(Instant))
    probe_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class GatewayChangeRow(SQLModel, table=True):
    """Why a gateway's state became what it was from then on; only ever appended. `by_user`: "" for the service."""

    __tablename__ = "gateway_change"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    gateway: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    share: int
    rest: int
    is_open: int
    why: str
    by_user: str = ""


class OperatorHint(SQLModel, table=True):
    """A number that is not with its prefix's operator any more; `operator` is null while nobody knows whose it is."""

    __tablename__ = "operator_hint"

    phone_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    operator: str | None = None
    learned_at: datetime = Field(sa_column=Column(Instant, nullable=False))
