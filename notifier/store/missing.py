"""Receipts that never came: which accepted messages their gateway can be asked about, and what it said."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant, stamp

WANTING = (
    "(asked_at IS NULL OR asked_at < sent_at + CAST(:window AS BIGINT)) AND EXISTS (SELECT 1 FROM message m "
    "WHERE m.chunk_id = chunk.id AND m.state = 'accepted') AND EXISTS (SELECT 1 FROM attempt a "
    "WHERE a.chunk_id = chunk.id AND a.gateway IN :gateways)"
)
"""SQL for a chunk of :gateways with missing receipts, about which they were not asked after :window (microseconds)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When missing receipts are asked for: some time after sending, and once more at the end of the window."""

    ask_after: timedelta
    window: timedelta


async def due_chunk(
    ledger: Ledger, gateways: Sequence[str], patience: Patience, after: int, now: datetime
) -> int | None:
    """The next chunk behind `after`, by id, whose missing receipts are to be asked for now; None when there is none."""
    async with ledger.reading() as c:
        found = await c.execute(
            text(
                f"SELECT id FROM chunk WHERE state = 'sent' AND id > :after AND {WANTING} AND (sent_at < :last "
                "OR (asked_at IS NULL AND sent_at < :first)) ORDER BY id LIMIT 1"
            ).bindparams(bindparam("gateways", expanding=True)),
            {
                "after": after,
                "gateways": list(gateways),
                "window": patience.window // timedelta(microseconds=1),
                "first": stamp(now - patience.ask_after),
                "last": stamp(now - patience.window),
            },
        )
        chunk_id = found.scalar()
    return None if chunk_id is None else int(chunk_id)


@dataclass(frozen=True, slots=True)
class Missing:
    """An accepted message without a receipt, and the call that carried it."""

    message_id: int
    address: str = field(repr=False)
    attempt_id: int
    gateway: str
    template: str
    out_id: str
    sent_at: datetime


async def missing_receipts(ledger: Ledger, chunk_id: int, gateways: Sequence[str]) -> list[Missing]:
    """The chunk's accepted messages that these gateways carried, by message id."""
    async with ledger.reading() as c:
        calls = await c.execute(
            text(
                "SELECT id, out_id, gateway, template, message_ids, started_at FROM attempt "
                "WHERE chunk_id = :chunk ORDER BY id"
            ),
            {"chunk": chunk_id},
        )
        carried = {message_id: call for call in calls for message_id in json.loads(call.message_ids)}
        rows = await c.execute(
            text(
                "SELECT m.id, t.id AS contact_id, t.value_sealed FROM message m JOIN contact t ON t.id = m.contact_id "
                "WHERE m.chunk_id = :chunk AND m.state = 'accepted' AND m.merged_into IS NULL ORDER BY m.id"
            ),
            {"chunk": chunk_id},
        )
        return [
            Missing(
                int(row.id),
                ledger.vault.open_text("contact.value_sealed", row.contact_id, row.value_sealed),
                call.id,
                call.gateway,
                call.template,
                call.out_id,
                instant(call.started_at),
            )
            for row in rows
            if (call := carried.get(row.id)) is not None and call.gateway in gateways
        ]


async def note_asked(c: AsyncConnection, asked: Mapping[int, int], found: Counter[int]) -> None:
    """The attempts' evidence says for how many of their messages a receipt was asked, and how many were found."""
    for attempt_id, n_asked in asked.items():
        row = (await c.execute(text("SELECT evidence FROM attempt WHERE id = :id"), {"id": attempt_id})).one()
        evidence = Counter(json.loads(row.evidence or "{}"))
        evidence.update({"receipts_asked": n_asked, "receipts_found": found[attempt_id]})
        await c.execute(
            text("UPDATE attempt SET evidence = :evidence WHERE id = :id"),
            {"evidence": json.dumps(evidence), "id": attempt_id},
        )


async def mark_asked(c: AsyncConnection, chunk_id: int, now: datetime) -> None:
    """The chunk's missing receipts were asked for now. Safe to repeat."""
    await c.execute(text("UPDATE chunk SET asked_at = :now WHERE id = :id"), {"now": stamp(now), "id": chunk_id})
