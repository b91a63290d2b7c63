"""What helps payment lines to find their persons: old names of villages, and what people decided."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class RegionAlias(SQLModel, table=True):
    """A name that a region had, or is called by, as texts write it without blanks."""

    __tablename__ = "region_alias"

    alias: str = Field(primary_key=True)
    region_code: str = Field(primary_key=True, max_length=12)


class MatchDecision(SQLModel, table=True):
    """A line that a person matched: who it was decided to be, by what the line said of itself.

    It is used again only for a line that says the very same, and while the person is still named and numbered as they
    were.
    """

    __tablename__ = "match_decision"

    line_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    name_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    id_hash: bytes | None = Field(default=None, sa_column=Column(SEALED, index=True))
    account_hash: bytes | None = Field(default=None, sa_column=Column(SEALED, index=True))
    person_id: int = Field(sa_column=Column(BIG, nullable=False))
    person_name_hash: bytes = Field(sa_column=Column(SEALED, nullable=False))
    person_id_hash: bytes | None = Field(default=None, sa_column=Column(SEALED))
    decided_by: str
    decided_at: datetime = Field(sa_column=Column(Instant, nullable=False))
