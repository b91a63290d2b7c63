"""Every PDU of CMPP 2.0 and 3.0. Pure.

A layout is written down once and serves building and reading; where the versions differ, a codec has two widths.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from notifier.channels.cmpp.octets import Codec, Content, Number, Octets, Raw, Terminals

RESPONSE = 0x80000000
"""Set in the command of an answer, which repeats the sequence of its request."""
_BYTE, _WORD, _MSG_ID = Number(1, 1), Number(4, 4), Number(8, 8)
_STATUS = Number(1, 4)
_NUMBER = Octets(21, 32)
_KIND_OF_NUMBER = Number(0, 1)
_TAIL = Octets(8, 20)  # Reserve of 2.0, LinkID of 3.0


@dataclass(frozen=True, slots=True)
class Connect:
    """The SP asks to be let in. `timestamp` is MMDDHHMMSS as a number."""

    COMMAND: ClassVar[int] = 1
    LAYOUT: ClassVar[dict[str, Codec]] = {
        "source_addr": Octets(6, 6), "authenticator": Raw(16), "version": _BYTE, "timestamp": _WORD,
    }  # fmt: skip
    source_addr: str
    authenticator: bytes = field(repr=False)
    version: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class ConnectResp:
    """`status` 0 lets it in, and then the authenticator proves that the gateway knows the secret too."""

    COMMAND: ClassVar[int] = RESPONSE | 1
    LAYOUT: ClassVar[dict[str, Codec]] = {"status": _STATUS, "authenticator": Raw(16), "version": _BYTE}
    status: int
    authenticator: bytes = field(repr=False)
    version: int


@dataclass(frozen=True, slots=True)
class Terminate:
    """The end, politely."""

    COMMAND: ClassVar[int] = 2
    LAYOUT: ClassVar[dict[str, Codec]] = {}


@dataclass(frozen=True, slots=True)
class TerminateResp:
    """The end, agreed."""

    COMMAND: ClassVar[int] = RESPONSE | 2
    LAYOUT: ClassVar[dict[str, Codec]] = {}


@dataclass(frozen=True, slots=True)
class Submit:
    """One part of a text to up to 99 numbers. `registered` 1 asks for a report; `tail` is Reserve or LinkID."""

    COMMAND: ClassVar[int] = 4
    LAYOUT: ClassVar[dict[str, Codec]] = {
        "msg_id": _MSG_ID, "pk_total": _BYTE, "pk_number": _BYTE, "registered": _BYTE, "level": _BYTE,
        "service_id": Octets(10, 10), "fee_user_type": _BYTE, "fee_terminal": _NUMBER,
        "fee_terminal_type": _KIND_OF_NUMBER, "pid": _BYTE, "udhi": _BYTE, "fmt": _BYTE, "msg_src": Octets(6, 6),
        "fee_type": Octets(2, 2), "fee_code": Octets(6, 6), "valid_until": Octets(17, 17), "send_at": Octets(17, 17),
        "src_id": Octets(21, 21), "terminals": Terminals(), "terminal_type": _KIND_OF_NUMBER, "content": Content(),
        "tail": _TAIL,
    }  # fmt: skip
    service_id: str
    msg_src: str
    src_id: str
    terminals: tuple[str, ...] = field(repr=False)
    content: bytes = field(repr=False)
    pk_total: int = 1
    pk_number: int = 1
    registered: int = 1
    level: int = 0
    fee_user_type: int = 2
    fee_terminal: str = field(default="", repr=False)
    fee_terminal_type: int = 0
    pid: int = 0
    udhi: int = 0
    fmt: int = 8
    fee_type: str = "01"
    fee_code: str = "000000"
    valid_until: str = ""
    send_at: str = ""
    terminal_type: int = 0
    tail: str = ""
    msg_id: int = 0


@dataclass(frozen=True, slots=True)
class SubmitResp:
    """What became of the SUBMIT of the same sequence; `msg_id` counts when `result` is 0."""

    COMMAND: ClassVar[int] = RESPONSE | 4
    LAYOUT: ClassVar[dict[str, Codec]] = {"msg_id": _MSG_ID, "result": _STATUS}
    msg_id: int
    result: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """A status report (`registered` 1, in `content`) or what a person wrote to us (0)."""

    COMMAND: ClassVar[int] = 5
    LAYOUT: ClassVar[dict[str, Codec]] = {
        "msg_id": _MSG_ID, "dest_id": Octets(21, 21), "service_id": Octets(10, 10), "pid": _BYTE, "udhi": _BYTE,
        "fmt": _BYTE, "src_terminal": _NUMBER, "src_terminal_type": _KIND_OF_NUMBER, "registered": _BYTE,
        "content": Content(), "tail": _TAIL,
    }  # fmt: skip
    msg_id: int
    dest_id: str
    service_id: str
    src_terminal: str = field(repr=False)
    registered: int
    content: bytes = field(repr=False)
    fmt: int = 0
    pid: int = 0
    udhi: int = 0
    src_terminal_type: int = 0
    tail: str = ""


@dataclass(frozen=True, slots=True)
class DeliverResp:
    """We have it; without this it comes again."""

    COMMAND: ClassVar[int] = RESPONSE | 5
    LAYOUT: ClassVar[dict[str, Codec]] = {"msg_id": _MSG_ID, "result": _STATUS}
    msg_id: int
    result: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """A day's counts of the account. `day` is YYYYMMDD, `kind` 0 for all, 1 for one service."""

    COMMAND: ClassVar[int] = 6
    LAYOUT: ClassVar[dict[str, Codec]] = {
        "day": Octets(8, 8), "kind": _BYTE, "code": Octets(10, 10), "reserve": Octets(8, 8),
    }  # fmt: skip
    day: str
    kind: int = 0
    code: str = ""
    reserve: str = ""


@dataclass(frozen=True, slots=True)
class QueryResp:
    """Counts of that day: messages and users, then succeeded, waiting and failed, out and in."""

    COMMAND: ClassVar[int] = RESPONSE | 6
    LAYOUT: ClassVar[dict[str, Codec]] = {
        "day": Octets(8, 8), "kind": _BYTE, "code": Octets(10, 10), "n_messages": _WORD, "n_users": _WORD,
        "n_sent": _WORD, "n_waiting": _WORD, "n_failed": _WORD, "n_heard": _WORD, "n_heard_waiting": _WORD,
        "n_heard_failed": _WORD,
    }  # fmt: skip
    day: str
    kind: int
    code: str
    n_messages: int
    n_users: int
    n_sent: int
    n_waiting: int
    n_failed: int
    n_heard: int
    n_heard_waiting: int
    n_heard_failed: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take a message back that has not gone out yet."""

    COMMAND: ClassVar[int] = 7
    LAYOUT: ClassVar[dict[str, Codec]] = {"msg_id": _MSG_ID}
    msg_id: int


@dataclass(frozen=True, slots=True)
class CancelResp:
    """`success` 0 says that it was taken back."""

    COMMAND: ClassVar[int] = RESPONSE | 7
    LAYOUT: ClassVar[dict[str, Codec]] = {"success": _STATUS}
    success: int


@dataclass(frozen=True, slots=True)
class ActiveTest:
    """Are you there?"""

    COMMAND: ClassVar[int] = 8
    LAYOUT: ClassVar[dict[str, Codec]] = {}


@dataclass(frozen=True, slots=True)
class ActiveTestResp:
    """I am."""

    COMMAND: ClassVar[int] = RESPONSE | 8
    LAYOUT: ClassVar[dict[str, Codec]] = {"reserved": _BYTE}
    reserved: int = 0


Pdu = (
    Connect | ConnectResp | Terminate | TerminateResp | Submit | SubmitResp | Deliver | DeliverResp
    | Query | QueryResp | Cancel | CancelResp | ActiveTest | ActiveTestResp
)  # fmt: skip
