"""Answers to signed pushes of payments, by nonce: what comes again is answered the same and does nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp


@dataclass(frozen=True, slots=True)
class Nonce:
    """What a push calls itself once, and a digest of its body."""

    source: str
    nonce: str
    body_digest: bytes


async def answer_of(ledger: Ledger, nonce: Nonce) -> tuple[Mapping[str, Any], bool] | None:
    """(the answer, whether the body was this one) of the push that used the nonce; None when none did."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text("SELECT answer, body_digest FROM payment_push WHERE source = :source AND nonce = :nonce"),
                {"source": nonce.source, "nonce": nonce.nonce},
            )
        ).first()
    return None if row is None else (json.loads(row.answer), bytes(row.body_digest) == nonce.body_digest)


async def keep_answer(
    c: AsyncConnection, nonce: Nonce, answer: Mapping[str, Any], now: datetime, keep: timedelta
) -> None:
    """The answer is kept for `keep`, longer than a push of that age is believed; older ones are gone. Repeatable."""
    await c.execute(text("DELETE FROM payment_push WHERE received_at < :before"), {"before": stamp(now - keep)})
    await c.execute(
        text(
            "INSERT INTO payment_push (source, nonce, body_digest, answer, received_at) "
            "VALUES (:source, :nonce, :digest, :answer, :at) ON CONFLICT (source, nonce) DO NOTHING"
        ),
        {
            "source": nonce.source,
            "nonce": nonce.nonce,
            "digest": nonce.body_digest,
            "answer": json.dumps(dict(answer), ensure_ascii=False),
            "at": stamp(now),
        },
    )
