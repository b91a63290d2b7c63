"""The audit trail: entries are only ever appended, and each carries a hash over itself and the one before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_PAGE = 1000
_START = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what and when; `detail` is a JSON object without personal data."""

    entry_id: int
    at: datetime
    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the trail was tampered with: `why` says in Chinese what does not fit."""

    entry_id: int
    why: str


async def append(
    c: AsyncConnection, who: str, what: str, detail: Mapping[str, Any], *, at: datetime | None = None
) -> int:
    """The deed is in the trail if the caller's transaction is committed; gives the entry's id.

    `detail` is plain JSON and must hold ids, codes and counts only, no name or number. `at` is now unless given.
    Writers of the trail wait for each other until their transactions end: call it last.
    """
    (entry_id,) = await take_ids(c, "audit_entry", 1)  # also the lock that keeps the chain a chain
    last = (await c.execute(text("SELECT hash FROM audit_entry ORDER BY id DESC LIMIT 1"))).scalar()
    row = {
        "id": entry_id,
        "at": stamp(at or datetime.now(UTC)),
        "who": who,
        "what": what,
        "detail": json.dumps(dict(detail), ensure_ascii=False, sort_keys=True),
        "previous": bytes(last) if last is not None else _START,
    }
    await c.execute(
        text(
            "INSERT INTO audit_entry (id, at, who, what, detail, previous_hash, hash) "
            "VALUES (:id, :at, :who, :what, :detail, :previous, :hash)"
        ),
        {**row, "hash": _hash(row)},
    )
    return entry_id


async def verify(ledger: Ledger) -> Sequence[Break]:
    """Every break of the chain, oldest first: changed, removed or cut-off entries. Empty when it is whole."""
    breaks: list[Break] = []
    expected_id, previous = 1, _START
    async with ledger.reading() as c:
        while page := (await c.execute(text(_PAGE_SQL), {"first": expected_id, "n": _PAGE})).mappings().all():
            for row in page:
                breaks += _judge(dict(row), expected_id, previous)
                expected_id, previous = int(row["id"]) + 1, bytes(row["hash"])
        end = (await c.execute(text("SELECT next_id FROM counter WHERE name = 'audit_entry'"))).scalar()
    if end is not None and int(end) != expected_id:
        breaks.append(Break(expected_id, "末尾的记录被删除"))
    return breaks


async def latest(ledger: Ledger, n: int) -> Sequence[Entry]:
    """The newest `n` entries, newest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT id, at, who, what, detail FROM audit_entry ORDER BY id DESC LIMIT :n"), {"n": n}
        )
        return [Entry(row.id, instant(row.at), row.who, row.what, row.detail) for row in rows]


_PAGE_SQL = (
    "SELECT id, at, who, what, detail, previous_hash AS previous, hash FROM audit_entry "
    "WHERE id >= :first ORDER BY id LIMIT :n"
)


def _judge(row: Mapping[str, Any], expected_id: int, previous: bytes) -> list[Break]:
    found = []
    if int(row["id"]) != expected_id:
        found.append(Break(expected_id, f"第 {expected_id} 条起有记录被删除"))
    elif bytes(row["previous"]) != previous:
        found.append(Break(row["id"], "与前一条记录衔接不上"))
    if _hash(row) != bytes(row["hash"]):
        found.append(Break(row["id"], "内容被改动"))
    return found


def _hash(row: Mapping[str, Any]) -> bytes:
    told = [int(row["id"]), int(row["at"]), row["who"], row["what"], row["detail"], bytes(row["previous"]).hex()]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).digest()
