"""Setbacks: messages that ended without evidence, until their household's next rung is composed or a visit is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.outcomes import Reason
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount


@dataclass(frozen=True, slots=True)
class DueSetback:
    """A message that ended without evidence, and why."""

    message_id: int
    owed_id: int
    person_id: int
    campaign_id: int
    step: int
    reason: Reason
    is_corrected: bool = False
    """A number of the household was corrected since: the next try goes to it, however far the ladder is."""


async def add_setbacks(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], *, corrected: bool = False
) -> None:
    """The households of these messages wait for their next rung, or `corrected` for a try at their corrected number.

    Empty is fine. Safe to repeat.
    """
    if message_ids:
        await c.execute(
            text(
                "INSERT INTO setback (message_id, owed_id, is_corrected) "
                "SELECT id, owed_id, CAST(:corrected AS SMALLINT) FROM message "
                f"WHERE {ledger.among('id', 'ids')} ON CONFLICT (message_id) DO UPDATE SET is_corrected = "
                "CASE WHEN excluded.is_corrected = 1 THEN 1 ELSE setback.is_corrected END"
            ),
            {"ids": ledger.listed(message_ids), "corrected": int(corrected)},
        )


_DUE = (
    "SELECT s.message_id, s.is_corrected, m.owed_id, m.person_id, m.campaign_id, m.step, m.merged_into, "
    # Delivered and yet set back: to somebody who says that the number is theirs, not the household's.
    "CASE WHEN m.state = 'delivered' THEN 'wrong_number' ELSE m.reason END AS reason FROM setback s "
    "JOIN message m ON m.id = s.message_id JOIN campaign k ON k.id = m.campaign_id "
    "WHERE k.state IN ('running', 'finished')"
)


async def take_setbacks(c: AsyncConnection, ledger: Ledger, most: int) -> list[DueSetback]:
    """Up to `most` setbacks of running campaigns, gone if the caller's transaction is committed.

    Those of messages that travelled in one letter are taken together, however many there are then.
    """
    skip = "" if ledger.is_sqlite else " FOR UPDATE OF s SKIP LOCKED"
    rows = list(await c.execute(text(f"{_DUE} ORDER BY s.message_id LIMIT :most{skip}"), {"most": most}))
    letters = {"ids": ledger.listed(sorted({row.merged_into or row.message_id for row in rows}))}
    if len(rows) == most:
        # The rest may hold messages of the same letters; a next rung composed apart would be two texts to a number.
        same = f"({ledger.among('m.id', 'ids')} OR {ledger.among('m.merged_into', 'ids')})"
        taken = {row.message_id for row in rows}
        more = await c.execute(text(f"{_DUE} AND {same}{skip}"), letters)
        rows += [row for row in more if row.message_id not in taken]
    found = [
        DueSetback(
            row.message_id,
            row.owed_id,
            row.person_id,
            row.campaign_id,
            row.step,
            Reason(row.reason or "unknown"),
            bool(row.is_corrected),
        )
        for row in rows
    ]
    if found:
        await c.execute(
            text(f"DELETE FROM setback WHERE {ledger.among('message_id', 'ids')}"),
            {"ids": ledger.listed([one.message_id for one in found])},
        )
    return found


async def exhaust(c: AsyncConnection, ledger: Ledger, owed_ids: Sequence[int], reason: Reason, now: datetime) -> int:
    """The pending among these owed are unreached for this reason and a visit is open for each; how many.

    Empty is fine. Safe to repeat: what is reached, excused or already unreached stays as it is.
    """
    if not owed_ids:
        return 0
    where = f"{ledger.among('o.id', 'ids')} AND o.state = 'pending'"
    chosen = {"ids": ledger.listed(sorted(set(owed_ids)))}
    await uncount(c, "owed", where, chosen)
    rows = (
        await c.execute(
            text(
                "UPDATE owed SET state = 'unreached', reason = :reason, level = NULL, state_at = :now "
                f"WHERE {ledger.among('id', 'ids')} AND state = 'pending' RETURNING id, region_code"
            ),
            chosen | {"reason": reason.value, "now": stamp(now)},
        )
    ).all()
    if rows:
        await count(c, "owed", ledger.among("o.id", "ids"), {"ids": ledger.listed([row.id for row in rows])})
        ids = await take_ids(c, "visit", len(rows))
        await c.execute(
            text(
                "INSERT INTO visit (id, owed_id, region_code, reason, state, opened_at) "
                "VALUES (:id, :owed, :region, :reason, 'open', :now) "
                # A household that was reached before is owed again when another of its lines is found; the audit
                # trail keeps who signed the earlier visit.
                "ON CONFLICT (owed_id) DO UPDATE SET state = 'open', reason = excluded.reason, "
                "opened_at = excluded.opened_at, visited_at = NULL, by_user = NULL, how = NULL, remark = NULL "
                "WHERE visit.state IN ('overtaken', 'signed')"
            ),
            [
                {"id": i, "owed": row.id, "region": row.region_code, "reason": reason.value, "now": stamp(now)}
                for i, row in zip(ids, rows, strict=True)
            ],
        )
    return len(rows)
