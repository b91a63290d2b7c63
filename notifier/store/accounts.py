"""Users: who may log in, as what, and where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.domain.regions import CODE_LENGTH, span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant, stamp


@dataclass(frozen=True, slots=True)
class Account:
    """A user as stored. `region_code` is the top of what they see; `locked_until` is None when never locked."""

    name: str
    password_hash: str = field(repr=False)
    role: str
    region_code: str
    is_disabled: bool = False
    n_failures: int = 0
    locked_until: datetime | None = None
    must_change: bool = False


def account_of(row: Any) -> Account:
    """The account in a row that has all columns of the table."""
    return Account(
        name=row.name,
        password_hash=row.password_hash,
        role=row.role,
        region_code=row.region_code,
        is_disabled=bool(row.is_disabled),
        n_failures=row.n_failures,
        locked_until=instant(row.locked_until) if row.locked_until else None,
        must_change=bool(row.must_change),
    )


async def add_account(ledger: Ledger, account: Account, at: datetime) -> None:
    """The account exists. Raises InputError when the name is taken; the existing one is left as it was."""
    async with ledger.writing() as c:
        added = await c.execute(
            text(
                "INSERT INTO account (name, password_hash, role, region_code, created_at, is_disabled, n_failures, "
                "locked_until, must_change) VALUES (:name, :hash, :role, :region, :at, 0, 0, 0, :must) "
                "ON CONFLICT (name) DO NOTHING RETURNING name"
            ),
            {
                "name": account.name,
                "hash": account.password_hash,
                "role": account.role,
                "region": account.region_code,
                "at": stamp(at),
                "must": int(account.must_change),
            },
        )
        if added.first() is None:
            raise InputError(f"用户名 {account.name} 已被使用，请换一个")


async def find_account(ledger: Ledger, name: str) -> Account | None:
    """The account of that name, disabled ones too."""
    async with ledger.reading() as c:
        row = (await c.execute(text("SELECT * FROM account WHERE name = :name"), {"name": name})).first()
    return None if row is None else account_of(row)


async def list_accounts(ledger: Ledger, region_code: str | None = None) -> Sequence[Account]:
    """The accounts of a region and inside it, or all of them, by name; disabled ones too."""
    first, last = ("0" * CODE_LENGTH, "9" * CODE_LENGTH) if region_code is None else span(region_code)
    sql = text("SELECT * FROM account WHERE region_code BETWEEN :first AND :last ORDER BY name")
    async with ledger.reading() as c:
        return [account_of(row) for row in await c.execute(sql, {"first": first, "last": last})]


async def set_password_hash(ledger: Ledger, name: str, password_hash: str, *, must_change: bool = False) -> bool:
    """The account has the new password, is not locked, and none of its logins is open; False: no such account."""
    async with ledger.writing() as c:
        changed = await c.execute(
            text(
                "UPDATE account SET password_hash = :hash, n_failures = 0, locked_until = 0, must_change = :must "
                "WHERE name = :name"
            ),
            {"name": name, "hash": password_hash, "must": int(must_change)},
        )
        await c.execute(text("DELETE FROM account_session WHERE name = :name"), {"name": name})
        return bool(changed.rowcount)


async def set_duty(ledger: Ledger, name: str, role: str, region_code: str) -> bool:
    """The account has this role in this region from its next request on; False when there is no such account."""
    async with ledger.writing() as c:
        changed = await c.execute(
            text("UPDATE account SET role = :role, region_code = :region WHERE name = :name"),
            {"name": name, "role": role, "region": region_code},
        )
        return bool(changed.rowcount)


async def set_disabled(ledger: Ledger, name: str, *, disabled: bool) -> bool:
    """The account may (not) log in any more, open logins ended; False when there is no such account."""
    async with ledger.writing() as c:
        if disabled:
            await c.execute(text("DELETE FROM account_session WHERE name = :name"), {"name": name})
        changed = await c.execute(
            text("UPDATE account SET is_disabled = :disabled WHERE name = :name"),
            {"name": name, "disabled": int(disabled)},
        )
        return bool(changed.rowcount)


async def note_failure(ledger: Ledger, name: str, now: datetime, *, limit: int, lock: timedelta) -> None:
    """One more wrong password; at every `limit`-th in a row the account is locked for `lock`."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "UPDATE account SET n_failures = n_failures + 1, locked_until = CASE "
                "WHEN (n_failures + 1) % CAST(:limit AS INTEGER) = 0 THEN CAST(:until AS BIGINT) "
                "ELSE locked_until END WHERE name = :name"
            ),
            {"name": name, "limit": limit, "until": stamp(now + lock)},
        )


async def note_success(ledger: Ledger, name: str) -> None:
    """The count of wrong passwords starts again."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "UPDATE account SET n_failures = 0, locked_until = 0 "
                "WHERE name = :name AND (n_failures <> 0 OR locked_until <> 0)"
            ),
            {"name": name},
        )
