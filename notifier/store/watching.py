"""What watching remembers: a source's health and memory, the identities of everything seen, and snapshots as proof."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source as the last looks left it; `baseline_at` is None until its first complete look."""

    name: str
    baseline_at: datetime | None
    looked_at: datetime | None
    new_at: datetime | None
    last_error: str | None
    memory: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Looked:
    """How a look ended. `memory` is None when it must not be kept, because the look was not complete."""

    at: datetime
    is_complete: bool
    n_new: int
    error: str | None
    memory: Mapping[str, str] | None


def identity_digest(identity: str) -> bytes:
    """The key under which an identity is remembered."""
    return hashlib.blake2b(identity.encode(), digest_size=_DIGEST_BYTES).digest()


async def read_health(ledger: Ledger, name: str) -> SourceHealth:
    """What is known of a source; never looked at: everything None and no memory."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text("SELECT baseline_at, looked_at, new_at, last_error, memory FROM source WHERE name = :name"),
                {"name": name},
            )
        ).one_or_none()
    if row is None:
        return SourceHealth(name, None, None, None, None, {})
    moments = [None if at is None else instant(at) for at in row[:3]]
    return SourceHealth(name, moments[0], moments[1], moments[2], row.last_error, json.loads(row.memory))


async def record_look(ledger: Ledger, name: str, looked: Looked) -> None:
    """The look is in the source's health; a first complete one makes the baseline. Safe to repeat."""
    bound = {
        "name": name,
        "at": stamp(looked.at),
        "complete": int(looked.is_complete),
        "n_new": looked.n_new,
        "error": looked.error,
        "memory": None if looked.memory is None else json.dumps(dict(looked.memory), ensure_ascii=False),
    }
    at = "CAST(:at AS BIGINT)"
    baseline = f"CASE WHEN CAST(:complete AS INTEGER) = 1 THEN {at} END"
    new = f"CASE WHEN CAST(:n_new AS INTEGER) > 0 THEN {at} END"
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO source (name, baseline_at, looked_at, new_at, last_error, memory) "
                f"VALUES (:name, {baseline}, {at}, {new}, CAST(:error AS TEXT), "
                "COALESCE(CAST(:memory AS TEXT), '{}')) ON CONFLICT (name) DO UPDATE SET "
                "baseline_at = COALESCE(source.baseline_at, excluded.baseline_at), looked_at = excluded.looked_at, "
                "new_at = COALESCE(excluded.new_at, source.new_at), last_error = excluded.last_error, "
                "memory = COALESCE(CAST(:memory AS TEXT), source.memory)"
            ),
            bound,
        )


async def known_identities(c: AsyncConnection, identities: Sequence[str]) -> dict[str, int | None]:
    """Those of the identities that were seen before, each with its benefit, or None when the baseline took it."""
    known: dict[str, int | None] = {}
    for identity in identities:
        row = (
            await c.execute(
                text("SELECT benefit_id FROM identity WHERE digest = :digest"), {"digest": identity_digest(identity)}
            )
        ).one_or_none()
        if row is not None:
            known[identity] = row.benefit_id
    return known


@dataclass(frozen=True, slots=True)
class Seen:
    """Identities that one source showed at one time."""

    source: str
    identities: Iterable[str]
    at: datetime


async def remember(c: AsyncConnection, seen: Seen, benefit_id: int | None) -> None:
    """The identities are known from now on; one that has a benefit keeps it. Safe to repeat."""
    rows = [
        {"digest": identity_digest(one), "source": seen.source, "benefit": benefit_id, "at": stamp(seen.at)}
        for one in seen.identities
    ]
    await c.execute(
        text(
            "INSERT INTO identity (digest, source, benefit_id, seen_at) VALUES (:digest, :source, :benefit, :at) "
            "ON CONFLICT (digest) DO UPDATE SET benefit_id = COALESCE(identity.benefit_id, excluded.benefit_id)"
        ),
        rows,
    )


async def keep_snapshot(ledger: Ledger, c: AsyncConnection, source: str, raw: bytes, at: datetime) -> int:
    """The id of the sealed snapshot of `raw`, made unless the same bytes are kept already. Safe to repeat."""
    digest = ledger.vault.blind("snapshot", hashlib.sha256(raw).hexdigest())
    found = (await c.execute(text("SELECT id FROM snapshot WHERE digest = :digest"), {"digest": digest})).scalar()
    if found is not None:
        return int(found)
    (snapshot_id,) = await take_ids(c, "snapshot", 1)
    await c.execute(
        text(
            "INSERT INTO snapshot (id, source, digest, taken_at, raw_sealed) VALUES (:id, :source, :digest, :at, :raw)"
        ),
        {
            "id": snapshot_id,
            "source": source,
            "digest": digest,
            "at": stamp(at),
            "raw": ledger.vault.seal("snapshot.raw_sealed", snapshot_id, raw),
        },
    )
    return snapshot_id
