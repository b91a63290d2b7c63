"""What an account has besides its password: a secret for one-time passwords, a phone, an openid; and recovery codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_PLACE = "factor.value_sealed"


class FactorKind(StrEnum):
    """What a factor is."""

    TOTP = "totp"
    """The secret of one-time passwords."""
    PHONE = "phone"
    """A mobile number for alerts and test sends."""
    OPENID = "openid"
    """A follower of the official account, for alerts."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of an account; it counts once `verified_at` is set."""

    kind: FactorKind
    value: str = field(repr=False)
    verified_at: datetime | None
    last_step: int = 0


async def put_factor(ledger: Ledger, name: str, factor: Factor) -> None:
    """The account has this factor in place of an earlier one of its kind."""
    async with ledger.writing() as c:
        await c.execute(text(f"DELETE FROM factor WHERE {_OF}"), {"name": name, "kind": factor.kind.value})
        (factor_id,) = await take_ids(c, "factor", 1)
        await c.execute(
            text(
                "INSERT INTO factor (id, name, kind, value_sealed, value_hash, verified_at, last_step) "
                "VALUES (:id, :name, :kind, :sealed, :hash, :at, :step)"
            ),
            {
                "id": factor_id,
                "name": name,
                "kind": factor.kind.value,
                "sealed": ledger.vault.seal_text(_PLACE, factor_id, factor.value),
                "hash": ledger.vault.blind(factor.kind.value, factor.value),
                "at": None if factor.verified_at is None else stamp(factor.verified_at),
                "step": factor.last_step,
            },
        )


async def factors_of(ledger: Ledger, name: str) -> Mapping[FactorKind, Factor]:
    """The factors of an account by kind, unverified ones too."""
    async with ledger.reading() as c:
        rows = await c.execute(text("SELECT * FROM factor WHERE name = :name"), {"name": name})
        return {FactorKind(row.kind): _factor(ledger, row) for row in rows}


async def verify_factor(ledger: Ledger, name: str, kind: FactorKind, now: datetime) -> bool:
    """The factor counts from now on; False when there is none of that kind."""
    async with ledger.writing() as c:
        done = await c.execute(
            text(f"UPDATE factor SET verified_at = :now WHERE {_OF}"),
            {"now": stamp(now), "name": name, "kind": kind.value},
        )
        return bool(done.rowcount)


async def drop_factor(ledger: Ledger, name: str, kind: FactorKind) -> bool:
    """The account has no factor of that kind any more; recovery codes go with the secret. False: it had none."""
    async with ledger.writing() as c:
        gone = await c.execute(text(f"DELETE FROM factor WHERE {_OF}"), {"name": name, "kind": kind.value})
        if kind is FactorKind.TOTP:
            await c.execute(text("DELETE FROM recovery_code WHERE name = :name"), {"name": name})
        return bool(gone.rowcount)


async def use_step(ledger: Ledger, name: str, step: int) -> bool:
    """True once for each 30-second step: its one-time password is used up, and every earlier one."""
    async with ledger.writing() as c:
        used = await c.execute(
            text(f"UPDATE factor SET last_step = :step WHERE {_OF} AND last_step < :step"),
            {"step": step, "name": name, "kind": FactorKind.TOTP.value},
        )
        return bool(used.rowcount)


async def put_recovery_codes(ledger: Ledger, name: str, codes: Sequence[str]) -> None:
    """These are the account's recovery codes; earlier ones are void."""
    async with ledger.writing() as c:
        await c.execute(text("DELETE FROM recovery_code WHERE name = :name"), {"name": name})
        rows = [{"hash": _hash(ledger, name, code), "name": name} for code in codes]
        await c.execute(text("INSERT INTO recovery_code (code_hash, name) VALUES (:hash, :name)"), rows)


async def use_recovery_code(ledger: Ledger, name: str, code: str, now: datetime) -> bool:
    """True once: it is one of the account's recovery codes, which is used up."""
    async with ledger.writing() as c:
        used = await c.execute(
            text("UPDATE recovery_code SET used_at = :now WHERE code_hash = :hash AND used_at IS NULL"),
            {"now": stamp(now), "hash": _hash(ledger, name, code)},
        )
        return bool(used.rowcount)


async def count_recovery_codes(ledger: Ledger, name: str) -> int:
    """How many recovery codes the account has left."""
    async with ledger.reading() as c:
        sql = text("SELECT count(*) FROM recovery_code WHERE name = :name AND used_at IS NULL")
        return int((await c.execute(sql, {"name": name})).scalar_one())


async def verified_kinds(c: AsyncConnection) -> Mapping[str, frozenset[FactorKind]]:
    """The kinds of verified factors by account name."""
    rows = await c.execute(text("SELECT name, kind FROM factor WHERE verified_at IS NOT NULL"))
    found: dict[str, frozenset[FactorKind]] = {}
    for row in rows:
        found[row.name] = found.get(row.name, frozenset()) | {FactorKind(row.kind)}
    return found


async def alert_phone(ledger: Ledger, name: str) -> str | None:
    """The verified phone of an account, 11 digits: for alerts and test sends. None when it has none."""
    found = (await factors_of(ledger, name)).get(FactorKind.PHONE)
    return found.value if found is not None and found.verified_at is not None else None


_OF = "name = :name AND kind = :kind"


def _factor(ledger: Ledger, row: Any) -> Factor:
    at = None if row.verified_at is None else instant(row.verified_at)
    value = ledger.vault.open_text(_PLACE, row.id, bytes(row.value_sealed))
    return Factor(FactorKind(row.kind), value, at, row.last_step)


def _hash(ledger: Ledger, name: str, code: str) -> bytes:
    return ledger.vault.blind("recovery", f"{name}|{code}")
