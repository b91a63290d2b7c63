"""What watching remembers: a source's health and memory, the identities of everything seen, and snapshots as proof."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.watched import SourceState
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_DIGEST_BYTES = 16
_LOOKS_KEPT = 20


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source as the last looks left it; `baseline_at` is None until its first complete look."""

    name: str
    baseline_at: datetime | None
    looked_at: datetime | None
    new_at: datetime | None
    last_error: str | None
    memory: Mapping[str, str]
    drift: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """How a look ended. `memory` is None when it must not be kept, because the look failed.

    `n_listed` None when the list was not counted; `drift` says in Chinese how it shrank; `not_before` is when the site
    asked to be left alone until.
    """

    at: datetime
    is_complete: bool
    n_new: int
    error: str | None
    memory: Mapping[str, str] | None
    state: SourceState = SourceState.WELL
    n_listed: int | None = None
    drift: str | None = None
    not_before: datetime | None = None


def identity_digest(identity: str) -> bytes:
    """The key under which an identity is remembered."""
    return hashlib.blake2b(identity.encode(), digest_size=_DIGEST_BYTES).digest()


async def read_health(ledger: Ledger, name: str) -> SourceHealth:
    """What is known of a source; never looked at: everything None and no memory."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text(
                    "SELECT baseline_at, looked_at, new_at, not_before, last_error, memory, drift FROM source "
                    "WHERE name = :name"
                ),
                {"name": name},
            )
        ).one_or_none()
    if row is None:
        return SourceHealth(name, None, None, None, None, {})
    began, looked, new, not_before = [None if at is None else instant(at) for at in row[:4]]
    return SourceHealth(name, began, looked, new, row.last_error, json.loads(row.memory), row.drift, not_before)


async def earlier_counts(ledger: Ledger, name: str) -> list[int]:
    """How many items the last normal looks of a source found, at most twenty; a drifted look is not among them."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT n_listed FROM look WHERE source = :name ORDER BY looked_at DESC LIMIT :n"),
            {"name": name, "n": _LOOKS_KEPT},
        )
        return [int(n) for (n,) in rows]


_AT = "CAST(:at AS BIGINT)"
_WHEN_COMPLETE = f"CASE WHEN CAST(:complete AS INTEGER) = 1 THEN {_AT} END"
_RECORD = text(
    "INSERT INTO source (name, baseline_at, complete_at, looked_at, new_at, error_at, last_error, state, drift, "
    f"not_before, memory) VALUES (:name, {_WHEN_COMPLETE}, {_WHEN_COMPLETE}, {_AT}, "
    f"CASE WHEN CAST(:n_new AS INTEGER) > 0 THEN {_AT} END, CASE WHEN CAST(:error AS TEXT) IS NOT NULL THEN {_AT} END, "
    "CAST(:error AS TEXT), :state, CAST(:drift AS TEXT), CAST(:not_before AS BIGINT), "
    "COALESCE(CAST(:memory AS TEXT), '{}')) ON CONFLICT (name) DO UPDATE SET "
    "baseline_at = COALESCE(source.baseline_at, excluded.baseline_at), looked_at = excluded.looked_at, "
    "complete_at = COALESCE(excluded.complete_at, source.complete_at), "
    "error_at = COALESCE(excluded.error_at, source.error_at), state = excluded.state, drift = excluded.drift, "
    "not_before = excluded.not_before, "
    "new_at = COALESCE(excluded.new_at, source.new_at), last_error = excluded.last_error, "
    "memory = COALESCE(CAST(:memory AS TEXT), source.memory)"
)


async def record_look(ledger: Ledger, name: str, looked: Looked) -> None:
    """The look is in the source's health; a first complete one makes the baseline. Safe to repeat."""
    bound = {
        "name": name,
        "at": stamp(looked.at),
        "complete": int(looked.is_complete),
        "n_new": looked.n_new,
        "error": looked.error,
        "state": looked.state.value,
        "drift": looked.drift,
        "not_before": None if looked.not_before is None else stamp(looked.not_before),
        "memory": None if looked.memory is None else json.dumps(dict(looked.memory), ensure_ascii=False),
    }
    async with ledger.writing() as c:
        await c.execute(_RECORD, bound)
        if looked.n_listed is not None and looked.drift is None:
            await _keep_count(c, name, looked.at, looked.n_listed)


async def _keep_count(c: AsyncConnection, name: str, at: datetime, n_listed: int) -> None:
    await c.execute(
        text(
            "INSERT INTO look (source, looked_at, n_listed) VALUES (:name, :at, :n) "
            "ON CONFLICT (source, looked_at) DO UPDATE SET n_listed = excluded.n_listed"
        ),
        {"name": name, "at": stamp(at), "n": n_listed},
    )
    await c.execute(
        text(
            "DELETE FROM look WHERE source = :name AND looked_at NOT IN (SELECT looked_at FROM look "
            "WHERE source = :name ORDER BY looked_at DESC LIMIT :kept)"
        ),
        {"name": name, "kept": _LOOKS_KEPT},
    )


async def accept_list(c: AsyncConnection, name: str, *, anew: bool) -> bool:
    """The source's list is measured from its next look on; with `anew`, that look is a baseline too and tells nobody.

    False when there is no such source.
    """
    await c.execute(text("DELETE FROM look WHERE source = :name"), {"name": name})
    begins = ", baseline_at = NULL, memory = '{}'" if anew else ""
    done = await c.execute(
        text(
            f"UPDATE source SET drift = NULL, state = 'well', last_error = NULL, looked_at = NULL{begins} "
            "WHERE name = :name"
        ),
        {"name": name},
    )
    return done.rowcount > 0


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
    """The id of the sealed snapshot of `raw`, made unless the same bytes are kept already. Safe to repeat.

    Bytes whose days were over are kept anew when they are found again, under the same id.
    """
    digest = ledger.vault.blind("snapshot", hashlib.sha256(raw).hexdigest())
    query = text("SELECT id, raw_sealed IS NULL AS is_gone FROM snapshot WHERE digest = :digest")
    found = (await c.execute(query, {"digest": digest})).one_or_none()
    if found is not None:
        if found.is_gone:
            sealed = ledger.vault.seal("snapshot.raw_sealed", found.id, raw)
            again = text("UPDATE snapshot SET raw_sealed = :raw, taken_at = :at WHERE id = :id")
            await c.execute(again, {"id": found.id, "raw": sealed, "at": stamp(at)})
        return int(found.id)
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
