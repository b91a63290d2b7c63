"""Who follows the official account: when they may be answered, what they accepted; and the QR codes they came by."""

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from notifier.store.tables.columns import BIG, FLAG, SEALED


class Follower(SQLModel, table=True):
    """An openid, by its hash, that did something with the account; a household binds it as a contact elsewhere.

    Each window of answers has the instant that opened it (0: never) and how many answers were counted in it.
    """

    address_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    following: int = Field(default=1, sa_type=FLAG)
    changed_at: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    scene: str | None = None
    spoke_at: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    n_since_spoke: int = 0
    acted_at: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    n_since_acted: int = 0


class Subscription(SQLModel, table=True):
    """Whether an openid accepts a template's subscription notices; it may say so before it is anybody's contact."""

    address_hash: bytes = Field(sa_column=Column(SEALED, primary_key=True))
    template: str = Field(primary_key=True)
    accepts: int = Field(sa_type=FLAG)
    at: int = Field(sa_column=Column(BIG, nullable=False))


class QrCode(SQLModel, table=True):
    """A permanent QR code of the account, made once for its scene."""

    __tablename__ = "qr_code"

    scene: str = Field(primary_key=True)
    ticket: str
    content: str
    picture: str
    made_at: int = Field(sa_column=Column(BIG, nullable=False))
