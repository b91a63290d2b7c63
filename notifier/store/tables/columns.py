"""How domain values lie in a column, the same on SQLite and PostgreSQL, so that one SQL text serves both.

Instants are microseconds since 1970 UTC, areas thousandths of a 亩, flags 0 or 1: whole numbers compare, sort and
bind alike in both databases and in hand-written statements.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MU_SCALE = 1000


def stamp(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant; for binding to a hand-written statement."""
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The aware UTC instant of `stamp`."""
    return _EPOCH + timedelta(microseconds=stored)


class Instant(TypeDecorator[datetime]):
    """aware UTC datetime <-> BIGINT microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else instant(int(value))


class Mu(TypeDecorator[Decimal]):
    """Decimal 亩 <-> BIGINT thousandths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value * MU_SCALE)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)) / MU_SCALE


BIG = BigInteger().with_variant(Integer, "sqlite")
"""A key that SQLite can use as its rowid."""
FLAG = SmallInteger
SEALED = LargeBinary
TEXT = Text
