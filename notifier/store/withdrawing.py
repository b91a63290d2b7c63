"""Messages of a cancelled campaign that no gateway has seen."""

from datetime import datetime

from sqlalchemy import text

from notifier.domain.lifecycle import MessageEvent
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, move_messages

_BATCH = 10_000


async def withdraw_unsent(ledger: Ledger, campaign_id: int, now: datetime) -> int:
    """Ready and postponed messages of the campaign are withdrawn, except those in a call right now; how many.

    A message whose call is under way gets its answer as usual. Safe to repeat.
    """
    n = 0
    while True:
        async with ledger.writing() as c:
            rows = await c.execute(
                text(
                    "SELECT m.id FROM message m JOIN chunk k ON k.id = m.chunk_id WHERE k.campaign_id = :campaign "
                    "AND m.state IN ('ready', 'postponed') AND NOT EXISTS (SELECT 1 FROM attempt a "
                    "WHERE a.chunk_id = k.id AND a.state = 'sending') LIMIT :most"
                ),
                {"campaign": campaign_id, "most": _BATCH},
            )
            found = [int(row.id) for row in rows]
            n += len(await move_messages(c, ledger, found, Cause(MessageEvent.WITHDRAW, "cancelled"), now))
        if not found:
            return n
