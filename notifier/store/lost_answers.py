"""Receipts of calls whose answer was lost, at providers whose receipts carry nothing of ours (MAS, CMPP).

Such a receipt names a reference that the answer would have told us, an address, and when the provider took the message.
It is of a call to that address that began about then and has no reference; were there two of them, it would be a guess,
and so it stays parked.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger

_EARLIER, _LATER = timedelta(minutes=3), timedelta(minutes=5)
"""How far a provider's clock may be off, and how long a SUBMIT may wait for its place; CMPP tells minutes only."""
_MOST = 500
_ANY_UNSURE = (
    "SELECT 1 FROM unsure_attempt u JOIN attempt a ON a.id = u.attempt_id WHERE a.provider_ref IS NULL "
    "AND a.gateway IN (SELECT gateway FROM parked_receipt WHERE submitted_at IS NOT NULL) LIMIT 1"
)
# From the address to its messages to their calls, as `sent_events` does it; the coalesce keeps it off a bad index.
_CALLS = (
    "SELECT p.id AS parked_id, p.gateway, p.provider_ref, m.id AS message_id, m.state AS message_state, a.id, a.state, "
    "a.n_parts, a.message_ids FROM (SELECT * FROM parked_receipt WHERE submitted_at IS NOT NULL AND out_id = '' "
    "ORDER BY id LIMIT :most) p CROSS JOIN contact t CROSS JOIN owed o CROSS JOIN message m CROSS JOIN attempt a "
    "WHERE t.value_hash = p.address_hash AND t.kind = 'phone' AND o.household_id = t.household_id "
    "AND m.owed_id = o.id AND m.contact_id = t.id AND a.chunk_id = m.chunk_id AND a.gateway = p.gateway "
    "AND coalesce(a.provider_ref, '') = '' "
    "AND (a.state IN ('sending', 'unsure') OR a.outcome IN ('accepted', 'mixed')) "
    "AND a.started_at BETWEEN p.submitted_at - :later AND p.submitted_at + :earlier "
    "AND NOT EXISTS (SELECT 1 FROM direct_attempt d WHERE d.address_hash = p.address_hash AND d.gateway = p.gateway "
    "AND d.provider_ref IS NULL AND d.started_at BETWEEN p.submitted_at - :later AND p.submitted_at + :earlier)"
)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A reference that is of a call."""

    attempt_id: int
    gateway: str
    ref: str
    n_parts: int


async def bind_lost_answers(c: AsyncConnection, ledger: Ledger) -> int:
    """Parked receipts that can be of one call only have given it their reference, as its answer would have; how many.

    Call `take_parked` afterwards: it finds them known. Safe to repeat.
    """
    if (await c.execute(text(_ANY_UNSURE))).first() is None:
        return 0
    micro = timedelta(microseconds=1)
    rows = await c.execute(text(_CALLS), {"most": _MOST, "later": _LATER // micro, "earlier": _EARLIER // micro})
    calls: dict[tuple[str, str], dict[int, Row[Any]]] = defaultdict(dict)
    for row in rows:
        if row.message_id in json.loads(row.message_ids):
            calls[row.gateway, row.provider_ref][row.id] = row
    bound = [
        _Bound(int(row.id), row.gateway, row.provider_ref, int(row.n_parts))
        for its in calls.values()
        if len(its) == 1 and (row := next(iter(its.values()))).state != "sending"
    ]
    await _give(c, ledger, bound)
    return len(bound)


async def _give(c: AsyncConnection, ledger: Ledger, bound: Sequence[_Bound]) -> None:
    whole = [{"id": one.attempt_id, "ref": one.ref} for one in bound if one.n_parts == 1]
    parts = [{"id": one.attempt_id, "ref": one.ref, "gateway": one.gateway} for one in bound if one.n_parts > 1]
    if whole:
        await c.execute(
            text("UPDATE attempt SET provider_ref = :ref WHERE id = :id AND provider_ref IS NULL"),
            whole,
        )
    if parts:
        await c.execute(
            text(
                "INSERT INTO part (gateway, ref, attempt_id) VALUES (:gateway, :ref, :id) "
                "ON CONFLICT (gateway, ref) DO NOTHING"
            ),
            parts,
        )
    ids = sorted({one.attempt_id for one in bound})
    await c.execute(
        text(f"UPDATE attempt SET evidence = :evidence WHERE {ledger.among('id', 'ids')} AND evidence IS NULL"),
        {"evidence": json.dumps({"receipt_by_address": 1}), "ids": ledger.listed(ids)},
    )
