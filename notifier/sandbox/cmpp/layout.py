"""The PDUs as this gateway reads and writes them: sizes of the two versions, one struct for each fixed stretch."""

import struct
from dataclasses import dataclass, field

CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
ANSWER = 0x80000000
LONGEST = 4096
_HEADER = struct.Struct(">III")
_CONNECT = struct.Struct(">6s16sBI")
_BEFORE_FEE = struct.Struct(">QBBBB10sB")
_AFTER_FEE = struct.Struct(">BBB6s2s6s17s17s21s")


class BadStructure(Exception):
    """The frame is not what its command and the session's version say."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole PDU."""

    command: int
    sequence: int
    body: bytes = field(repr=False)


class FrameReader:
    """Frames out of whatever pieces TCP brings."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[Frame]:
        """What is whole by now. Raises BadStructure for a length that no PDU has."""
        self._rest += piece
        frames = []
        while len(self._rest) >= _HEADER.size:
            length, command, sequence = _HEADER.unpack_from(self._rest)
            if not _HEADER.size <= length <= LONGEST:
                raise BadStructure
            if len(self._rest) < length:
                break
            frames.append(Frame(command, sequence, self._rest[_HEADER.size : length]))
            self._rest = self._rest[length:]
        return frames


def written(command: int, sequence: int, body: bytes = b"") -> bytes:
    """A whole PDU."""
    return _HEADER.pack(_HEADER.size + len(body), command, sequence) + body


def status_bytes(status: int, *, is_wide: bool) -> bytes:
    """A status or result: one byte in 2.0, four in 3.0."""
    return status.to_bytes(4 if is_wide else 1, "big")


@dataclass(frozen=True, slots=True)
class Login:
    """A CONNECT."""

    source_addr: str
    authenticator: bytes
    version: int
    timestamp: int


def read_login(body: bytes) -> Login:
    """Raises BadStructure."""
    if len(body) != _CONNECT.size:
        raise BadStructure
    source, authenticator, version, timestamp = _CONNECT.unpack(body)
    return Login(_plain(source), authenticator, version, timestamp)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The fields of a SUBMIT that this gateway looks at."""

    msg_id: int
    total: int
    number: int
    registered: int
    service_id: str
    has_header: bool
    fmt: int
    msg_src: str
    src_id: str
    phones: tuple[str, ...] = field(repr=False)
    content: bytes = field(repr=False)


def read_submit(body: bytes, *, is_wide: bool) -> Submitted:
    """A SUBMIT of exactly this version's size. Raises BadStructure."""
    fee, phone, tail = (33, 32, 20) if is_wide else (21, 21, 8)
    at = _BEFORE_FEE.size + fee
    n_at = at + _AFTER_FEE.size
    if len(body) <= n_at:
        raise BadStructure
    n_phones = body[n_at]
    first = n_at + 1
    length_at = first + phone * n_phones + (1 if is_wide else 0)
    if len(body) <= length_at or len(body) != length_at + 1 + body[length_at] + tail:
        raise BadStructure
    msg_id, total, number, registered, _, service, _ = _BEFORE_FEE.unpack_from(body)
    _, udhi, fmt, source, _, _, _, _, src_id = _AFTER_FEE.unpack_from(body, at)
    return Submitted(
        msg_id=msg_id,
        total=total,
        number=number,
        registered=registered,
        service_id=_plain(service),
        has_header=bool(udhi),
        fmt=fmt,
        msg_src=_plain(source),
        src_id=_plain(src_id),
        phones=tuple(_plain(body[first + phone * n : first + phone * (n + 1)]) for n in range(n_phones)),
        content=body[length_at + 1 : len(body) - tail],
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """A DELIVER to be written: a report, or what a person says."""

    msg_id: int
    dest_id: str
    service_id: str
    phone: str = field(repr=False)
    is_report: bool
    fmt: int
    content: bytes = field(repr=False)
    has_header: bool = False
    """Whether the content begins with a header that says which part of a long text it is."""


def deliver_body(said: Delivery, *, is_wide: bool) -> bytes:
    """The body of a DELIVER in this version."""
    phone = _padded(said.phone, 32) + b"\0" if is_wide else _padded(said.phone, 21)
    return b"".join(
        (
            said.msg_id.to_bytes(8, "big"),
            _padded(said.dest_id, 21),
            _padded(said.service_id, 10),
            bytes((0, said.has_header, said.fmt)),
            phone,
            bytes((said.is_report, len(said.content))),
            said.content,
            bytes(20 if is_wide else 8),
        )
    )


def report_content(msg_id: int, stat: str, times: tuple[str, str], phone: str, *, is_wide: bool) -> bytes:
    """71 bytes, or 60 with the narrow number; `times` of submission and of the end are YYMMDDHHMM."""
    submitted, done = times
    texts = ((stat, 7), (submitted, 10), (done, 10), (phone, 32 if is_wide else 21))
    return msg_id.to_bytes(8, "big") + b"".join(_padded(text, width) for text, width in texts) + bytes(4)


def _padded(text: str, width: int) -> bytes:
    return text.encode("ascii")[:width].ljust(width, b"\0")


def _plain(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("latin-1")
