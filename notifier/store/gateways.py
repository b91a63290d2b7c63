"""Shares and circuits of gateways, the history of both, and the calls that they are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.gateway_state import CallSample, GatewayChange, GatewayState, is_route_error
from notifier.domain.messages import Medium
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_COLUMNS = "gateway, medium, share, rest, changed_at, open_since, probe_at"


async def states(c: AsyncConnection, *, to_change: bool = False) -> dict[str, GatewayState]:
    """What the ledger remembers, by gateway; read `to_change`, nobody else changes it before this transaction ends."""
    lock = " FOR UPDATE" if to_change and c.dialect.name == "postgresql" else ""
    rows = await c.execute(text(f"SELECT {_COLUMNS} FROM gateway_share ORDER BY gateway{lock}"))
    return {row.gateway: _state(row) for row in rows}


async def remembered(ledger: Ledger) -> list[GatewayState]:
    """What the ledger remembers of every gateway that was ever enabled and has a share, by name."""
    async with ledger.reading() as c:
        return [state for state in (await states(c)).values() if state.share or state.rest]


def _state(row: Row[Any]) -> GatewayState:
    return GatewayState(
        row.gateway,
        Medium(row.medium),
        row.share,
        row.rest,
        instant(row.changed_at),
        None if row.open_since is None else instant(row.open_since),
        None if row.probe_at is None else instant(row.probe_at),
    )


async def save(c: AsyncConnection, changes: Sequence[GatewayChange], now: datetime, by_user: str = "") -> None:
    """The states hold from now on, and their history says why. Empty is fine."""
    if not changes:
        return
    ids = await take_ids(c, "gateway_change", len(changes))
    rows = [
        {
            "id": i,
            "gateway": one.state.gateway,
            "medium": one.state.medium.value,
            "share": one.state.share,
            "rest": one.state.rest,
            "changed_at": stamp(one.state.changed_at),
            "open_since": None if one.state.open_since is None else stamp(one.state.open_since),
            "probe_at": None if one.state.probe_at is None else stamp(one.state.probe_at),
            "is_open": int(one.state.open_since is not None),
            "why": one.why,
            "by_user": by_user,
            "now": stamp(now),
        }
        for i, one in zip(ids, changes, strict=True)
    ]
    await c.execute(
        text(
            f"INSERT INTO gateway_share ({_COLUMNS}) VALUES (:gateway, :medium, :share, :rest, :changed_at, "
            ":open_since, :probe_at) ON CONFLICT (gateway) DO UPDATE SET medium = excluded.medium, "
            "share = excluded.share, rest = excluded.rest, changed_at = excluded.changed_at, "
            "open_since = excluded.open_since, probe_at = excluded.probe_at"
        ),
        rows,
    )
    await c.execute(
        text(
            "INSERT INTO gateway_change (id, gateway, at, share, rest, is_open, why, by_user) "
            "VALUES (:id, :gateway, :now, :share, :rest, :is_open, :why, :by_user)"
        ),
        rows,
    )


async def take_probe(c: AsyncConnection, state: GatewayState, again_at: datetime) -> bool:
    """True for the one who may try the gateway now; nobody else may before `again_at`."""
    taken = await c.execute(
        text("UPDATE gateway_share SET probe_at = :again WHERE gateway = :gateway AND probe_at = :due"),
        {"again": stamp(again_at), "gateway": state.gateway, "due": stamp(state.probe_at or again_at)},
    )
    return bool(taken.rowcount)


async def shut(c: AsyncConnection, state: GatewayState, why: str, now: datetime, probe_at: datetime) -> None:
    """The gateway's circuit is open and the history says why; when it was, it stays so. Safe to repeat."""
    held = (await states(c, to_change=True)).get(state.gateway, state)
    if held.open_since is None:
        await save(c, [GatewayChange(replace(held, open_since=now, probe_at=probe_at), why)], now)


async def recent_calls(c: AsyncConnection, now: datetime, since: datetime, most: int) -> list[CallSample]:
    """The newest calls, `most` of them, those left out that began before `since`; a call under way lasts until now."""
    rows = await c.execute(
        text("SELECT gateway, outcome, code, state, started_at, ended_at FROM attempt ORDER BY id DESC LIMIT :most"),
        {"most": most},
    )
    return [_sample(row, now) for row in rows if row.started_at >= stamp(since)]


def _sample(row: Row[Any], now: datetime) -> CallSample:
    started = instant(row.started_at)
    is_error = is_route_error(row.outcome, row.code)
    if row.state == "sending":
        at = now
    elif is_error or row.ended_at is None:  # an unsure call ends when it is settled, much later
        at = started
    else:
        at = instant(row.ended_at)
    return CallSample(row.gateway, started, at, max(at - started, timedelta(0)), is_error, row.state != "sending")


async def anything_left(c: AsyncConnection, campaign_id: int) -> bool:
    """Whether a message of the campaign was ever on its way to a gateway."""
    row = await c.execute(
        text("SELECT 1 FROM attempt a JOIN chunk k ON k.id = a.chunk_id WHERE k.campaign_id = :campaign LIMIT 1"),
        {"campaign": campaign_id},
    )
    return row.first() is not None


@dataclass(frozen=True, slots=True)
class PastChange:
    """A line of a gateway's history."""

    gateway: str
    at: datetime
    share: int
    is_open: bool
    why: str
    by_user: str


async def history(ledger: Ledger, most: int) -> list[PastChange]:
    """The last changes, the newest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT gateway, at, share, is_open, why, by_user FROM gateway_change ORDER BY id DESC LIMIT :most"),
            {"most": most},
        )
        return [
            PastChange(row.gateway, instant(row.at), row.share, bool(row.is_open), row.why, row.by_user) for row in rows
        ]


async def calls_by_gateway(c: AsyncConnection) -> dict[str, int]:
    """How many calls each gateway was ever made."""
    rows = await c.execute(text("SELECT gateway, COUNT(*) AS n FROM attempt GROUP BY gateway"))
    return {row.gateway: int(row.n) for row in rows}
