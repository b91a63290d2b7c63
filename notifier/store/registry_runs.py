"""Files that were handed in: what became of them, and the rejected rows sealed for their uploader (P6)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_PLACE = "import_run.rejected_sealed"


async def begin_run(ledger: Ledger, kind: str, digest: bytes, by_user: str | None, now: datetime) -> int:
    """The id of a new run that has not finished; `digest` is a keyed one of the file."""
    async with ledger.writing() as connection:
        [run_id] = await take_ids(connection, "import_run", 1)
        await connection.execute(
            text(
                "INSERT INTO import_run (id, kind, file_digest, started_at, by_user, counts) "
                "VALUES (:id, :kind, :digest, :at, :by_user, '{}')"
            ),
            {"id": run_id, "kind": kind, "digest": digest, "at": stamp(now), "by_user": by_user},
        )
    return run_id


async def finish_run(
    ledger: Ledger, run_id: int, counts: Mapping[str, Any], rejected: bytes | None, now: datetime
) -> None:
    """The run is finished with its counts; `rejected` is kept sealed. Safe to repeat."""
    sealed = None if rejected is None else ledger.vault.seal(_PLACE, run_id, rejected)
    async with ledger.writing() as connection:
        await connection.execute(
            text("UPDATE import_run SET finished_at = :at, counts = :counts, rejected_sealed = :sealed WHERE id = :id"),
            {"at": stamp(now), "counts": json.dumps(counts, ensure_ascii=False), "sealed": sealed, "id": run_id},
        )


async def read_rejected(ledger: Ledger, run_id: int, by_user: str) -> bytes | None:
    """The workbook of rejected rows for the user who handed the file in; None for anybody else, or when purged."""
    async with ledger.reading() as connection:
        sealed = await connection.scalar(
            text("SELECT rejected_sealed FROM import_run WHERE id = :id AND by_user = :by_user"),
            {"id": run_id, "by_user": by_user},
        )
    return None if sealed is None else ledger.vault.open(_PLACE, run_id, bytes(sealed))


async def list_runs(ledger: Ledger, n_most: int = 50) -> list[dict[str, Any]]:
    """The latest runs, newest first: id, kind, by_user, started_at, finished_at, counts, has_rejected."""
    async with ledger.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT id, kind, by_user, started_at, finished_at, counts, "
                "rejected_sealed IS NOT NULL AS has_rejected FROM import_run ORDER BY id DESC LIMIT :n_most"
            ),
            {"n_most": n_most},
        )
        return [
            {
                "id": row.id,
                "kind": row.kind,
                "by_user": row.by_user,
                "started_at": instant(row.started_at),
                "finished_at": None if row.finished_at is None else instant(row.finished_at),
                "counts": json.loads(row.counts),
                "has_rejected": bool(row.has_rejected),
            }
            for row in rows
        ]


async def purge_rejected(ledger: Ledger, now: datetime, days: int) -> int:
    """Rejected rows of runs older than `days` are gone; how many runs that were. Safe to repeat."""
    async with ledger.writing() as connection:
        result = await connection.execute(
            text(
                "UPDATE import_run SET rejected_sealed = NULL "
                "WHERE rejected_sealed IS NOT NULL AND started_at < :before"
            ),
            {"before": stamp(now - timedelta(days=days))},
        )
    return result.rowcount
