"""Messages of cancelled campaigns that no gateway has seen."""

from datetime import datetime

from sqlalchemy import text

from notifier.domain.lifecycle import MessageEvent
from notifier.store.dispatching import lose_what_was_in_the_air
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, move_messages
from notifier.store.tables.columns import stamp

_BATCH = 100


async def withdraw_unsent(ledger: Ledger, campaign_id: int, now: datetime) -> int:
    """Ready and postponed messages of the cancelled campaign are withdrawn, except those in a call now; how many.

    A message whose call is under way counts as unsure until its answer is recorded or asked for. Its chunks are open
    no more, whoever held them. Safe to repeat.
    """
    n = 0
    while (done := await _withdraw_batch(ledger, campaign_id, now)) is not None:
        n += done
    return n


async def _withdraw_batch(ledger: Ledger, campaign_id: int, now: datetime) -> int | None:
    async with ledger.writing() as c:
        # Taking the lease away first: an owner that is about to write ahead comes either before, and is seen below,
        # or after, and is refused.
        rows = await c.execute(
            text(
                "UPDATE chunk SET state = 'sent', lease_until = 0, lease_owner = NULL, sent_at = :now WHERE id IN ("
                "SELECT id FROM chunk WHERE campaign_id = :campaign AND state = 'open' ORDER BY id LIMIT :most) "
                "AND EXISTS (SELECT 1 FROM campaign k WHERE k.id = :campaign AND k.state = 'cancelled') RETURNING id"
            ),
            {"now": stamp(now), "campaign": campaign_id, "most": _BATCH},
        )
        chunk_ids = [int(row.id) for row in rows]
        if not chunk_ids:
            return None
        for chunk_id in chunk_ids:
            await lose_what_was_in_the_air(c, ledger, chunk_id, now)
        rows = await c.execute(
            text(
                f"SELECT id FROM message WHERE {ledger.among('chunk_id', 'chunks')} AND state IN ('ready', 'postponed')"
            ),
            {"chunks": ledger.listed(chunk_ids)},
        )
        found = [int(row.id) for row in rows]
        return len(await move_messages(c, ledger, found, Cause(MessageEvent.WITHDRAW, "cancelled"), now))


async def withdraw_stragglers(ledger: Ledger, now: datetime) -> int:
    """What became ready again after its campaign was cancelled is withdrawn too; how many. Safe to repeat."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT DISTINCT k.campaign_id FROM chunk k JOIN campaign a ON a.id = k.campaign_id "
                "WHERE k.state = 'open' AND a.state = 'cancelled'"
            )
        )
        cancelled = [int(row.campaign_id) for row in rows]
    return sum([await withdraw_unsent(ledger, campaign_id, now) for campaign_id in cancelled])
