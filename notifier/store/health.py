"""What the doctor and the probes look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from notifier.domain.errors import SealError
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant, stamp

_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Work that waits. `overdue` means that it should have been done ten minutes ago."""

    n_overdue_chunks: int
    n_unfolded_pushes: int
    n_unsure_attempts: int
    n_parked_receipts: int
    n_paused_campaigns: int
    n_households: int
    n_regions: int


async def backlog(ledger: Ledger, now: datetime) -> Backlog:
    """The counts, in one consistent view."""
    late = {"late": stamp(now - _LATE)}
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text(
                    "SELECT (SELECT COUNT(*) FROM chunk k JOIN campaign a ON a.id = k.campaign_id "
                    "WHERE k.state = 'open' AND a.state = 'running' AND k.not_before < :late AND k.lease_until < :late "
                    "AND a.launched_at < :late) AS n_overdue_chunks, "
                    "(SELECT COUNT(*) FROM push_due d JOIN push p ON p.id = d.push_id WHERE p.received_at < :late) "
                    "AS n_unfolded_pushes, (SELECT COUNT(*) FROM unsure_attempt) AS n_unsure_attempts, "
                    "(SELECT COUNT(*) FROM parked_receipt) AS n_parked_receipts, "
                    "(SELECT COUNT(*) FROM campaign WHERE state = 'paused') AS n_paused_campaigns, "
                    "(SELECT COUNT(*) FROM household) AS n_households, (SELECT COUNT(*) FROM region) AS n_regions"
                ),
                late,
            )
        ).one()
        return Backlog(**dict(row._mapping))


async def opens_its_seals(ledger: Ledger) -> str | None:
    """None when the newest sealed name opens with the keys at hand (or there is none), else the sentence why not."""
    async with ledger.reading() as c:
        row = (await c.execute(text("SELECT id, name_sealed FROM person ORDER BY id DESC LIMIT 1"))).first()
    if row is None:
        return None
    try:
        ledger.vault.open("person.name_sealed", int(row.id), bytes(row.name_sealed))
    except SealError as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a watched source fares."""

    name: str
    looked_at: datetime | None
    last_error: str | None


async def source_health(ledger: Ledger) -> list[SourceHealth]:
    """Every source that was ever looked at, by name."""
    async with ledger.reading() as c:
        rows = await c.execute(text("SELECT name, looked_at, last_error FROM source ORDER BY name"))
        return [SourceHealth(r.name, None if r.looked_at is None else instant(r.looked_at), r.last_error) for r in rows]
