"""Folding receipts into message and owed states, many at once; order and repetition never matter."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import Medium
from notifier.domain.outcomes import Reason
from notifier.store.content import pause_over_content
from notifier.store.direct import note_direct_words
from notifier.store.following import end_consents
from notifier.store.ledger import Ledger
from notifier.store.missing import WANTING
from notifier.store.moving import Cause, fail_messages, move_messages
from notifier.store.parts import join_parts
from notifier.store.reaching import reach
from notifier.store.receipts import Word
from notifier.store.sent_events import bind_sent_events
from notifier.store.tables.columns import stamp
from notifier.store.verdicts import forget_verdicts

_UNANSWERED = timedelta(hours=12)
"""How long after the window a gateway that does not answer may still be asked."""


@dataclass(frozen=True, slots=True)
class FoldedWords:
    """What folding did. `unknown` are words whose message the ledger does not know (yet)."""

    n_delivered: int
    n_failed: int
    n_repeated: int
    unknown: Sequence[Word]


async def fold_words(
    c: AsyncConnection, ledger: Ledger, words: Sequence[Word], now: datetime, same_content: int = 5
) -> FoldedWords:
    """Each word moved its message if the life cycle has an edge for it; delivered beats failed in the same batch.

    A campaign of which `same_content` recipients had their text refused by one code is paused.
    """
    words = await join_parts(c, ledger, words)
    await bind_sent_events(c, words)
    known = await _known(c, ledger, words)
    by_cause: dict[tuple[bool, str, str | None], list[int]] = defaultdict(list)
    unknown = []
    for word, message_ids in zip(words, known, strict=True):
        if not message_ids:
            unknown.append(word)
        by_cause[word.delivered, word.code, word.reason].extend(message_ids)
    n = {True: 0, False: 0}
    delivered: list[int] = []
    # Failures first, so that a `delivered` beside one for the same message has the last word.
    for (is_delivered, code, reason), ids in sorted(by_cause.items(), key=lambda item: item[0][0]):
        if is_delivered:
            moved = await move_messages(c, ledger, ids, Cause(MessageEvent.DELIVER, code), now)
            delivered += moved
        else:
            cause = Cause(MessageEvent.FAIL, code, Reason(reason or Reason.UNKNOWN))
            moved = await fail_messages(c, ledger, ids, cause, now)
            if cause.reason is Reason.CONTENT:
                await pause_over_content(c, ledger, moved, code, same_content)
            if cause.reason is Reason.BLOCKED:
                await end_consents(c, ledger, moved, now)
        n[is_delivered] += len(moved)
    n_unknown, unknown = len(unknown), await note_direct_words(c, unknown)
    await reach(c, ledger, delivered, "handset", now)
    await forget_verdicts(c, ledger, delivered, now)
    return FoldedWords(n[True], n[False], len(words) - n_unknown - n[True] - n[False], unknown)


async def _known(c: AsyncConnection, ledger: Ledger, words: Sequence[Word]) -> list[list[int]]:
    """The message ids of each word: by out_id first, by the provider's reference second, and always by the address."""
    attempts = await _attempts(c, words)
    asked = sorted({i for word in words for i in attempts.get(_key(word, attempts), ())})
    rows = await c.execute(
        text(
            "SELECT m.id, t.value_hash FROM message m JOIN contact t ON t.id = m.contact_id WHERE "
            + ledger.among("m.id", "ids")
        ),
        {"ids": ledger.listed(asked)},
    )
    address = {int(row.id): bytes(row.value_hash) for row in rows}
    return [
        [i for i in attempts.get(_key(word, attempts), ()) if address.get(i) == word.address_hash] for word in words
    ]


_Key = tuple[str, str, str]


def _key(word: Word, attempts: dict[_Key, list[int]]) -> _Key:
    by_out_id = (word.gateway, "out", word.out_id)
    return by_out_id if by_out_id in attempts else (word.gateway, "ref", word.provider_ref)


async def _attempts(c: AsyncConnection, words: Sequence[Word]) -> dict[_Key, list[int]]:
    found: dict[_Key, list[int]] = {}
    for column, name, values in (
        ("out_id", "out", {word.out_id for word in words if word.out_id}),
        ("provider_ref", "ref", {word.provider_ref for word in words if word.provider_ref}),
    ):
        if not values:
            continue
        rows = await c.execute(
            text(f"SELECT gateway, {column} AS k, message_ids FROM attempt WHERE {column} IN :values").bindparams(
                bindparam("values", expanding=True)
            ),
            {"values": sorted(values)},
        )
        for row in rows:
            found.setdefault((row.gateway, name, row.k), []).extend(json.loads(row.message_ids))
    return found


async def fall_silent(
    ledger: Ledger, medium: Medium, window: timedelta, now: datetime, askable: Sequence[str] = ()
) -> int:
    """Accepted messages of chunks sent longer ago than the window are silent and set back; how many.

    Their chunks are swept. A chunk with unsure messages waits until those are settled; one of the `askable` gateways
    waits until they were asked for what is missing, half a day at most. Safe to repeat.
    """
    bound: dict[str, object] = {"medium": medium.value, "before": stamp(now - window)}
    asked = ""
    if askable:
        asked = f"AND (sent_at < :given_up OR NOT ({WANTING})) "
        bound |= {
            "gateways": list(askable),
            "window": window // timedelta(microseconds=1),
            "given_up": stamp(now - window - _UNANSWERED),
        }
    found = text(
        "SELECT id FROM chunk WHERE state = 'sent' AND medium = :medium AND sent_at < :before "
        f"{asked}AND NOT EXISTS (SELECT 1 FROM message m WHERE m.chunk_id = chunk.id "
        "AND m.state IN ('unsure', 'ready', 'postponed')) ORDER BY id LIMIT 100"
    )
    if askable:
        found = found.bindparams(bindparam("gateways", expanding=True))
    async with ledger.writing() as c:
        chunks = [int(row.id) for row in await c.execute(found, bound)]
        if not chunks:
            return 0
        chosen = {"chunks": ledger.listed(chunks)}
        rows = await c.execute(
            text(f"SELECT id FROM message WHERE {ledger.among('chunk_id', 'chunks')} AND state = 'accepted'"), chosen
        )
        cause = Cause(MessageEvent.FALL_SILENT, None, Reason.SILENT)
        silent = await fail_messages(c, ledger, [int(row.id) for row in rows], cause, now)
        await c.execute(text(f"UPDATE chunk SET state = 'swept' WHERE {ledger.among('id', 'chunks')}"), chosen)
        return len(silent)
