"""Chunks by lane: held back together in quiet hours, and let out at any hour when a person permitted it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.lanes import Lane
from notifier.store import audit
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

LANE_OF_CAMPAIGN = (
    f"CASE WHEN k.emergency_by IS NOT NULL THEN {Lane.URGENT.value} "
    f"WHEN k.kind = 'disbursement' THEN {Lane.PAYMENT.value} ELSE {Lane.POLICY.value} END"
)
"""SQL for the lane of the chunks of the campaign `k`."""


async def hold_back(ledger: Ledger, chunk_id: int, until: Mapping[Lane, datetime]) -> bool:
    """The open chunk waits at least until then if its lane is one of these; True if so. Safe to repeat."""
    if not until:
        return False
    moments = " ".join(f"WHEN {lane.value} THEN CAST(:until{lane.value} AS BIGINT)" for lane in until)
    later = f"CASE lane {moments} ELSE 0 END"
    lanes = ", ".join(str(lane.value) for lane in until)
    async with ledger.writing() as c:
        held = await c.execute(
            text(
                f"UPDATE chunk SET not_before = CASE WHEN not_before > {later} THEN not_before ELSE {later} END "
                f"WHERE id = :id AND state = 'open' AND lane IN ({lanes})"
            ),
            {"id": chunk_id} | {f"until{lane.value}": stamp(moment) for lane, moment in until.items()},
        )
    return bool(held.rowcount)


async def permit_any_hour(ledger: Ledger, campaign_id: int, who: str, why: str, now: datetime) -> None:
    """The campaign is an emergency: it goes before all others and no quiet hour holds it back, from now on.

    Whoever permits it gives a reason; both are in the audit trail. Raises InputError when there is no such campaign,
    it is over, or no reason is given. Safe to repeat: the first permission stands.
    """
    if not why.strip():
        raise InputError("请写明为什么要在免打扰时段发送")
    async with ledger.writing() as c:
        found = await c.execute(
            text(
                "UPDATE campaign SET emergency_by = coalesce(emergency_by, :who) WHERE id = :id "
                "AND state NOT IN ('finished', 'cancelled')"
            ),
            {"who": who, "id": campaign_id},
        )
        if not found.rowcount:
            raise InputError(f"没有编号为 {campaign_id} 的未完成通知任务;请刷新后再试")
        # Due at once: what a number's cap held back is held back again by its next wave.
        await c.execute(
            text("UPDATE chunk SET lane = :lane, not_before = 0 WHERE campaign_id = :id AND state = 'open'"),
            {"lane": Lane.URGENT.value, "id": campaign_id},
        )
        await audit.append(c, who, "campaign.any_hour", {"campaign": campaign_id, "why": masked(why)}, at=now)
