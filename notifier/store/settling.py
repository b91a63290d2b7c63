"""Unsure attempts: which are due to be asked about, and recording what the provider said."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import Medium, Waiting
from notifier.domain.outcomes import Found, Reason
from notifier.store.dispatching import in_new_chunk
from notifier.store.ledger import Ledger, take_ids
from notifier.store.moving import Cause, fail_messages, move_messages
from notifier.store.notices import read_notice
from notifier.store.reaching import reach
from notifier.store.setbacks import exhaust
from notifier.store.tables.columns import instant, stamp
from notifier.store.verdicts import forget_verdicts


@dataclass(frozen=True, slots=True)
class UnsureLetters:
    """An unsure attempt with the messages of it that are still unsure; empty when receipts settled them all.

    A message that was proved absent left the attempt's chunk; should it be unsure again, that is another attempt's.
    """

    attempt_id: int
    out_id: str
    gateway: str
    template: str
    medium: Medium
    started_at: datetime
    chunk_id: int
    evidence: Mapping[str, int]
    """What asking said before, in letters, and how often it was asked."""
    waiting: Sequence[Waiting] = field(repr=False)


async def due_unsure(ledger: Ledger, now: datetime, next_ask: datetime, most: int) -> list[UnsureLetters]:
    """Up to `most` attempts whose time to be asked about has come, WeChat before SMS, then the oldest first.

    WeChat can only be asked within ten minutes. They are not due again before `next_ask`, so that two processes do not
    ask the same at once.
    """
    async with ledger.writing() as c:
        rows = (
            await c.execute(
                text(
                    "SELECT u.attempt_id, u.n_asked, a.out_id, a.gateway, a.template, a.message_ids, a.started_at, "
                    "a.evidence, a.chunk_id, k.medium "
                    "FROM unsure_attempt u JOIN attempt a ON a.id = u.attempt_id JOIN chunk k ON k.id = a.chunk_id "
                    "WHERE u.ask_at <= :now ORDER BY k.medium DESC, u.ask_at LIMIT :most"
                    + ("" if ledger.is_sqlite else " FOR UPDATE OF u SKIP LOCKED")
                ),
                {"now": stamp(now), "most": most},
            )
        ).all()
        await c.execute(
            text(
                "UPDATE unsure_attempt SET ask_at = :next, n_asked = n_asked + 1 WHERE "
                + ledger.among("attempt_id", "ids")
            ),
            {"next": stamp(next_ask), "ids": ledger.listed([row.attempt_id for row in rows])},
        )
        return [
            UnsureLetters(
                row.attempt_id,
                row.out_id,
                row.gateway,
                row.template,
                Medium(row.medium),
                instant(row.started_at),
                row.chunk_id,
                json.loads(row.evidence or "{}"),
                await _waiting(c, ledger, row.chunk_id, json.loads(row.message_ids)),
            )
            for row in rows
        ]


async def _waiting(c: AsyncConnection, ledger: Ledger, chunk_id: int, message_ids: Sequence[int]) -> list[Waiting]:
    rows = await c.execute(
        text(
            "SELECT m.id, t.id AS contact_id, t.value_sealed, n.id AS notice_id, n.kind, n.facts_sealed "
            "FROM message m JOIN contact t ON t.id = m.contact_id JOIN notice n ON n.id = m.notice_id "
            f"WHERE {ledger.among('m.id', 'ids')} AND m.chunk_id = :chunk AND m.state = 'unsure' "
            "AND m.merged_into IS NULL ORDER BY m.id"
        ),
        {"ids": ledger.listed(message_ids), "chunk": chunk_id},
    )
    return [
        Waiting(
            int(row.id),
            ledger.vault.open_text("contact.value_sealed", row.contact_id, row.value_sealed),
            read_notice(ledger, row.notice_id, row.kind, row.facts_sealed),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Settled:
    """What asking settled of one attempt, by message id. `gone` were never sent; `lost` stay unsettled for good."""

    found: Sequence[tuple[int, Found]]
    gone: Sequence[int]
    lost: Sequence[int]
    is_over: bool
    """Nothing of the attempt is unsure any more."""


async def record_settlement(ledger: Ledger, attempt: UnsureLetters, settled: Settled, now: datetime) -> None:
    """What the provider said is durable with its evidence; what never left is ready again in a chunk of its own.

    What stays unsettled for good is silent and its household goes to a visit, never to another message (P3).
    """
    async with ledger.writing() as c:
        if settled.gone:
            # Ids before counts, as composing does it; in the other order the two could wait for each other.
            await take_ids(c, "chunk", 0)
        for message_id, found in settled.found:
            await move_messages(c, ledger, [message_id], Cause(MessageEvent.ACCEPT), now)
            if found.delivered:
                delivered = await _word(c, ledger, message_id, found, now)
                await reach(c, ledger, delivered, "handset", now)
                await forget_verdicts(c, ledger, delivered, now)
            elif found.delivered is False:
                await _word(c, ledger, message_id, found, now)
        gone = await _still_here(c, ledger, attempt.chunk_id, settled.gone)
        released = await move_messages(c, ledger, gone, Cause(MessageEvent.RELEASE, "absent"), now)
        await in_new_chunk(c, ledger, released, now)
        cause = Cause(MessageEvent.FALL_SILENT, "unsettled", Reason.UNSETTLED)
        lost = await move_messages(c, ledger, settled.lost, cause, now)
        await exhaust(c, ledger, await owed_of(c, ledger, lost), Reason.UNSETTLED, now)
        await _close(c, attempt, settled, now)


async def _still_here(c: AsyncConnection, ledger: Ledger, chunk_id: int, message_ids: Sequence[int]) -> list[int]:
    # Another process may have asked at the same time and released them first.
    rows = await c.execute(
        text(f"SELECT id FROM message WHERE {ledger.among('id', 'ids')} AND chunk_id = :chunk"),
        {"ids": ledger.listed(message_ids), "chunk": chunk_id},
    )
    return [int(row.id) for row in rows]


async def _word(c: AsyncConnection, ledger: Ledger, message_id: int, found: Found, now: datetime) -> list[int]:
    if found.delivered:
        return await move_messages(c, ledger, [message_id], Cause(MessageEvent.DELIVER, found.code), now)
    cause = Cause(MessageEvent.FAIL, found.code, found.reason or Reason.UNKNOWN)
    return await fail_messages(c, ledger, [message_id], cause, now)


async def owed_of(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int]) -> list[int]:
    """The owed ids of messages, each once."""
    rows = await c.execute(
        text(f"SELECT DISTINCT owed_id FROM message WHERE {ledger.among('id', 'ids')}"),
        {"ids": ledger.listed(message_ids)},
    )
    return [int(row.owed_id) for row in rows]


async def _close(c: AsyncConnection, attempt: UnsureLetters, settled: Settled, now: datetime) -> None:
    now_said = {"asked": 1, "found": len(settled.found), "absent": len(settled.gone), "unsettled": len(settled.lost)}
    evidence = json.dumps(
        {**attempt.evidence, **{word: attempt.evidence.get(word, 0) + n for word, n in now_said.items()}}
    )
    ref = settled.found[0][1].provider_ref if settled.found else None
    await c.execute(
        text(
            "UPDATE attempt SET evidence = :evidence, provider_ref = coalesce(:ref, provider_ref), "
            "outcome = coalesce(:outcome, outcome), state = :state, ended_at = :now WHERE id = :id"
        ),
        {
            "evidence": evidence,
            "ref": ref or None,
            "outcome": "absent" if settled.gone and settled.is_over else None,
            "state": "settled" if settled.is_over else "unsure",
            "now": stamp(now),
            "id": attempt.attempt_id,
        },
    )
    if settled.is_over:
        await c.execute(text("DELETE FROM unsure_attempt WHERE attempt_id = :id"), {"id": attempt.attempt_id})
