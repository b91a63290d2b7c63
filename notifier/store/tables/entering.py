"""How people and systems prove who they are: factors, sessions, codes, keys; and what the operators are told."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class Factor(SQLModel, table=True):
    """What an account has besides its password. kind: totp, phone, openid; it counts once `verified_at` is set.

    `value_hash` finds a phone or openid; `last_step` is the newest 30-second step whose one-time password was used.
    """

    __table_args__ = (UniqueConstraint("name", "kind", name="uq_factor"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    name: str
    kind: str
    value_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    value_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    verified_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    last_step: int = Field(default=0, sa_column=Column(BIG, nullable=False))


class RecoveryCode(SQLModel, table=True):
    """A code that replaces one one-time password, once."""

    __tablename__ = "recovery_code"

    code_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    name: str = Field(index=True)
    used_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class AccountSession(SQLModel, table=True):
    """One login. `agent` is browser and system in a few words; it is over at `ended_at`, or when it is too old."""

    __tablename__ = "account_session"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    token_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    name: str = Field(index=True)
    began_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    seen_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    agent: str = ""
    address_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))


class SourceTry(SQLModel, table=True):
    """Failed logins from one address in one slot of time."""

    __tablename__ = "source_try"

    source_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    slot: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    n: int = 0


class VerificationCode(SQLModel, table=True):
    """A code that was texted to a phone. Only hashes: neither phone, asker nor code can be read from it."""

    __tablename__ = "verification_code"
    __table_args__ = (Index("ix_verification_code_phone", "phone_hash", "sent_at"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    purpose: str
    phone_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    asker_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, index=True))
    source_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, index=True))
    code_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    sent_at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    n_tries: int = 0
    used_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class ApiKey(SQLModel, table=True):
    """A system's key. `permissions` are separated by blanks; `hint` is the beginning of the key, for people."""

    __tablename__ = "api_key"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    title: str
    hint: str
    key_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    permissions: str
    region_code: str = Field(max_length=12)
    created_by: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    used_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class Alert(SQLModel, table=True):
    """Something that operators must know. `subject` is what it is about; no two of one subject are open."""

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    subject: str = Field(index=True)
    title: str
    says: str = Field(sa_type=Text)
    region_code: str = Field(max_length=12)
    raised_at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))
    told_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class AlertLetter(SQLModel, table=True):
    """One alert to one user by one way. state: ready, sending, accepted, refused, unsure. Written before it is sent."""

    __tablename__ = "alert_letter"
    __table_args__ = (Index("ix_alert_letter_name", "name", "sent_at"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    alert_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    name: str
    medium: str
    state: str = "ready"
    code: str = ""
    sent_at: datetime | None = Field(default=None, sa_column=Column(Instant))
