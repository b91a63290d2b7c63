"""Keys of systems: only the hash of a key is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.domain.regions import span
from notifier.store import audit
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A system's key as people see it; `hint` is how the key begins."""

    key_id: int
    title: str
    hint: str
    permissions: tuple[str, ...]
    region_code: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None


async def add_key(ledger: Ledger, key: ApiKey, secret: str) -> int:
    """The key is in force, with an audit entry; its id (that of `key` is not looked at)."""
    async with ledger.writing() as c:
        (key_id,) = await take_ids(c, "api_key", 1)
        await c.execute(
            text(
                "INSERT INTO api_key (id, title, hint, key_hash, permissions, region_code, created_by, created_at, "
                "expires_at) VALUES (:id, :title, :hint, :hash, :permissions, :region, :by, :at, :until)"
            ),
            {
                "id": key_id,
                "title": key.title,
                "hint": key.hint,
                "hash": _hash(ledger, secret),
                "permissions": " ".join(key.permissions),
                "region": key.region_code,
                "by": key.created_by,
                "at": stamp(key.created_at),
                "until": stamp(key.expires_at),
            },
        )
        made = {"key": key_id, "permissions": list(key.permissions), "region": key.region_code}
        await audit.append(c, key.created_by, "key.add", made, at=key.created_at)
    return key_id


async def find_key(ledger: Ledger, secret: str, now: datetime) -> ApiKey | None:
    """The key in force that the secret opens; it was used now."""
    async with ledger.reading() as c:
        found = await c.execute(
            text("SELECT * FROM api_key WHERE key_hash = :hash AND revoked_at IS NULL AND expires_at > :now"),
            {"hash": _hash(ledger, secret), "now": stamp(now)},
        )
        row = found.first()
    if row is None:
        return None
    key = _key(row)
    if key.used_at is None or now - key.used_at >= _USED_EVERY:
        async with ledger.writing() as c:
            await c.execute(
                text("UPDATE api_key SET used_at = :now WHERE id = :id"), {"now": stamp(now), "id": key.key_id}
            )
    return key


async def list_keys(ledger: Ledger, region_code: str) -> Sequence[ApiKey]:
    """The keys of a region and inside it, the newest first; revoked and expired ones too."""
    first, last = span(region_code)
    sql = text("SELECT * FROM api_key WHERE region_code BETWEEN :first AND :last ORDER BY id DESC")
    async with ledger.reading() as c:
        return [_key(row) for row in await c.execute(sql, {"first": first, "last": last})]


async def revoke_key(ledger: Ledger, key_id: int, region_code: str, by: str, now: datetime) -> bool:
    """The key opens nothing from now on, with an audit entry; False when the region has no such key in force."""
    first, last = span(region_code)
    async with ledger.writing() as c:
        done = await c.execute(
            text(
                "UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL "
                "AND region_code BETWEEN :first AND :last"
            ),
            {"now": stamp(now), "id": key_id, "first": first, "last": last},
        )
        if not done.rowcount:
            return False
        await audit.append(c, by, "key.revoke", {"key": key_id}, at=now)
    return True


def _key(row: Any) -> ApiKey:
    return ApiKey(
        key_id=row.id,
        title=row.title,
        hint=row.hint,
        permissions=tuple(row.permissions.split()),
        region_code=row.region_code,
        created_by=row.created_by,
        created_at=instant(row.created_at),
        expires_at=instant(row.expires_at),
        revoked_at=None if row.revoked_at is None else instant(row.revoked_at),
        used_at=None if row.used_at is None else instant(row.used_at),
    )


def _hash(ledger: Ledger, secret: str) -> bytes:
    return ledger.vault.blind("api_key", secret)
