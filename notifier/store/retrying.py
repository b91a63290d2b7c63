"""Retries that a person recorded after a mended reason: the same owed is told again, from the first rung (P2)."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.outcomes import REASON_TEXT, Reason
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

MENDABLE = frozenset(
    {Reason.CONTENT, Reason.UNFILED, Reason.LIMITED, Reason.GATEWAY, Reason.UNKNOWN, Reason.NO_CONTACT}
)
"""Reasons that somebody can mend for many households at once. A wrong or dead number is corrected household by
household; what is silent or unsettled may have arrived and is never sent again blindly (P3)."""

_DUE = (
    "SELECT o.id FROM owed o WHERE o.campaign_id = :campaign AND o.state = 'unreached' AND o.reason = :reason "
    "AND o.composed_step = 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.owed_id = o.id "
    "AND m.state NOT IN ('failed', 'withdrawn'))"
)


async def n_retriable(ledger: Ledger, campaign_id: int) -> dict[Reason, int]:
    """How many households each mendable reason keeps from being told, without anything that may have arrived."""
    wanted = ", ".join(f"'{reason.value}'" for reason in sorted(MENDABLE))
    due = _DUE.replace("o.reason = :reason", f"o.reason IN ({wanted})").replace(
        "SELECT o.id", "SELECT o.reason, COUNT(*) AS n", 1
    )
    async with ledger.reading() as c:
        rows = await c.execute(text(f"{due} GROUP BY o.reason ORDER BY o.reason"), {"campaign": campaign_id})
        return {Reason(row.reason): int(row.n) for row in rows}


async def retry(c: AsyncConnection, ledger: Ledger, campaign_id: int, reason: Reason, now: datetime) -> int:
    """Households unreached for the reason, to whom nothing may have arrived, are composed anew; how many.

    Their open visits stay open until a receipt overtakes them; their lines are told in the next retry, so that every
    message is a new row and none is sent twice. Raises InputError for a reason that cannot be mended for many.
    """
    if reason not in MENDABLE:
        raise InputError(f"“{REASON_TEXT[reason]}”不能批量重发:号码问题请逐户更正,无回执的可能已经收到")
    rows = await c.execute(text(_DUE), {"campaign": campaign_id, "reason": reason.value})
    found = [int(row.id) for row in rows]
    if not found:
        raise InputError(f"没有因“{REASON_TEXT[reason]}”未通知、又可以重发的农户;请刷新后再试")
    chosen = {"ids": ledger.listed(found)}
    await c.execute(
        text(
            "UPDATE payment SET told_person_id = NULL, told_retry = NULL WHERE benefit_id = (SELECT k.benefit_id "
            "FROM campaign k WHERE k.id = :campaign AND k.kind = 'disbursement') AND state = (SELECT k.purpose FROM "
            "campaign k WHERE k.id = :campaign) AND household_id IN (SELECT o.household_id FROM owed o WHERE "
            f"{ledger.among('o.id', 'ids')})"
        ),
        chosen | {"campaign": campaign_id},
    )
    await c.execute(
        text(
            "UPDATE owed SET composed_step = -1, retry = coalesce((SELECT MAX(m.retry) + 1 FROM message m "
            f"WHERE m.owed_id = owed.id), 0) WHERE {ledger.among('id', 'ids')}"
        ),
        chosen,
    )
    await c.execute(
        text(
            "UPDATE campaign SET composed_at = NULL, planned_at = coalesce(planned_at, :now), finished_at = NULL, "
            "state = CASE WHEN state = 'finished' THEN 'running' ELSE state END WHERE id = :campaign"
        ),
        {"campaign": campaign_id, "now": stamp(now)},
    )
    return len(found)
