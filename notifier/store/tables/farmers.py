"""What farmers and village officers leave: photos of visits, forms that were worked on, and what binding takes."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class VisitPhoto(SQLModel, table=True):
    """A picture of a visit (JPEG without its camera's notes), sealed; purged after its days."""

    __tablename__ = "visit_photo"

    visit_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    by_user: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))
    photo_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))


class FormDone(SQLModel, table=True):
    """A form that was worked on, by the hash of its own token: sent again it does nothing. Forgotten after days."""

    __tablename__ = "form_done"

    token_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))


class BindingAttempt(SQLModel, table=True):
    """What an openid, by its hash, tried while binding; too much in a day ends it for the day. what: code, wrong."""

    __tablename__ = "binding_attempt"
    __table_args__ = (Index("ix_binding_attempt_address", "address_hash", "at"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    address_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    what: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Greeting(SQLModel, table=True):
    """Somebody followed the account and is still to be told how to bind themselves; gone once they are, or too late."""

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    address_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    openid_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
