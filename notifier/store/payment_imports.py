"""Runs of payment imports: what a file gave, and its rejected rows, sealed, for the one who handed it in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp


@dataclass(frozen=True, slots=True)
class PaymentRun:
    """One payment file. `rejected` is the workbook that goes back, None when no row was rejected."""

    file_digest: bytes
    at: datetime
    by_user: str | None
    counts: Mapping[str, int]
    rejected: bytes | None = field(repr=False)


async def record_run(ledger: Ledger, c: AsyncConnection, run: PaymentRun) -> int:
    """The run is on record; gives its id, under which the rejected rows are asked for."""
    (run_id,) = await take_ids(c, "import_run", 1)
    rejected = run.rejected
    await c.execute(
        text(
            "INSERT INTO import_run (id, kind, file_digest, started_at, finished_at, by_user, counts, rejected_sealed) "
            "VALUES (:id, 'payments', :digest, :at, :at, :by, :counts, :rejected)"
        ),
        {
            "id": run_id,
            "digest": run.file_digest,
            "at": stamp(run.at),
            "by": run.by_user,
            "counts": json.dumps(dict(run.counts)),
            "rejected": None if rejected is None else ledger.vault.seal("import_run.rejected_sealed", run_id, rejected),
        },
    )
    return run_id


async def rejected_workbook(ledger: Ledger, run_id: int, by_user: str | None) -> bytes:
    """The rejected rows of a run, for the one who handed the file in. Raises InputError when there are none."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text("SELECT rejected_sealed, by_user FROM import_run WHERE id = :id AND kind = 'payments'"),
                {"id": run_id},
            )
        ).one_or_none()
    if row is None or row.rejected_sealed is None or row.by_user != by_user:
        raise InputError(f"编号为 {run_id} 的导入没有可取回的退回行：没有被退回的行、已过保存期，或不是您导入的")
    return ledger.vault.open("import_run.rejected_sealed", run_id, row.rejected_sealed)
