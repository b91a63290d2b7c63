"""What the doctor and the probes look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.domain.errors import SealError
from notifier.domain.watched import SourceState
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
    """How a watched source fares. `drift` says how its list shrank; the counts are of what waits for a person."""

    name: str
    state: SourceState
    looked_at: datetime | None
    complete_at: datetime | None
    new_at: datetime | None
    error_at: datetime | None
    last_error: str | None
    drift: str | None
    n_listed: int | None
    n_undated: int
    n_changed: int

    @property
    def says(self) -> str:
        """One sentence (Chinese) for people: how it fares, and why."""
        waiting = [f"{n} 条{what}" for n, what in ((self.n_undated, "待补日期"), (self.n_changed, "更正待处理")) if n]
        said = self.drift or self.last_error or "最近一次查看正常"
        return "；".join([f"{self.state.says}：{said}" if self.state is not SourceState.WELL else said, *waiting])


_MOMENTS = ("looked_at", "complete_at", "new_at", "error_at")


async def source_health(ledger: Ledger) -> list[SourceHealth]:
    """Every source that was ever looked at, by name."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT s.name, s.state, s.looked_at, s.complete_at, s.new_at, s.error_at, s.last_error, s.drift, "
                "(SELECT l.n_listed FROM look l WHERE l.source = s.name "
                "ORDER BY l.looked_at DESC LIMIT 1) AS n_listed, "
                "(SELECT COUNT(*) FROM undated_item u WHERE u.source = s.name AND u.decision IS NULL) AS n_undated, "
                "(SELECT COUNT(*) FROM benefit_version v WHERE v.source = s.name AND v.state = 'waiting') AS n_changed "
                "FROM source s ORDER BY s.name"
            )
        )
        return [_health(dict(row._mapping)) for row in rows]


def _health(row: dict[str, Any]) -> SourceHealth:
    moments = {name: None if row[name] is None else instant(row[name]) for name in _MOMENTS}
    return SourceHealth(**{**row, **moments, "state": SourceState(row["state"])})
