"""What a gateway tells us in a DELIVER: a part's status report, or what a person wrote to us. Pure."""

from collections.abc import Sequence
from datetime import datetime

from notifier.channels.cmpp.frames import read_deliver, read_report
from notifier.channels.cmpp.octets import V20, V30, Dialect, Malformed
from notifier.channels.cmpp.pdus import Deliver
from notifier.channels.cmpp.protocol import reference_of
from notifier.channels.code_classes import Kind
from notifier.channels.codes import Codes
from notifier.channels.fields import beijing_time, clean_code, phone
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, Inbound, PartOf, Receipt

VERSION = "version"
"""The entry of a push's query that says which version its session speaks."""
_DELIVERED = "DELIVRD"
_ELEMENT_HEAD = 2
_CONCATENATED = {0: 3, 8: 4}
"""Elements that number the parts of a long text, and how long each is: a reference of one byte, and of two."""
_ENCODINGS = {0: "latin-1", 8: "utf-16-be", 15: "gb18030"}


def dialect_named(version: str) -> Dialect:
    """By "2.0" or "3.0"; anything else is 2.0."""
    return V30 if version == "3.0" else V20


def name_of(dialect: Dialect) -> str:
    """The reverse of `dialect_named`."""
    return "3.0" if dialect.is_wide else "2.0"


def read_push(push: Push, codes: Codes) -> Sequence[Inbound]:
    """One element; none for a report that is not final, since another one follows it.

    Raises InputError when the body is no DELIVER of either version.
    """
    try:
        deliver = read_deliver(push.body, dialect_named(push.query.get(VERSION, "")))
    except Malformed as error:
        raise InputError(f"不是 CMPP 的 DELIVER 报文（{error}）；请检查网关的协议版本") from None
    return _report(deliver, push, codes) if deliver.registered else [_heard(deliver, push)]


def _report(deliver: Deliver, push: Push, codes: Codes) -> Sequence[Inbound]:
    try:
        report = read_report(deliver.content)
    except Malformed as error:
        return [Damaged(str(error))]
    stat = clean_code(report.stat)
    address = phone(report.terminal) or phone(deliver.src_terminal)
    if not address or not stat:
        return [Damaged("a report without a number or a status")]
    if codes.of(stat).kind is Kind.UNSURE:
        return []
    is_delivered = stat == _DELIVERED
    return [
        Receipt(
            gateway=push.gateway,
            out_id=None,
            provider_ref=reference_of(report.msg_id),
            address=address,
            delivered=is_delivered,
            code=stat,
            reason=None if is_delivered else codes.reason(stat),
            at=_at(report.done, push) or push.received_at,
            submitted_at=_at(report.submitted, push),
        )
    ]


def _at(minute: str, push: Push) -> datetime | None:
    century = push.received_at.year // 100
    return beijing_time(f"{century}{minute}00")


def _heard(deliver: Deliver, push: Push) -> Inbound:
    address, encoding = phone(deliver.src_terminal), _ENCODINGS.get(deliver.fmt)
    if not address:
        return Damaged("a person's text without a number")
    if encoding is None:
        return Damaged(f"a person's text in format {deliver.fmt}")
    part, content = parted(deliver.content) if deliver.udhi else (None, deliver.content)
    text = content.decode(encoding, "replace")
    return Heard(address, text, f"{push.gateway}:{reference_of(deliver.msg_id)}", push.received_at, part)


def parted(content: bytes) -> tuple[PartOf | None, bytes]:
    """(which part of a long text it is, None if it is whole; what it says), by the header in front of a content."""
    end = content[0] + 1 if content else 0
    header, text = content[1:end], content[end:]
    while len(header) >= _ELEMENT_HEAD:
        kind, length = header[0], header[1]
        said, header = header[_ELEMENT_HEAD : _ELEMENT_HEAD + length], header[_ELEMENT_HEAD + length :]
        if len(said) == length == _CONCATENATED.get(kind):
            part = PartOf(int.from_bytes(said[:-2], "big"), said[-2], said[-1])
            return (part if 1 <= part.number <= part.total and part.total > 1 else None), text
    return None, text
