"""The ledger held against another record of what handsets received: what came twice, what nobody answers for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MessageState
from notifier.domain.messages import Medium
from notifier.store.composing import KIND_OF
from notifier.store.ledger import Ledger

_NOT_SENT = frozenset((MessageState.READY, MessageState.POSTPONED, MessageState.WITHDRAWN))
_NOT_TAKEN = frozenset(("refused", "postponed", "absent"))
_TAKEN = "(m.state IN ('accepted', 'delivered') OR (m.state = 'silent' AND coalesce(m.reason, '') <> 'unsettled'))"
_IS_TAKEN = f"CASE WHEN {_TAKEN} THEN 1 ELSE 0 END"
_LOST_OWED = (
    "SELECT COUNT(*) FROM owed o WHERE (o.state = 'unreached' AND coalesce(o.reason, '') <> 'cancelled' "
    "AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.owed_id = o.id)) OR (o.state = 'pending' AND o.composed_step >= 0 "
    "AND NOT EXISTS (SELECT 1 FROM message m WHERE m.owed_id = o.id "
    "AND m.state IN ('ready', 'postponed', 'accepted', 'unsure')) "
    "AND NOT EXISTS (SELECT 1 FROM setback s WHERE s.owed_id = o.id))"
)
_UNPROVED_OWED = (
    "SELECT COUNT(*) FROM owed o WHERE (o.state = 'reached' AND NOT EXISTS (SELECT 1 FROM message m "
    "WHERE m.owed_id = o.id AND m.state = 'delivered') AND NOT EXISTS (SELECT 1 FROM visit v "
    "WHERE v.owed_id = o.id AND v.state = 'signed')) OR (o.state = 'excused' AND NOT EXISTS (SELECT 1 FROM visit v "
    "WHERE v.owed_id = o.id AND v.state = 'excused' AND v.by_user <> v.confirmed_by))"
)


@dataclass(frozen=True, slots=True)
class HandsetRecord:
    """One message that a handset received: the call's out_id (OutId, client_msg_id) and the phone or openid."""

    medium: Medium
    out_id: str
    address: str = field(repr=False)


@dataclass(slots=True)
class Proof:
    """What the comparison found. All is accounted for when the counts from `n_duplicates` on are zero.

    `n_taken` counts messages that both the record and the ledger say a gateway took.
    """

    n_records: int = 0
    n_messages: int = 0
    n_taken: int = 0
    n_duplicates: int = 0
    """Records beyond the first with the same message key (owed, person, medium, step, contact, retry)."""
    n_unknown: int = 0
    """Records of which the ledger knows no message."""
    n_called_not_sent: int = 0
    """Records of messages that the ledger calls not sent, refused or withdrawn."""
    n_phantoms: int = 0
    """Messages that the ledger calls taken by a gateway and the record does not have."""
    n_lost_owed: int = 0
    """Households owed a notice, in no final state and on no list."""
    n_unproved_owed: int = 0
    """Households called reached or excused without the evidence for it."""

    @property
    def is_whole(self) -> bool:
        """True when every record and every household is accounted for."""
        return not (
            self.n_duplicates
            + self.n_unknown
            + self.n_called_not_sent
            + self.n_phantoms
            + self.n_lost_owed
            + self.n_unproved_owed
        )


@dataclass(frozen=True, slots=True)
class _Known:
    message_id: int
    is_sent: bool
    is_taken: bool


async def prove(ledger: Ledger, batches: Iterable[Sequence[HandsetRecord]]) -> Proof:
    """The record, batch by batch, compared with the ledger. Changes nothing; let the service come to rest first.

    Addresses are compared by their keyed hash; none is kept. Holds one integer a message in memory.
    """
    proof = Proof()
    seen: set[int] = set()
    n_confirmed = 0
    async with ledger.reading() as c:
        for batch in batches:
            known = await _known(c, ledger, sorted({record.out_id for record in batch}))
            for record in batch:
                proof.n_records += 1
                hashed = ledger.vault.blind(KIND_OF[record.medium].value, record.address)
                n_confirmed += _judge(proof, seen, known.get((record.out_id, hashed), ()))
        await _count(c, proof, n_confirmed)
    return proof


def _judge(proof: Proof, seen: set[int], messages: Sequence[_Known]) -> int:
    """The record is counted; how many messages it confirms for the first time of what the ledger calls taken.

    A letter to a number that households share carries a message of each.
    """
    if not messages:
        proof.n_unknown += 1
        return 0
    if any(message.message_id in seen for message in messages):
        proof.n_duplicates += 1
        return 0
    seen.update(message.message_id for message in messages)
    proof.n_called_not_sent += not all(message.is_sent for message in messages)
    proof.n_taken += sum(message.is_sent for message in messages)
    return sum(message.is_taken for message in messages)


async def _known(
    c: AsyncConnection, ledger: Ledger, out_ids: Sequence[str]
) -> Mapping[tuple[str, bytes], Sequence[_Known]]:
    """The messages of these calls by (out_id, hash of the address)."""
    attempts = (await c.execute(*_by_out_id(ledger, out_ids))).all()
    calls = [(row, json.loads(row.message_ids)) for row in attempts]
    message_ids = sorted({message_id for _, ids in calls for message_id in ids})
    rows = await c.execute(
        text(
            f"SELECT m.id, m.state, t.value_hash, {_IS_TAKEN} AS is_taken FROM message m "
            f"JOIN contact t ON t.id = m.contact_id WHERE {ledger.among('m.id', 'ids')}"
        ),
        {"ids": ledger.listed(message_ids)},
    )
    messages = {int(row.id): row for row in rows}
    known: dict[tuple[str, bytes], list[_Known]] = {}
    for attempt, ids in calls:
        for message in (messages[one] for one in ids if one in messages):
            is_sent = message.state not in _NOT_SENT and attempt.outcome not in _NOT_TAKEN
            place = (attempt.out_id, bytes(message.value_hash))
            known.setdefault(place, []).append(_Known(int(message.id), is_sent, bool(message.is_taken)))
    return known


def _by_out_id(ledger: Ledger, out_ids: Sequence[str]) -> tuple[TextClause, dict[str, object]]:
    among = "SELECT value FROM json_each(:ids)" if ledger.is_sqlite else "SELECT unnest(CAST(:ids AS TEXT[]))"
    sql = text(f"SELECT out_id, outcome, message_ids FROM attempt WHERE out_id IN ({among})")
    return sql, {"ids": json.dumps(out_ids) if ledger.is_sqlite else list(out_ids)}


async def _count(c: AsyncConnection, proof: Proof, n_confirmed: int) -> None:
    """What only the ledger can say."""
    row = (
        await c.execute(text(f"SELECT COUNT(*) AS n, coalesce(SUM({_IS_TAKEN}), 0) AS n_taken FROM message m"))
    ).one()
    proof.n_messages = int(row.n)
    proof.n_phantoms = int(row.n_taken) - n_confirmed
    proof.n_lost_owed = int((await c.execute(text(_LOST_OWED))).scalar_one())
    proof.n_unproved_owed = int((await c.execute(text(_UNPROVED_OWED))).scalar_one())
