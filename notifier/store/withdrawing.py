"""Messages of cancelled campaigns that no gateway has seen."""

from datetime import datetime

from sqlalchemy import text

from notifier.domain.lifecycle import MessageEvent
from notifier.domain.outcomes import Reason
from notifier.store.campaigns import take_turn
from notifier.store.dispatching import lose_what_was_in_the_air
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, move_messages
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount

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
    """What became ready again after its campaign was cancelled is withdrawn too; how many. Safe to repeat.

    Households that their cancelled campaign will not tell any more are unreached, see `settle_cancelled`.
    """
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT DISTINCT k.campaign_id FROM chunk k JOIN campaign a ON a.id = k.campaign_id "
                "WHERE k.state = 'open' AND a.state = 'cancelled'"
            )
        )
        cancelled = [int(row.campaign_id) for row in rows]
    n = sum([await withdraw_unsent(ledger, campaign_id, now) for campaign_id in cancelled])
    await settle_cancelled(ledger, now)
    return n


async def settle_cancelled(ledger: Ledger, now: datetime) -> int:
    """Pending households of cancelled campaigns with nothing on its way are unreached (cancelled); how many.

    No visit is opened: nobody is to be told any more. A receipt that comes late still makes them reached. They are
    not excused, since cancelling must never better a rate. Safe to repeat.
    """
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT t.campaign_id FROM tally t JOIN campaign k ON k.id = t.campaign_id WHERE k.state = 'cancelled' "
                "AND t.subject = 'owed' AND t.state = 'pending' GROUP BY t.campaign_id HAVING SUM(t.n) > 0 ORDER BY 1"
            )
        )
        due = [int(row.campaign_id) for row in rows]
    return sum([await _settle_campaign(ledger, campaign_id, now) for campaign_id in due])


async def _settle_campaign(ledger: Ledger, campaign_id: int, now: datetime) -> int:
    async with ledger.writing() as c:
        await take_turn(c, campaign_id)
        rows = await c.execute(
            text(
                "SELECT o.id FROM owed o WHERE o.campaign_id = :campaign AND o.state = 'pending' AND NOT EXISTS ("
                "SELECT 1 FROM message m WHERE m.owed_id = o.id "
                "AND m.state IN ('ready', 'postponed', 'accepted', 'unsure'))"
            ),
            {"campaign": campaign_id},
        )
        chosen = {"ids": ledger.listed([int(row.id) for row in rows])}
        await uncount(c, "owed", ledger.among("o.id", "ids"), chosen)
        settled = await c.execute(
            text(
                "UPDATE owed SET state = 'unreached', reason = :reason, level = NULL, state_at = :now "
                f"WHERE {ledger.among('id', 'ids')}"
            ),
            chosen | {"reason": Reason.CANCELLED.value, "now": stamp(now)},
        )
        await count(c, "owed", ledger.among("o.id", "ids"), chosen)
        return int(settled.rowcount)
