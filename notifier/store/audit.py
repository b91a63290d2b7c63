"""The audit trail: entries are only ever appended, and each carries a keyed hash over itself and the one before.

Whoever can write to the database but has not the key file can neither change an entry nor add one unnoticed.
"""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.regions import level_of, span
from notifier.store.ledger import VAULT, Ledger, take_ids
from notifier.store.sealing import Vault
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
class Wanted:
    """Which entries: of one user, of deeds that begin with `what`, of a time, and older than entry `before`."""

    who: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of the trail at some time: its number and its hash in hexadecimal digits."""

    entry_id: int
    hash: str


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
        {**row, "hash": _hash(c.info[VAULT], row)},
    )
    return entry_id


async def verify(ledger: Ledger, known: Head | None = None) -> Sequence[Break]:
    """Every break of the chain, oldest first: changed, removed or cut-off entries. Empty when it is whole.

    `known` is a head that was written down outside of the ledger: the trail must still have that very entry.
    """
    breaks: list[Break] = []
    expected_id, previous = 1, _START
    has_known = known is None
    async with ledger.reading() as c:
        while page := (await c.execute(text(_PAGE_SQL), {"first": expected_id, "n": _PAGE})).mappings().all():
            for row in page:
                breaks += _judge(ledger.vault, dict(row), (expected_id, previous))
                expected_id, previous = int(row["id"]) + 1, bytes(row["hash"])
                has_known = has_known or known == Head(int(row["id"]), previous.hex())
        end = (await c.execute(text("SELECT next_id FROM counter WHERE name = 'audit_entry'"))).scalar()
    if end is not None and int(end) != expected_id:
        breaks.append(Break(expected_id, "末尾的记录被删除"))
    if known is not None and not has_known:
        breaks.append(Break(known.entry_id, "与此前抄下的链头不符"))
    return breaks


async def head(ledger: Ledger) -> Head | None:
    """The newest entry; whoever writes it down can later prove that nothing up to it was cut off. None: no entry."""
    async with ledger.reading() as c:
        row = (await c.execute(text("SELECT id, hash FROM audit_entry ORDER BY id DESC LIMIT 1"))).first()
    return None if row is None else Head(int(row.id), bytes(row.hash).hex())


async def entries(ledger: Ledger, region_code: str, wanted: Wanted, most: int) -> Sequence[Entry]:
    """The entries of what users and keys of the region did, newest first.

    What nobody's account did (the service itself, farmers) belongs to the county and those above it.
    """
    is_top = level_of(region_code) not in ("township", "village")
    parts = [_OF_COUNTY if is_top else _OF_TOWNSHIP]
    parts += [sql for sql, wants in _WANTED_SQL.items() if wants(wanted)]
    first, last = span(region_code)
    bound = {
        "first": first,
        "last": last,
        "who": wanted.who,
        "what": wanted.what,
        "beyond": f"{wanted.what}\uffff",
        "since": stamp(wanted.since) if wanted.since else 0,
        "until": stamp(wanted.until) if wanted.until else 0,
        "before": wanted.before,
        "n": most,
    }
    statement = text(f"{_ENTRIES_SQL} WHERE {' AND '.join(parts)} ORDER BY e.id DESC LIMIT :n")
    named = {name: bound[name] for name in statement.compile().params}
    async with ledger.reading() as c:
        return [
            Entry(row.id, instant(row.at), row.who, row.what, row.detail) for row in await c.execute(statement, named)
        ]


async def latest(ledger: Ledger, n: int) -> Sequence[Entry]:
    """The newest `n` entries, newest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT id, at, who, what, detail FROM audit_entry ORDER BY id DESC LIMIT :n"), {"n": n}
        )
        return [Entry(row.id, instant(row.at), row.who, row.what, row.detail) for row in rows]


_ENTRIES_SQL = "SELECT e.id, e.at, e.who, e.what, e.detail FROM audit_entry e"
_OF_TOWNSHIP = (
    "e.who IN (SELECT name FROM account WHERE region_code BETWEEN :first AND :last UNION ALL "
    "SELECT 'key:' || CAST(id AS TEXT) FROM api_key WHERE region_code BETWEEN :first AND :last)"
)
# Nearly everything is the county's: what others did is left out on the way back from the newest.
_OF_COUNTY = (
    "NOT EXISTS (SELECT 1 FROM account a WHERE a.name = e.who AND a.region_code NOT BETWEEN :first AND :last) "
    "AND NOT EXISTS (SELECT 1 FROM api_key k WHERE e.who = 'key:' || CAST(k.id AS TEXT) "
    "AND k.region_code NOT BETWEEN :first AND :last)"
)
_WANTED_SQL: Mapping[str, Callable[[Wanted], object]] = {
    "e.who = :who": lambda wanted: wanted.who,
    "e.what >= :what AND e.what < :beyond": lambda wanted: wanted.what,
    "e.at >= :since": lambda wanted: wanted.since,
    "e.at < :until": lambda wanted: wanted.until,
    "e.id < :before": lambda wanted: wanted.before,
}

_PAGE_SQL = (
    "SELECT id, at, who, what, detail, previous_hash AS previous, hash FROM audit_entry "
    "WHERE id >= :first ORDER BY id LIMIT :n"
)


def _judge(vault: Vault, row: Mapping[str, Any], expected: tuple[int, bytes]) -> list[Break]:
    expected_id, previous = expected
    found = []
    if int(row["id"]) != expected_id:
        found.append(Break(expected_id, f"第 {expected_id} 条起有记录被删除"))
    elif bytes(row["previous"]) != previous:
        found.append(Break(row["id"], "与前一条记录衔接不上"))
    if not hmac.compare_digest(_hash(vault, row), bytes(row["hash"])):
        found.append(Break(row["id"], "内容被改动"))
    return found


def _hash(vault: Vault, row: Mapping[str, Any]) -> bytes:
    told = [int(row["id"]), int(row["at"]), row["who"], row["what"], row["detail"], bytes(row["previous"]).hex()]
    return vault.blind("audit", json.dumps(told, ensure_ascii=False))
