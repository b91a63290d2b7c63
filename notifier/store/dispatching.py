"""Claiming chunks under a lease, writing attempts ahead of the bytes, recording what came of them.

The write-ahead row of an attempt *is* the mark `sending`: it names its messages, so a crash leaves exactly those unsure
and no row has to be touched twice. An attempt row is only written by the owner of the chunk's lease.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lanes import Lane
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import Letter, Medium, Waiting
from notifier.store.ledger import Ledger, take_ids
from notifier.store.moving import Cause, move_messages
from notifier.store.shared_phones import merged_into, regroup
from notifier.store.tables.columns import instant, stamp
from notifier.store.waiting import load_waiting
from notifier.store.withholding import withhold


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk held under a lease, with its messages that are ready, in region order."""

    chunk_id: int
    campaign_id: int
    medium: Medium
    owner: str
    waiting: Sequence[Waiting] = field(repr=False)
    lane: Lane = Lane.POLICY
    merged: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """The messages that travel in the letter of another, by that one's id."""
    n_waits: int = 0
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Letters of one template that are about to be sent together."""

    gateway: str
    letters: Sequence[Letter] = field(repr=False)
    n_parts: int = 1
    """How many receipts make one word about its letter; see `ReportsParts`."""


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt whose row is written: its letters may leave now, under its out_id."""

    attempt_id: int
    out_id: str
    gateway: str
    letters: Sequence[Letter] = field(repr=False)
    n_parts: int = 1


async def open_chunks(ledger: Ledger, now: datetime, most: int, last: Lane = Lane.POLICY) -> list[int]:
    """Chunks that wait to be claimed: open, due, unleased, of a running campaign; none of a lane behind `last`.

    Those of the lowest lane first, and of a lane the oldest.
    """
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT k.id FROM chunk k JOIN campaign a ON a.id = k.campaign_id WHERE k.state = 'open' "
                "AND k.lane <= :last AND k.not_before <= :now AND k.lease_until < :now AND a.state = 'running' "
                "ORDER BY k.lane, k.id LIMIT :most"
            ),
            {"now": stamp(now), "most": most, "last": int(last)},
        )
        return [int(row.id) for row in rows]


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may send a chunk, and until when if nothing more is heard of them."""

    owner: str
    until: datetime


async def claim(c: AsyncConnection, ledger: Ledger, chunk_id: int, lease: Lease, now: datetime) -> Claim | None:
    """The chunk is the owner's until the lease ends; None when somebody else has it or it is not due.

    What an earlier owner had in the air when it died is unsure now and does not wait.
    """
    row = (
        await c.execute(
            text(
                "UPDATE chunk SET lease_until = :until, lease_owner = :owner WHERE id = :id AND state = 'open' "
                "AND lease_until < :now AND not_before <= :now AND EXISTS (SELECT 1 FROM campaign a "
                "WHERE a.id = chunk.campaign_id AND a.state = 'running') RETURNING campaign_id, medium, lane, "
                "n_waits, waiting_since"
            ),
            {"until": stamp(lease.until), "owner": lease.owner, "id": chunk_id, "now": stamp(now)},
        )
    ).first()
    if row is None:
        return None
    await lose_what_was_in_the_air(c, ledger, chunk_id, now)
    await withhold(c, ledger, chunk_id, now)
    await regroup(c, ledger, chunk_id)
    waiting = await load_waiting(c, ledger, chunk_id, now)
    merged = await merged_into(c, ledger, [one.message_id for one in waiting])
    return Claim(
        chunk_id,
        row.campaign_id,
        Medium(row.medium),
        lease.owner,
        waiting,
        Lane(row.lane),
        merged,
        row.n_waits,
        None if row.waiting_since is None else instant(row.waiting_since),
    )


async def lose_what_was_in_the_air(c: AsyncConnection, ledger: Ledger, chunk_id: int, now: datetime) -> None:
    """The chunk's calls without an answer are unsure, and asked about from now on. Safe to repeat.

    Should their owner be alive after all, what it records later still counts.
    """
    rows = (
        await c.execute(
            text("SELECT id, message_ids FROM attempt WHERE chunk_id = :chunk AND state = 'sending'"),
            {"chunk": chunk_id},
        )
    ).all()
    if not rows:
        return
    ids = [message_id for row in rows for message_id in json.loads(row.message_ids)]
    await move_messages(c, ledger, ids, Cause(MessageEvent.LOSE, "crash"), now)
    await mark_unsure(c, [int(row.id) for row in rows], "crash", now)


async def mark_unsure(c: AsyncConnection, attempt_ids: Sequence[int], code: str, ask_at: datetime) -> None:
    """The attempts wait to be settled and are first asked about at `ask_at`. Safe to repeat."""
    await c.execute(
        text("UPDATE attempt SET state = 'unsure', outcome = 'unsure', code = :code WHERE id = :id"),
        [{"id": attempt_id, "code": code} for attempt_id in attempt_ids],
    )
    await c.execute(
        text(
            "INSERT INTO unsure_attempt (attempt_id, ask_at, n_asked) VALUES (:id, :at, 0) "
            "ON CONFLICT (attempt_id) DO NOTHING"
        ),
        [{"id": attempt_id, "at": stamp(ask_at)} for attempt_id in attempt_ids],
    )


async def write_ahead(
    c: AsyncConnection, held: Claim, calls: Sequence[Call], until: datetime, now: datetime
) -> list[Started] | None:
    """An attempt row a call is written and the lease lasts to `until`; once that is committed their bytes may leave.

    None, and nothing written, when the lease was lost or the campaign no longer runs: the caller must stop.
    """
    if not await renew(c, held, until, now):
        return None
    ids = await take_ids(c, "attempt", len(calls))
    started = [
        Started(i, uuid4().hex, call.gateway, call.letters, call.n_parts) for i, call in zip(ids, calls, strict=True)
    ]
    await c.execute(
        text(
            "INSERT INTO attempt (id, out_id, chunk_id, gateway, template, message_ids, state, n_parts, started_at) "
            "VALUES (:id, :out_id, :chunk, :gateway, :template, :message_ids, 'sending', :n_parts, :now)"
        ),
        [
            {
                "id": one.attempt_id,
                "out_id": one.out_id,
                "chunk": held.chunk_id,
                "gateway": one.gateway,
                "template": one.letters[0].template,
                "message_ids": json.dumps(_carried(held, one)),
                "n_parts": one.n_parts,
                "now": stamp(now),
            }
            for one in started
        ],
    )
    return started


def _carried(held: Claim, started: Started) -> list[int]:
    """The letters' own messages in the order of the call, then those that travel in them."""
    own = [letter.message_id for letter in started.letters]
    return own + [merged for one in own for merged in held.merged.get(one, ())]


async def renew(c: AsyncConnection, held: Claim, until: datetime, now: datetime) -> bool:
    """The lease lasts to `until`, and nobody else claims the chunk before this transaction ends; else False."""
    extended = await c.execute(
        text(
            "UPDATE chunk SET lease_until = :until WHERE id = :id AND lease_owner = :owner AND lease_until >= :now "
            "AND EXISTS (SELECT 1 FROM campaign a WHERE a.id = chunk.campaign_id AND a.state = 'running')"
        ),
        {"until": stamp(until), "id": held.chunk_id, "owner": held.owner, "now": stamp(now)},
    )
    return bool(extended.rowcount)


async def keep_out(c: AsyncConnection, held: Claim) -> None:
    """Nobody else claims the chunk before this transaction ends.

    Its row is locked before the counts are, as `claim` does it; in the other order the two could wait for each other.
    """
    if c.dialect.name == "postgresql":  # SQLite has one writer anyway
        await c.execute(text("SELECT id FROM chunk WHERE id = :id FOR UPDATE"), {"id": held.chunk_id})


async def extend_lease(ledger: Ledger, held: Claim, until: datetime, now: datetime) -> bool:
    """The lease lasts to `until`; False when it was lost or the campaign no longer runs. A sign of life."""
    async with ledger.writing() as c:
        return await renew(c, held, until, now)


async def let_go(c: AsyncConnection, held: Claim, now: datetime, not_before: datetime | None = None) -> None:
    """The chunk is sent when nothing of it is ready or postponed; else it is open to others from `not_before` on.

    Safe to repeat; changes nothing when the lease is another's by now.
    """
    await c.execute(
        text(
            "UPDATE chunk SET lease_until = 0, lease_owner = NULL, not_before = :later, "
            "state = CASE WHEN EXISTS (SELECT 1 FROM message m WHERE m.chunk_id = chunk.id "
            "AND m.state IN ('ready', 'postponed')) THEN 'open' ELSE 'sent' END, "
            # The receipt window begins with the last message of the chunk, however long it was paused.
            "sent_at = :now WHERE id = :id AND lease_owner = :owner"
        ),
        {
            "later": stamp(not_before or now),
            "now": stamp(now),
            "id": held.chunk_id,
            "owner": held.owner,
        },
    )


async def in_new_chunk(
    c: AsyncConnection,
    ledger: Ledger,
    message_ids: Sequence[int],
    not_before: datetime,
    postponed_at: datetime | None = None,
) -> list[int]:
    """The messages are in chunks of their own, one a campaign and medium, open from then on; the chunks' ids.

    With `postponed_at` they wait once more than they did. Empty is fine.
    """
    if not message_ids:
        return []
    rows = (
        await c.execute(
            text(
                "SELECT m.campaign_id, m.medium, MIN(k.lane) AS lane, MAX(k.n_waits) AS n_waits, "
                "MIN(k.waiting_since) AS since FROM message m JOIN chunk k ON k.id = m.chunk_id "
                f"WHERE {ledger.among('m.id', 'ids')} GROUP BY m.campaign_id, m.medium"
            ),
            {"ids": ledger.listed(message_ids)},
        )
    ).all()
    chunk_ids = await take_ids(c, "chunk", len(rows))
    for chunk_id, row in zip(chunk_ids, rows, strict=True):
        bound = {"chunk": chunk_id, "campaign": row.campaign_id, "medium": row.medium, "lane": row.lane}
        placed = await c.execute(
            text(
                "UPDATE message SET chunk_id = :chunk WHERE campaign_id = :campaign AND medium = :medium AND "
                + ledger.among("id", "ids")
            ),
            bound | {"ids": ledger.listed(message_ids)},
        )
        since = stamp(postponed_at) if row.since is None and postponed_at else row.since
        waits = {"n_waits": row.n_waits + (postponed_at is not None), "since": since}
        await _open(c, bound | waits | {"n": placed.rowcount, "later": stamp(not_before)})
    return list(chunk_ids)


async def _open(c: AsyncConnection, bound: Mapping[str, object]) -> None:
    await c.execute(
        text(
            "INSERT INTO chunk (id, campaign_id, medium, lane, n_messages, state, not_before, lease_until, "
            "n_waits, waiting_since) VALUES (:chunk, :campaign, :medium, :lane, :n, 'open', :later, 0, "
            ":n_waits, :since)"
        ),
        bound,
    )
