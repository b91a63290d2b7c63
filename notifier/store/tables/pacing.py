"""What holds all processes back together: a gateway's budget, and what each number was sent and found to be."""

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED


class GatewayBudget(SQLModel, table=True):
    """When a gateway may have its next message and its next segment; whoever takes some moves both on."""

    __tablename__ = "gateway_budget"

    gateway: str = Field(primary_key=True)
    message_from: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    segment_from: int = Field(default=0, sa_column=Column(BIG, nullable=False))


class NumberSent(SQLModel, table=True):
    """A message that left, for the caps of its number; the row goes after a day."""

    __tablename__ = "number_sent"
    __table_args__ = ({"sqlite_with_rowid": False},)

    address_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    gateway: str = Field(primary_key=True)
    message_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    template: str
    sent_at: int = Field(sa_column=Column(BIG, nullable=False))


class NumberVerdict(SQLModel, table=True):
    """A day (since 1970-01-01 in Asia/Shanghai) on which a number was said not to exist."""

    __tablename__ = "number_verdict"

    address_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    on_day: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    code: str
