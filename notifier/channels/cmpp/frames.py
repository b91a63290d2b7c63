"""From a stream of bytes to PDUs and back, and the status report inside a DELIVER. Pure."""

import struct
from dataclasses import dataclass, field
from typing import Any, get_args

from notifier.channels.cmpp.octets import V20, V30, Cursor, Dialect, Malformed
from notifier.channels.cmpp.pdus import Deliver, Pdu

HEADER = struct.Struct(">III")
"""Total length with this header, command, sequence."""
LONGEST = 4096
"""Bytes; the longest PDU there is, a SUBMIT of 3.0 to 99 numbers, has some 3,600."""
_BY_COMMAND: dict[int, Any] = {one.COMMAND: one for one in get_args(Pdu)}
_NARROW_REPORT, _WIDE_REPORT = 60, 71
_REPORT_HEAD = struct.Struct(">Q7s10s10s")


@dataclass(frozen=True, slots=True)
class Frame:
    """A PDU with its place in the conversation."""

    sequence: int
    pdu: Pdu


def pack(pdu: Pdu, sequence: int, dialect: Dialect) -> bytes:
    """The whole PDU. Raises Malformed for a value that its field cannot hold."""
    body = b"".join(codec.write(getattr(pdu, name), dialect) for name, codec in pdu.LAYOUT.items())
    return HEADER.pack(HEADER.size + len(body), pdu.COMMAND, sequence) + body


def unpack(frame: bytes, dialect: Dialect) -> Frame:
    """The PDU of a whole frame in this dialect. Raises Malformed."""
    _, command, sequence = head(frame)
    kind = _BY_COMMAND.get(command)
    if kind is None:
        raise Malformed(f"there is no command {command:#010x}")
    cursor = Cursor(frame[HEADER.size :])
    fields = {name: codec.read(cursor, dialect) for name, codec in kind.LAYOUT.items()}
    cursor.end()
    return Frame(sequence, kind(**fields))


def unpack_either(frame: bytes, first: Dialect) -> Frame:
    """As `unpack`, in the other dialect if it is not this one: gateways answer a 3.0 session in 2.0 here and there."""
    try:
        return unpack(frame, first)
    except Malformed:
        return unpack(frame, V20 if first.is_wide else V30)


def head(frame: bytes) -> tuple[int, int, int]:
    """(length, command, sequence) of a whole frame. Raises Malformed when it has no header or another length."""
    if len(frame) < HEADER.size:
        raise Malformed("shorter than a header")
    length, command, sequence = HEADER.unpack_from(frame)
    if length != len(frame):
        raise Malformed("the length is not the frame's")
    return length, command, sequence


class Splitter:
    """Cuts what comes over TCP, in pieces of any size, into whole frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, received: bytes) -> list[bytes]:
        """The frames that are whole by now, in their order; what is left waits for more.

        Raises Malformed for a length that none has: nothing that follows can be trusted then.
        """
        self._rest += received
        frames = []
        at = 0
        while len(self._rest) - at >= HEADER.size:
            length = int.from_bytes(self._rest[at : at + 4], "big")
            if not HEADER.size <= length <= LONGEST:
                raise Malformed("a frame of an impossible length")
            if len(self._rest) - at < length:
                break
            frames.append(bytes(self._rest[at : at + length]))
            at += length
        del self._rest[:at]
        return frames


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a part, in the content of a DELIVER. Times are YYMMDDHHMM of Beijing."""

    msg_id: int
    stat: str
    submitted: str
    done: str
    terminal: str = field(repr=False)
    smsc_sequence: int


def read_report(content: bytes) -> Report:
    """The report, told apart by its length: 60 bytes with a number of 21, 71 with one of 32, on either version.

    Raises Malformed.
    """
    if len(content) not in (_NARROW_REPORT, _WIDE_REPORT):
        raise Malformed(f"a report of {len(content)} bytes")
    msg_id, *texts = _REPORT_HEAD.unpack_from(content)
    stat, submitted, done, terminal = (_text(raw) for raw in (*texts, content[_REPORT_HEAD.size : -4]))
    return Report(msg_id, stat, submitted, done, terminal, int.from_bytes(content[-4:], "big"))


def write_report(report: Report, *, is_wide: bool) -> bytes:
    """The content of a DELIVER. Raises Malformed for a text that its field cannot hold."""
    texts = [(report.stat, 7), (report.submitted, 10), (report.done, 10), (report.terminal, 32 if is_wide else 21)]
    raw = [text.encode("latin-1", "replace") for text, _ in texts]
    if any(len(one) > width for one, (_, width) in zip(raw, texts, strict=True)):
        raise Malformed("a text of a report is too long")
    padded = b"".join(one.ljust(width, b"\0") for one, (_, width) in zip(raw, texts, strict=True))
    return report.msg_id.to_bytes(8, "big") + padded + report.smsc_sequence.to_bytes(4, "big")


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1")


def read_deliver(frame: bytes, first: Dialect) -> Deliver:
    """The DELIVER of a whole frame, in whichever dialect its length is. Raises Malformed for anything else."""
    pdu = unpack_either(frame, first).pdu
    if not isinstance(pdu, Deliver):
        raise Malformed("not a DELIVER")
    return pdu
