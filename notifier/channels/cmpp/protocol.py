"""A letter as the SUBMITs that carry it, and what their answers say of the letter. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.channels.cmpp.octets import Dialect
from notifier.channels.cmpp.pdus import Submit, SubmitResp
from notifier.channels.code_classes import Kind
from notifier.channels.codes import Codes
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Absent, Accepted, Found, NoAnswer, Outcome, Postponed, Refused, Settlement, Unsure

SINGLE_UNITS, PART_UNITS = 70, 67
"""UTF-16 units of a text that goes out whole, and of each part of one that does not."""
MOST_PARTS = 10
_UCS2 = 8
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a gateway. `sign` goes in front of each text as 【…】; empty when the gateway puts it there."""

    source_addr: str
    secret: str = field(repr=False)
    src_id: str
    service_id: str
    sign: str
    dialect: Dialect


def text_of(letter: Letter, sign: str) -> str:
    """What the farmer reads: the letter's template is the text itself, with each ${variable} where its value goes.

    Raises ValueError when a value is missing.
    """
    missing = {name for name in _VARIABLE.findall(letter.template) if name not in letter.parameters}
    if missing:
        raise ValueError(f"no value for {', '.join(sorted(missing))}")
    text = _VARIABLE.sub(lambda found: letter.parameters[found[1]], letter.template)
    return f"【{sign}】{text}" if sign else text


def contents(text: str, reference: int) -> list[bytes]:
    """The text in UCS-2: whole up to 70 units, else in parts of 67 behind a header 05 00 03 `reference` total number.

    A character of two units is never cut. Raises ValueError for half a character and for a text that is too long.
    """
    raw = text.encode("utf-16-be")
    if len(raw) <= 2 * SINGLE_UNITS:
        return [raw]
    parts: list[bytes] = []
    while raw:
        cut = 2 * PART_UNITS
        if len(raw) > cut and 0xD8 <= raw[cut - 2] <= 0xDB:  # the first half of a pair would end the part
            cut -= 2
        parts.append(raw[:cut])
        raw = raw[cut:]
    if len(parts) > MOST_PARTS:
        raise ValueError(f"a text of {len(parts)} parts")
    return [bytes((5, 0, 3, reference, len(parts), n)) + part for n, part in enumerate(parts, 1)]


def submits(account: Account, letter: Letter) -> list[Submit]:
    """The SUBMITs of a letter, in the order of its parts. Raises ValueError for one that cannot be written.

    The parts' reference is the low byte of the message's id: two letters that meet on a handset rarely share it.
    """
    bodies = contents(text_of(letter, account.sign), letter.message_id & 0xFF)
    return [
        Submit(
            service_id=account.service_id,
            msg_src=account.source_addr,
            src_id=account.src_id,
            terminals=(letter.address,),
            content=body,
            pk_total=len(bodies),
            pk_number=n,
            udhi=int(len(bodies) > 1),
            fmt=_UCS2,
        )
        for n, body in enumerate(bodies, 1)
    ]


def result_code(result: int) -> str:
    """A SUBMIT's result as the codes table names it; a bare number there is a carrier's."""
    return f"submit:{result}"


def is_flow_control(result: int, codes: Codes) -> bool:
    """Whether the same SUBMIT may simply go out again a little later."""
    return codes.of(result_code(result)).kind is Kind.POSTPONED


def reference_of(msg_id: int) -> str:
    """A Msg_Id as the ledger keeps it."""
    return f"{msg_id:016x}"


def joined(msg_ids: Sequence[int]) -> Accepted:
    """All parts were taken. A long letter's own reference is no part's, since no report names it."""
    references = tuple(reference_of(one) for one in msg_ids)
    if len(references) == 1:
        return Accepted(references[0])
    return Accepted(f"{references[0]}x{len(references)}", references)


def ended_by(result: int, n_taken: int, codes: Codes, now: datetime) -> Outcome:
    """What a letter ends in whose SUBMIT was answered with this result after `n_taken` of its parts were taken.

    A letter of which a part is out is never postponed: sent again, its handset would show it twice.
    """
    code = result_code(result)
    if n_taken and is_flow_control(result, codes):
        return Unsure(f"partial:{code}")
    return codes.outcome(code, now)


def settled_by(late: SubmitResp, codes: Codes, now: datetime) -> Settlement:
    """What an answer that came too late settles of a letter of one part; refused for flow control, it is not there."""
    if not late.result:
        return Found(reference_of(late.msg_id), None, "late", None, None)
    match ended_by(late.result, 0, codes, now):
        case Postponed():
            return Absent()
        case Refused(code, _, reason):
            return Found("", False, code, reason, None)
        case outcome:
            return NoAnswer(outcome.code if isinstance(outcome, Unsure) else "late")
