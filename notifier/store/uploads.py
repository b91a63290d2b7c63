"""Files handed in by a browser: sealed until they are saved or thrown away, with what was seen in them (P6)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.store import audit
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_PLACE = "upload.file_sealed"
KINDS = ("households", "payments")
_ASLEEP = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file handed in. `report` is JSON without personal data; state as in the upload table."""

    upload_id: int
    kind: str
    name: str
    by_user: str
    region_code: str
    state: str
    n_bytes: int
    report: Mapping[str, Any]
    problem: str | None
    run_id: int | None
    received_at: datetime
    beat_at: datetime

    def is_asleep(self, now: datetime) -> bool:
        """True when a process that worked on it is gone; it may be begun again."""
        return self.state in ("reading", "saving") and now - self.beat_at > _ASLEEP


@dataclass(frozen=True, slots=True)
class Received:
    """A new file: what it is, whose, for which region, and its bytes."""

    kind: str
    name: str
    by_user: str
    region_code: str
    content: bytes = field(repr=False)


async def keep_upload(ledger: Ledger, new: Received, sealed_as: tuple[int, bytes], now: datetime) -> None:
    """The file is in the ledger under the id, sealed as `seal_upload` gave it, and being read."""
    upload_id, sealed = sealed_as
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO upload (id, kind, name, by_user, region_code, state, n_bytes, file_sealed, report, "
                "received_at, beat_at) VALUES (:id, :kind, :name, :by, :region, 'reading', :n, :sealed, '{}', :at, :at)"
            ),
            {
                "id": upload_id,
                "kind": new.kind,
                "name": new.name,
                "by": new.by_user,
                "region": new.region_code,
                "n": len(new.content),
                "sealed": sealed,
                "at": stamp(now),
            },
        )
        await audit.append(
            c, new.by_user, "upload.receive", {"upload": upload_id, "kind": new.kind, "bytes": len(new.content)}, at=now
        )


async def next_upload_id(ledger: Ledger) -> int:
    """An id of its own, also when it is not used in the end."""
    async with ledger.writing() as c:
        (upload_id,) = await take_ids(c, "upload", 1)
    return upload_id


def seal_upload(ledger: Ledger, upload_id: int, content: bytes) -> bytes:
    """The sealed form of the file for that id; slow for a large one: call it in a thread."""
    return ledger.vault.seal(_PLACE, upload_id, content)


async def open_upload(ledger: Ledger, upload_id: int) -> bytes:
    """The sealed file; `unseal_upload` opens it. Raises InputError when it was saved or thrown away."""
    async with ledger.reading() as c:
        sealed = await c.scalar(text("SELECT file_sealed FROM upload WHERE id = :id"), {"id": upload_id})
    if sealed is None:
        raise InputError("这个文件已经处理完或已丢弃;请重新上传")
    return bytes(sealed)


def unseal_upload(ledger: Ledger, upload_id: int, sealed: bytes) -> bytes:
    """The file's bytes; slow for a large one: call it in a thread."""
    return ledger.vault.open(_PLACE, upload_id, sealed)


_COLUMNS = (
    "SELECT id, kind, name, by_user, region_code, state, n_bytes, report, problem, run_id, received_at, beat_at "
    "FROM upload WHERE by_user = :by"
)


async def find_upload(ledger: Ledger, upload_id: int, by_user: str) -> Upload | None:
    """The user's own upload; None for anybody else's."""
    async with ledger.reading() as c:
        row = (await c.execute(text(f"{_COLUMNS} AND id = :id"), {"by": by_user, "id": upload_id})).one_or_none()
    return None if row is None else _upload(row)


async def list_uploads(ledger: Ledger, by_user: str, most: int = 20) -> list[Upload]:
    """The user's own uploads, newest first."""
    async with ledger.reading() as c:
        rows = await c.execute(text(f"{_COLUMNS} ORDER BY id DESC LIMIT :most"), {"by": by_user, "most": most})
        return [_upload(row) for row in rows]


def _upload(row: Any) -> Upload:
    return Upload(
        row.id,
        row.kind,
        row.name,
        row.by_user,
        row.region_code,
        row.state,
        row.n_bytes,
        json.loads(row.report),
        row.problem,
        row.run_id,
        instant(row.received_at),
        instant(row.beat_at),
    )


async def beat(ledger: Ledger, upload_id: int, n_rows: int, now: datetime) -> None:
    """Somebody works on it and has come so far."""
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE upload SET beat_at = :at, report = :report WHERE id = :id AND state IN ('reading', 'saving')"),
            {"at": stamp(now), "report": json.dumps({"n_read": n_rows}), "id": upload_id},
        )


async def turn(ledger: Ledger, upload_id: int, states: tuple[str, str], now: datetime) -> bool:
    """The upload goes from the one state to the other; False when it was in another: somebody else was first."""
    async with ledger.writing() as c:
        turned = await c.execute(
            text("UPDATE upload SET state = :after, beat_at = :at, problem = NULL WHERE id = :id AND state = :before"),
            {"before": states[0], "after": states[1], "at": stamp(now), "id": upload_id},
        )
    return bool(turned.rowcount)


@dataclass(frozen=True, slots=True)
class Ended:
    """How work on an upload ended: shown, saved, failed or discarded."""

    state: str
    report: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None
    run_id: int | None = None


async def end(ledger: Ledger, upload_id: int, by_user: str, ended: Ended, now: datetime) -> None:
    """The upload is in that state; the file itself is gone once it is saved or discarded."""
    gone = ", file_sealed = NULL" if ended.state in ("saved", "discarded") else ""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "UPDATE upload SET state = :state, report = :report, problem = CAST(:problem AS TEXT), beat_at = :at, "
                f"run_id = CAST(:run AS BIGINT){gone} WHERE id = :id"
            ),
            {
                "state": ended.state,
                "report": json.dumps(dict(ended.report), ensure_ascii=False),
                "problem": ended.problem,
                "run": ended.run_id,
                "at": stamp(now),
                "id": upload_id,
            },
        )
        await audit.append(c, by_user, f"upload.{ended.state}", {"upload": upload_id}, at=now)


async def purge_uploads(ledger: Ledger, now: datetime, days: int) -> int:
    """Files that nobody decided about for more than `days` are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text(
                "UPDATE upload SET file_sealed = NULL, state = 'discarded' "
                "WHERE file_sealed IS NOT NULL AND received_at < :before"
            ),
            {"before": stamp(now - timedelta(days=days))},
        )
    return int(gone.rowcount)
