"""The budget of a gateway in messages and segments a second, shared by all processes: one row, one statement a wave."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.gateways import Metered
from notifier.store.tables.columns import instant, stamp

CREDIT = timedelta(seconds=0.25)
"""So much of a budget that nobody used is kept: what a wave that waited comes late."""


@dataclass(frozen=True, slots=True)
class Block:
    """What one wave wants of a gateway."""

    metered: Metered
    n_messages: int
    n_segments: int


async def take_budget(c: AsyncConnection, block: Block, now: datetime) -> datetime | None:
    """None when the block may leave now: it is taken for all processes; else when to ask again, and nothing is taken.

    After `block` the next may leave once its messages and its segments have had their time. Taken only if the caller's
    transaction is committed.
    """
    limits = block.metered.limits
    if not limits.messages_per_second and not limits.segments_per_second:
        return None
    taken = await c.execute(
        text(
            "INSERT INTO gateway_budget (gateway, message_from, segment_from) VALUES (:gateway, "
            "CAST(:least AS BIGINT) + CAST(:messages AS BIGINT), CAST(:least AS BIGINT) + CAST(:segments AS BIGINT)) "
            "ON CONFLICT (gateway) DO UPDATE SET message_from = CAST(:messages AS BIGINT) + CASE WHEN "
            "gateway_budget.message_from > :least THEN gateway_budget.message_from ELSE CAST(:least AS BIGINT) END, "
            "segment_from = CAST(:segments AS BIGINT) + CASE WHEN gateway_budget.segment_from > :least "
            "THEN gateway_budget.segment_from ELSE CAST(:least AS BIGINT) END "
            "WHERE gateway_budget.message_from <= :now AND gateway_budget.segment_from <= :now"
        ),
        {
            "gateway": block.metered.gateway,
            "now": stamp(now),
            "least": stamp(now - CREDIT),
            "messages": _lasting(block.n_messages, limits.messages_per_second),
            "segments": _lasting(block.n_segments, limits.segments_per_second),
        },
    )
    return None if taken.rowcount else await _free_at(c, block.metered.gateway)


def _lasting(n: int, per_second: int) -> int:
    return -(-n * 1_000_000 // per_second) if per_second else 0


async def _free_at(c: AsyncConnection, gateway: str) -> datetime:
    row = (
        await c.execute(
            text("SELECT message_from, segment_from FROM gateway_budget WHERE gateway = :gateway"), {"gateway": gateway}
        )
    ).one()
    return instant(max(row.message_from, row.segment_from))
