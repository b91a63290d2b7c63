"""What a policy was understood to say, the list of what must be open (三级政务公开清单), and what people decided."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, Instant


class Understood(SQLModel, table=True):
    """The understanding of one version of a policy, as JSON (see `match.saying`)."""

    __tablename__ = "understood"

    benefit_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    version: int = Field(primary_key=True)
    said: str = Field(sa_type=Text)
    made_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class DisclosureItem(SQLModel, table=True):
    """An entry of the list: level (市, 县, 乡), field, item (一级事项, 二级事项) and what is to be open of it.

    `keywords` is a comma list; a retired entry stays, since policies are filed under it.
    """

    __tablename__ = "disclosure_item"
    __table_args__ = (UniqueConstraint("level", "field", "item", "sub_item"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    level: str
    field: str
    item: str
    sub_item: str
    contents: str = ""
    basis: str = ""
    time_limit: str = ""
    office: str = ""
    channels: str = ""
    keywords: str = ""
    is_retired: int = 0


class DisclosureFiling(SQLModel, table=True):
    """Under which entry a policy is filed; by_user "system" is a suggestion that nobody confirmed yet."""

    __tablename__ = "disclosure_filing"

    benefit_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    item_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    by_user: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Decision(SQLModel, table=True):
    """What an administrator made of a suggestion: verdict accepted, edited or refused; it changes no taxonomy."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_campaign", "campaign_id"),)

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    campaign_id: int = Field(sa_column=Column(BIG, nullable=False))
    verdict: str
    topic: str | None = None
    confidence: int = 0
    rule_before: str | None = Field(default=None, sa_type=Text)
    rule_after: str | None = Field(default=None, sa_type=Text)
    remark: str = Field(default="", sa_type=Text)
    by_user: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
