"""Pushes from providers: stored sealed before they are answered, folded into message states later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.contracts import Push
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_PLACE = "push.sealed"


@dataclass(frozen=True, slots=True)
class DuePush:
    """A stored push that waits to be folded."""

    push_id: int
    push: Push = field(repr=False)


async def store_push(ledger: Ledger, push: Push) -> bool:
    """`store_pushes` of one."""
    return (await store_pushes(ledger, [push]))[0]


async def store_pushes(ledger: Ledger, pushes: Sequence[Push]) -> list[bool]:
    """All pushes are durable and due to be folded; True for each that is new, False where it was stored before.

    Safe to repeat: a push is the same when its key is, or without one its body and query; one that carries what was
    used once before is not stored either. Raises what the database raises, and then none is stored; do not answer the
    provider then, it will push again.
    """
    async with ledger.writing() as c:
        ids = await take_ids(c, "push", len(pushes))
        await c.execute(
            text(
                "INSERT INTO push (id, gateway, digest, once_digest, sealed, received_at, folded, n_damaged) "
                "VALUES (:id, :gateway, :digest, :once, :sealed, :at, 0, 0) ON CONFLICT DO NOTHING"
            ),
            [_row(ledger, push_id, push) for push_id, push in zip(ids, pushes, strict=True)],
        )
        stored = await c.execute(
            text("INSERT INTO push_due (push_id) SELECT id FROM push WHERE id BETWEEN :lo AND :hi RETURNING push_id"),
            {"lo": ids[0], "hi": ids[-1]},
        )
        new = {int(row.push_id) for row in stored}
    return [push_id in new for push_id in ids]


def _row(ledger: Ledger, push_id: int, push: Push) -> dict[str, object]:
    query = json.dumps(dict(push.query), sort_keys=True, ensure_ascii=False)
    # Query and body are both kept: the signature of a WeChat push is in its query.
    content = json.dumps([query, push.body.hex()]).encode()
    same = f"{query}|{push.body.hex()}" if push.key is None else f"key|{push.key}"
    once = None if push.once is None else ledger.vault.blind("push", f"{push.gateway}|once|{push.once}")
    return {
        "id": push_id,
        "gateway": push.gateway,
        "digest": ledger.vault.blind("push", f"{push.gateway}|{same}"),
        "once": once,
        "sealed": ledger.vault.seal(_PLACE, push_id, content),
        "at": stamp(push.received_at),
    }


async def take_due_pushes(c: AsyncConnection, ledger: Ledger, most: int) -> list[DuePush]:
    """Up to `most` due pushes, oldest first, no longer due if the caller's transaction is committed."""
    skip = "" if ledger.is_sqlite else " FOR UPDATE SKIP LOCKED"
    ids = [
        int(row[0])
        for row in await c.execute(
            text(f"SELECT push_id FROM push_due ORDER BY push_id LIMIT :most{skip}"), {"most": most}
        )
    ]
    if not ids:
        return []
    chosen = {"ids": ledger.listed(ids)}
    await c.execute(text(f"DELETE FROM push_due WHERE {ledger.among('push_id', 'ids')}"), chosen)
    rows = await c.execute(
        text(f"SELECT id, gateway, sealed, received_at FROM push WHERE {ledger.among('id', 'ids')} ORDER BY id"), chosen
    )
    return [DuePush(int(row.id), _open(ledger, row.id, row.gateway, row.sealed, row.received_at)) for row in rows]


def _open(ledger: Ledger, push_id: int, gateway: str, sealed: bytes, at: int) -> Push:
    query, body = json.loads(ledger.vault.open(_PLACE, push_id, sealed))
    return Push(gateway, json.loads(query), bytes.fromhex(body), instant(at))


async def mark_folded(c: AsyncConnection, push_id: int, n_damaged: int) -> None:
    """The push is folded; `n_damaged` of its elements were not receipts."""
    await c.execute(text("UPDATE push SET folded = 1, n_damaged = :n WHERE id = :id"), {"n": n_damaged, "id": push_id})


@dataclass(frozen=True, slots=True)
class Word:
    """A receipt as the ledger folds it: the address only as its hash."""

    gateway: str
    out_id: str
    provider_ref: str
    address_hash: bytes = field(repr=False)
    delivered: bool
    code: str
    reason: str | None
    at: datetime
    template: str = ""
    """Set where only template, address and time tell which call it is of."""
    submitted_at: datetime | None = None
    """Set where only address and this time tell which call it is of, should its answer be lost."""


async def park(c: AsyncConnection, words: Sequence[Word], now: datetime) -> None:
    """Receipts whose message is unknown are kept, once each, to be tried again. Empty is fine. Safe to repeat."""
    if not words:
        return
    ids = await take_ids(c, "parked_receipt", len(words))
    await c.execute(
        text(
            "INSERT INTO parked_receipt "
            "(id, gateway, out_id, provider_ref, address_hash, delivered, code, reason, at, parked_at, submitted_at) "
            "VALUES (:id, :gateway, :out_id, :ref, :hash, :delivered, :code, :reason, :at, :now, :submitted) "
            # The same receipt again changes nothing, but a later `delivered` replaces a failure.
            "ON CONFLICT (gateway, out_id, provider_ref, address_hash) DO UPDATE SET "
            "delivered = excluded.delivered, code = excluded.code, reason = excluded.reason "
            "WHERE parked_receipt.delivered = 0"
        ),
        [
            {
                "id": row_id,
                "gateway": word.gateway,
                "out_id": word.out_id,
                "ref": word.provider_ref,
                "hash": word.address_hash,
                "delivered": int(word.delivered),
                "code": word.code,
                "reason": word.reason,
                "at": stamp(word.at),
                "now": stamp(now),
                "submitted": None if word.submitted_at is None else stamp(word.submitted_at),
            }
            for row_id, word in zip(ids, words, strict=True)
        ],
    )


async def take_parked(c: AsyncConnection) -> list[Word]:
    """Parked receipts whose attempt the ledger knows by now; they are parked no longer if the caller commits."""
    rows = (
        await c.execute(
            text(
                "SELECT p.id, p.gateway, p.out_id, p.provider_ref, p.address_hash, p.delivered, p.code, p.reason, p.at "
                "FROM parked_receipt p WHERE EXISTS (SELECT 1 FROM attempt a WHERE a.gateway = p.gateway AND "
                "(a.out_id = p.out_id OR (p.provider_ref <> '' AND a.provider_ref = p.provider_ref))) "
                "OR EXISTS (SELECT 1 FROM part q WHERE q.gateway = p.gateway AND q.ref = p.provider_ref)"
            )
        )
    ).all()
    if rows:
        await c.execute(text("DELETE FROM parked_receipt WHERE id = :id"), [{"id": row.id} for row in rows])
    return [
        Word(
            row.gateway,
            row.out_id,
            row.provider_ref,
            row.address_hash,
            bool(row.delivered),
            row.code,
            row.reason,
            instant(row.at),
        )
        for row in rows
    ]


async def forget_parked(ledger: Ledger, now: datetime, keep: timedelta) -> int:
    """Receipts parked longer than `keep` are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM parked_receipt WHERE parked_at < :before RETURNING id"), {"before": stamp(now - keep)}
        )
        return len(gone.all())
