"""How a field of CMPP lies in bytes: big-endian numbers, padded octet strings, counted lists. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from notifier.domain.errors import NotifierError

_MOST_TERMINALS = 99


class Malformed(NotifierError):
    """Bytes that are no such PDU, or values that do not fit into one. The text holds no content."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the protocol: its number in CONNECT, and whether its widths are those of 3.0."""

    number: int
    is_wide: bool


V20 = Dialect(0x20, is_wide=False)
V30 = Dialect(0x30, is_wide=True)


class Cursor:
    """Reads a body from its beginning to its end."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, n: int) -> bytes:
        """The next `n` bytes. Raises Malformed when there are fewer."""
        taken = self._body[self._at : self._at + n]
        if len(taken) < n:
            raise Malformed("the body ends too soon")
        self._at += n
        return taken

    def end(self) -> None:
        """Raises Malformed unless everything was read."""
        if self._at != len(self._body):
            raise Malformed("the body is longer than its fields")


class Codec(Protocol):
    """How one field lies in a body."""

    def write(self, value: Any, dialect: Dialect) -> bytes:
        """Its bytes. Raises Malformed for a value that does not fit."""
        ...

    def read(self, cursor: Cursor, dialect: Dialect) -> Any:
        """Its value. Raises Malformed."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned big-endian integer; width 0 leaves the field out, and it is read as 0."""

    narrow: int
    wide: int

    def write(self, value: int, dialect: Dialect) -> bytes:
        """See Codec."""
        width = self.wide if dialect.is_wide else self.narrow
        if not width:
            return b""
        try:
            return value.to_bytes(width, "big")
        except OverflowError:
            raise Malformed(f"a number does not fit into {width} bytes") from None

    def read(self, cursor: Cursor, dialect: Dialect) -> int:
        """See Codec."""
        return int.from_bytes(cursor.take(self.wide if dialect.is_wide else self.narrow), "big")


@dataclass(frozen=True, slots=True)
class Octets:
    """An octet string: fixed width, padded with NUL on the right, of 8-bit characters."""

    narrow: int
    wide: int

    def write(self, value: str, dialect: Dialect) -> bytes:
        """See Codec."""
        width = self.wide if dialect.is_wide else self.narrow
        try:
            raw = value.encode("latin-1")
        except UnicodeEncodeError:
            raise Malformed("an octet string holds a wide character") from None
        if len(raw) > width or b"\0" in raw:
            raise Malformed(f"an octet string does not fit into {width} bytes")
        return raw.ljust(width, b"\0")

    def read(self, cursor: Cursor, dialect: Dialect) -> str:
        """See Codec."""
        return cursor.take(self.wide if dialect.is_wide else self.narrow).partition(b"\0")[0].decode("latin-1")


@dataclass(frozen=True, slots=True)
class Raw:
    """Exactly so many bytes."""

    width: int

    def write(self, value: bytes, dialect: Dialect) -> bytes:
        """See Codec."""
        if len(value) != self.width:
            raise Malformed(f"not {self.width} bytes")
        return value

    def read(self, cursor: Cursor, dialect: Dialect) -> bytes:
        """See Codec."""
        return cursor.take(self.width)


class Terminals:
    """How many numbers, then the numbers."""

    _one = Octets(21, 32)

    def write(self, value: Sequence[str], dialect: Dialect) -> bytes:
        """See Codec."""
        if not 1 <= len(value) <= _MOST_TERMINALS:
            raise Malformed("not 1 to 99 numbers")
        return bytes([len(value)]) + b"".join(self._one.write(one, dialect) for one in value)

    def read(self, cursor: Cursor, dialect: Dialect) -> tuple[str, ...]:
        """See Codec."""
        return tuple(self._one.read(cursor, dialect) for _ in range(cursor.take(1)[0]))


class Content:
    """Its length in one byte, then the bytes."""

    def write(self, value: bytes, dialect: Dialect) -> bytes:
        """See Codec."""
        if len(value) > 255:
            raise Malformed("the content is longer than 255 bytes")
        return bytes([len(value)]) + value

    def read(self, cursor: Cursor, dialect: Dialect) -> bytes:
        """See Codec."""
        return cursor.take(cursor.take(1)[0])
