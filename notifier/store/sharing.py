"""Small things that processes share: who fires a tick, who has an account, and providers' access tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import text

from notifier.domain.contracts import Clock
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant, stamp

_PLACE = "token.sealed"
_TOKEN_ROW = 0


async def claim_tick(ledger: Ledger, job: str, slot: int) -> bool:
    """True for the one process that may fire this job in this slot. Older slots of the job are forgotten."""
    async with ledger.writing() as c:
        won = await c.execute(
            text("INSERT INTO tick (job, slot) VALUES (:job, :slot) ON CONFLICT (job, slot) DO NOTHING"),
            {"job": job, "slot": slot},
        )
        if won.rowcount:
            await c.execute(text("DELETE FROM tick WHERE job = :job AND slot < :old"), {"job": job, "old": slot - 100})
        return bool(won.rowcount)


class LedgerTokens:
    """The TokenStore of every process: tokens sealed in the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def read(self, key: str) -> tuple[str, datetime] | None:
        """(token, expires_at), or None."""
        async with self._ledger.reading() as c:
            row = (await c.execute(text("SELECT sealed, expires_at FROM token WHERE key = :key"), {"key": key})).first()
        if row is None or row.sealed is None:
            return None
        return self._ledger.vault.open_text(f"{_PLACE}.{key}", _TOKEN_ROW, row.sealed), instant(row.expires_at)

    async def replace(self, key: str, rejected: str | None, token: str, expires_at: datetime) -> str:
        """The token now stored: `token`, unless the stored one is no longer the rejected one, which then stays."""
        async with self._ledger.writing() as c:
            row = (await c.execute(text("SELECT sealed, expires_at FROM token WHERE key = :key"), {"key": key})).first()
            if row is not None and row.sealed is not None:
                stored = self._ledger.vault.open_text(f"{_PLACE}.{key}", _TOKEN_ROW, row.sealed)
                if stored != rejected and instant(row.expires_at) > self._clock.now():
                    return stored
            await c.execute(
                text(
                    "INSERT INTO token (key, sealed, expires_at, refreshing_until) VALUES (:key, :sealed, :at, 0) "
                    "ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at"
                ),
                {
                    "key": key,
                    "sealed": self._ledger.vault.seal_text(f"{_PLACE}.{key}", _TOKEN_ROW, token),
                    "at": stamp(expires_at),
                },
            )
            return token

    @asynccontextmanager
    async def refreshing(self, key: str, patience: timedelta) -> AsyncIterator[bool]:
        """True for one holder at a time across processes; it ends with the block, or after `patience` by itself."""
        now = self._clock.now()
        until = stamp(now + patience)
        async with self._ledger.writing() as c:
            got = await c.execute(
                text(
                    "INSERT INTO token (key, refreshing_until) VALUES (:key, :until) ON CONFLICT (key) DO UPDATE "
                    "SET refreshing_until = excluded.refreshing_until WHERE token.refreshing_until < :now"
                ),
                {"key": key, "until": until, "now": stamp(now)},
            )
        mine = bool(got.rowcount)
        try:
            yield mine
        finally:
            if mine:
                async with self._ledger.writing() as c:
                    # Not if patience ended and another refreshes by now.
                    await c.execute(
                        text("UPDATE token SET refreshing_until = 0 WHERE key = :key AND refreshing_until = :until"),
                        {"key": key, "until": until},
                    )


class LedgerLeases:
    """The Leases of every process, in the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def hold(self, name: str, owner: str, lasts: timedelta) -> bool:
        """True when `name` is the owner's for that long from now, anew or again; False when it is another's."""
        now = self._clock.now()
        async with self._ledger.writing() as c:
            got = await c.execute(
                text(
                    "INSERT INTO account_lease (name, owner, until) VALUES (:name, :owner, :until) "
                    "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until "
                    "WHERE account_lease.owner = excluded.owner OR account_lease.until < :now"
                ),
                {"name": name, "owner": owner, "until": stamp(now + lasts), "now": stamp(now)},
            )
            return bool(got.rowcount)

    async def let_go(self, name: str, owner: str) -> None:
        """`name` is free if it was the owner's. Safe to repeat."""
        async with self._ledger.writing() as c:
            await c.execute(
                text("DELETE FROM account_lease WHERE name = :name AND owner = :owner"), {"name": name, "owner": owner}
            )
