"""Users, the audit trail, the clock's ticks and small shared things."""

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class User(SQLModel, table=True):
    """A person who works here. role: administrator, reviewer, officer, official, auditor, operator.

    `n_failures` counts wrong passwords since the last right one; no login is looked at before `locked_until`.
    `must_change`: the password was chosen by somebody else.
    """

    __tablename__ = "account"

    name: str = Field(primary_key=True)
    password_hash: str
    role: str
    region_code: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    is_disabled: int = 0
    n_failures: int = 0
    locked_until: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    must_change: int = 0


class AuditEntry(SQLModel, table=True):
    """Who did what, hash-chained: `hash` covers the row and `previous_hash`."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_who", "who", "id"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    who: str
    what: str
    detail: str = Field(default="{}", sa_type=Text)
    previous_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    hash: bytes = Field(sa_column=Column(SEALED, nullable=False))


class Tick(SQLModel, table=True):
    """Who inserts (job, slot) fires it; everybody else does nothing."""

    job: str = Field(primary_key=True)
    slot: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))


class Token(SQLModel, table=True):
    """A provider's access token, shared by every process. `refreshing_until` is the lease of the one who refreshes."""

    key: str = Field(primary_key=True)
    sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    expires_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    refreshing_until: int = Field(default=0, sa_column=Column(BIG, nullable=False))


class AccountLease(SQLModel, table=True):
    """Which process has what only one may use at a time, such as the connections of a gateway account, until when."""

    __tablename__ = "account_lease"

    name: str = Field(primary_key=True)
    owner: str
    until: int = Field(sa_column=Column(BIG, nullable=False))


class Counter(SQLModel, table=True):
    """The next free id of a table; blocks are taken by adding to it."""

    name: str = Field(primary_key=True)
    next_id: int = Field(sa_column=Column(BIG, nullable=False))
