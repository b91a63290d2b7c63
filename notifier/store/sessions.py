"""Logins that are open: one row each, found by the hash of a token that only the browser has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.store.accounts import Account, account_of
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_SEEN_EVERY = timedelta(minutes=1)
_PLACE = "account_session.address_sealed"


@dataclass(frozen=True, slots=True)
class Ages:
    """How long a login may last in all, and without a request."""

    longest: timedelta
    idle: timedelta


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from: a browser in a few words, and the address."""

    agent: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """An open login of somebody, for themselves to look at."""

    session_id: int
    began_at: datetime
    seen_at: datetime
    visitor: Visitor


async def open_session(ledger: Ledger, name: str, token: str, visitor: Visitor, now: datetime) -> int:
    """The login is open; its id."""
    async with ledger.writing() as c:
        (session_id,) = await take_ids(c, "account_session", 1)
        await c.execute(
            text(
                "INSERT INTO account_session (id, token_hash, name, began_at, seen_at, agent, address_sealed) "
                "VALUES (:id, :token, :name, :now, :now, :agent, :address)"
            ),
            {
                "id": session_id,
                "token": _hash(ledger, token),
                "name": name,
                "now": stamp(now),
                "agent": visitor.agent,
                "address": ledger.vault.seal_text(_PLACE, session_id, visitor.address),
            },
        )
    return session_id


async def find_session(ledger: Ledger, token: str, ages: Ages, now: datetime) -> tuple[int, Account] | None:
    """(its id, whose it is) of an open login of an account that is not disabled; it was seen now."""
    async with ledger.reading() as c:
        found = await c.execute(
            text(
                "SELECT s.id AS session_id, s.seen_at, a.* FROM account_session s JOIN account a ON a.name = s.name "
                f"WHERE s.token_hash = :token AND {_OPEN} AND a.is_disabled = 0"
            ),
            {"token": _hash(ledger, token), **_since(ages, now)},
        )
        row = found.first()
    if row is None:
        return None
    if now - instant(row.seen_at) >= _SEEN_EVERY:
        await _see(ledger, row.session_id, now)
    return row.session_id, account_of(row)


async def list_sessions(ledger: Ledger, name: str, ages: Ages, now: datetime) -> Sequence[Login]:
    """The open logins of an account, the latest first."""
    sql = f"SELECT s.* FROM account_session s WHERE s.name = :name AND {_OPEN} ORDER BY s.seen_at DESC, s.id DESC"
    async with ledger.reading() as c:
        rows = await c.execute(text(sql), {"name": name, **_since(ages, now)})
        return [_login(ledger, row) for row in rows]


async def end_session(ledger: Ledger, name: str, session_id: int, now: datetime) -> bool:
    """The login of that account is over; False when it has no such open one."""
    async with ledger.writing() as c:
        ended = await c.execute(
            text("UPDATE account_session SET ended_at = :now WHERE id = :id AND name = :name AND ended_at IS NULL"),
            {"now": stamp(now), "id": session_id, "name": name},
        )
        return bool(ended.rowcount)


async def end_sessions(ledger: Ledger, name: str, now: datetime, *, but: int = 0) -> int:
    """Every login of the account but one is over; how many ended."""
    async with ledger.writing() as c:
        ended = await c.execute(
            text("UPDATE account_session SET ended_at = :now WHERE name = :name AND id <> :but AND ended_at IS NULL"),
            {"now": stamp(now), "name": name, "but": but},
        )
        return ended.rowcount


async def forget_sessions(ledger: Ledger, before: datetime) -> int:
    """Logins that nobody has used since then are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(text("DELETE FROM account_session WHERE seen_at < :before"), {"before": stamp(before)})
        return gone.rowcount


_OPEN = "s.ended_at IS NULL AND s.began_at > :began AND s.began_at <= :now AND s.seen_at > :seen"


def _since(ages: Ages, now: datetime) -> dict[str, int]:
    return {"began": stamp(now - ages.longest), "seen": stamp(now - ages.idle), "now": stamp(now)}


async def _see(ledger: Ledger, session_id: int, now: datetime) -> None:
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE account_session SET seen_at = :now WHERE id = :id AND seen_at < :now"),
            {"now": stamp(now), "id": session_id},
        )


def _login(ledger: Ledger, row: Any) -> Login:
    address = ledger.vault.open_text(_PLACE, row.id, bytes(row.address_sealed))
    return Login(row.id, instant(row.began_at), instant(row.seen_at), Visitor(row.agent, address))


def _hash(ledger: Ledger, token: str) -> bytes:
    return ledger.vault.blind("login", token)
