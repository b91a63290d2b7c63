"""What rules look at beside the register's own columns: kinds that a county imports, and uploaded lists."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, Instant


class HouseholdAttribute(SQLModel, table=True):
    """How much a household has of a kind that we have no column for (驴, 蜂箱 …), in thousandths; no row is none."""

    __tablename__ = "household_attribute"
    __table_args__ = (Index("ix_household_attribute_kind", "kind"),)

    household_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str = Field(primary_key=True)
    amount: int = Field(sa_column=Column(BIG, nullable=False))


class NameList(SQLModel, table=True):
    """名单: an uploaded list of persons, of whom the matched ones' households are kept. A new upload replaces it."""

    __tablename__ = "name_list"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    name: str = Field(unique=True)
    uploaded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    by_user: str | None = None
    n_rows: int = 0
    n_unmatched: int = 0


class NameListEntry(SQLModel, table=True):
    """A household on a list, by its first row there."""

    __tablename__ = "name_list_entry"
    __table_args__ = (Index("ix_name_list_entry_household", "household_id"),)

    list_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    household_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    row: int
    why: str
