"""Regions, households, persons and their contacts: the registry."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, FLAG, SEALED, Instant, Mu

_OPENID = "kind = 'openid'"
_USED = "kind = 'phone' AND state = 'usable'"


class Region(SQLModel, table=True):
    """行政区划."""

    code: str = Field(primary_key=True, max_length=12)
    name: str
    level: str
    parent: str | None = Field(default=None, index=True)


class Household(SQLModel, table=True):
    """农户. `key_hash` finds it again across files: of its 户编号 when it has one, else of the householder's id.

    state: active, merged (its people live in household `merged_into`), departed (at `left_at`), erased.
    """

    __table_args__ = (Index("ix_household_region", "region_code", "state"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    key_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, unique=True))
    region_code: str = Field(max_length=12)
    group_name: str | None = None
    householder_id: int = Field(sa_column=Column(BIG, nullable=False))
    state: str = "active"
    is_low_income: int = Field(default=0, sa_type=FLAG)
    is_destitute: int = Field(default=0, sa_type=FLAG)
    is_out_of_poverty: int = Field(default=0, sa_type=FLAG)
    is_monitored: int = Field(default=0, sa_type=FLAG)
    is_insured: int = Field(default=0, sa_type=FLAG)
    n_disabled: int = 0
    n_elderly: int = 0
    n_sheep: int = 0
    n_cattle: int = 0
    n_pigs: int = 0
    farmland_mu: Decimal = Field(default=Decimal(0), sa_column=Column(Mu, nullable=False))
    grassland_mu: Decimal = Field(default=Decimal(0), sa_column=Column(Mu, nullable=False))
    reforested_mu: Decimal = Field(default=Decimal(0), sa_column=Column(Mu, nullable=False))
    content_digest: bytes = Field(sa_column=Column(SEALED, nullable=False))
    registered_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    merged_into: int | None = Field(default=None, sa_column=Column(BIG))
    left_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class Person(SQLModel, table=True):
    """成员. `name_hash` is of the normalised name; `account_hash` of card tail + "|" + name; `id_hash` of the id."""

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    household_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    relation: str | None = None
    name_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    name_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, index=True))
    id_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    id_hash: bytes | None = Field(default=None, sa_column=Column(SEALED, unique=True))
    id_is_legacy: int = Field(default=0, sa_type=FLAG)
    card_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
    account_hash: bytes | None = Field(default=None, sa_column=Column(SEALED, index=True))


class Contact(SQLModel, table=True):
    """A way to address a person. A corrected number is a new row with the next `version`; no row changes its value.

    state: usable, landline, wrong (a person or a carrier said so), unfollowed, replaced, erased. `known_at` is when it
    was registered, None for what was there before instants were kept.
    """

    __table_args__ = (
        Index("ix_contact_household", "household_id", "kind"),
        # Followers, and who carries a number, without a look at the table.
        Index(
            "ix_contact_openid",
            *("household_id", "id", "state"),
            sqlite_where=text(_OPENID),
            postgresql_where=text(_OPENID),
        ),
        Index(
            "ix_contact_carried",
            *("value_hash", "household_id", "is_shared"),
            sqlite_where=text(_USED),
            postgresql_where=text(_USED),
        ),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    household_id: int = Field(sa_column=Column(BIG, nullable=False))
    person_id: int = Field(sa_column=Column(BIG, nullable=False))
    kind: str
    version: int = 1
    value_sealed: bytes = Field(sa_column=Column(SEALED, nullable=False))
    value_hash: bytes = Field(sa_column=Column(SEALED, nullable=False, index=True))
    state: str = "usable"
    is_shared: int = Field(default=0, sa_type=FLAG)
    known_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class ImportRun(SQLModel, table=True):
    """One file handed in. `counts` is JSON; `rejected_sealed` the workbook that went back, purged after its days."""

    __tablename__ = "import_run"

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str
    file_digest: bytes = Field(sa_column=Column(SEALED, nullable=False, index=True))
    started_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    by_user: str | None = None
    counts: str = Field(default="{}", sa_type=Text)
    rejected_sealed: bytes | None = Field(default=None, sa_column=Column(SEALED))
