"""What became of the register: corrections with their history, merged households, and files handed in by a browser."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, SEALED, Instant


class RegistryChange(SQLModel, table=True):
    """One thing of a household that a person changed; only ever appended. The values are sealed, `why` is masked.

    what: a field (name, relation, householder, region, group, phone, an attribute's column) or a deed (merge, unmerge,
    split, depart, come_back, erase, unbind).
    """

    __tablename__ = "registry_change"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    household_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    person_id: int | None = Field(default=None, sa_column=Column(BIG))
    what: str
    before_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    after_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    why: str = ""
    by_user: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class HouseholdMerge(SQLModel, table=True):
    """Household `gone_id` was merged into `kept_id`; `moved` is JSON of table -> ids of the rows that went along."""

    __tablename__ = "household_merge"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kept_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    gone_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    moved: str = Field(sa_type=Text)
    by_user: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    undone_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class Upload(SQLModel, table=True):
    """A file handed in by a browser, sealed until it is saved or thrown away. `report` is JSON without personal data.

    state: reading, shown (its preview is ready), saving, saved, failed (`problem` says why), discarded. `beat_at` moves
    while a process works on it.
    """

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str
    name: str
    by_user: str
    region_code: str
    state: str
    n_bytes: int
    file_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    report: str = Field(default="{}", sa_type=Text)
    problem: str | None = None
    run_id: int | None = Field(default=None, sa_column=Column(BIG))
    received_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    beat_at: datetime = Field(sa_column=Column(Instant, nullable=False))
