"""Campaigns: their life, their reviews, and what composing needs to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import BenefitKind
from notifier.domain.errors import InputError, TransitionError
from notifier.domain.lifecycle import CAMPAIGN, CampaignEvent, CampaignState, after
from notifier.store import contents
from notifier.store.composing import Told
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant, stamp

_COMPOSING = 6_404_251_000_000_000
_STATE_TEXT = {
    CampaignState.DRAFT: "草稿",
    CampaignState.IN_REVIEW: "审核中",
    CampaignState.RETURNED: "退回修改",
    CampaignState.APPROVED: "已批准",
    CampaignState.RUNNING: "进行中",
    CampaignState.PAUSED: "已暂停",
    CampaignState.FINISHED: "已完成",
    CampaignState.CANCELLED: "已取消",
}


class SealError(InputError):
    """The content is not what was approved."""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign as people see it in lists."""

    campaign_id: int
    benefit_id: int
    kind: str
    purpose: str
    title: str
    summary: str
    topic: str | None
    rule: str | None
    rule_text: str | None
    evidence: str
    confidence: int
    ladder: str
    state: CampaignState
    reviews_needed: int
    n_approved: int
    created_by: str
    paused_why: str | None
    region_code: str | None
    review_levels: str | None
    scheduled_at: int | None
    emergency_by: str | None

    @property
    def moment(self) -> datetime | None:
        """When it is to start by itself; None when no time was chosen."""
        return None if self.scheduled_at is None else instant(self.scheduled_at)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that review it, one after the other; empty when any reviewer of its region will do."""
        return tuple((self.review_levels or "").split(",")) if self.review_levels else ()

    @property
    def next_level(self) -> str | None:
        """The level whose review is due; None when any reviewer of its region will do, or all have agreed."""
        return self.levels[self.n_approved] if self.n_approved < len(self.levels) else None

    @property
    def state_text(self) -> str:
        """The state in Chinese."""
        return _STATE_TEXT[self.state]


_ROW = (
    "SELECT k.id AS campaign_id, k.benefit_id, k.kind, k.purpose, k.title, k.summary, k.topic, k.rule, k.rule_text, "
    "k.evidence, k.confidence, k.ladder, k.state, k.reviews_needed, k.created_by, k.paused_why, "
    "k.region_code, k.review_levels, k.scheduled_at, k.emergency_by, "
    "(SELECT COUNT(*) FROM review r WHERE r.campaign_id = k.id AND r.verdict = 'approve' AND r.at > coalesce((SELECT "
    "MAX(b.at) FROM review b WHERE b.campaign_id = k.id AND b.verdict = 'return'), 0)) AS n_approved FROM campaign k"
)


async def list_campaigns(ledger: Ledger) -> list[CampaignRow]:
    """Every campaign, the newest first; empty when there is none."""
    async with ledger.reading() as c:
        rows = await c.execute(text(f"{_ROW} ORDER BY k.id DESC"))
        return [CampaignRow(**(dict(row._mapping) | {"state": CampaignState(row.state)})) for row in rows]


async def campaign(c: AsyncConnection, campaign_id: int) -> CampaignRow:
    """One campaign. Raises InputError when there is none with this number."""
    row = (await c.execute(text(f"{_ROW} WHERE k.id = :id"), {"id": campaign_id})).first()
    if row is None:
        raise InputError(f"没有编号为 {campaign_id} 的通知任务;用 notifier campaign list 查看现有任务")
    return CampaignRow(**(dict(row._mapping) | {"state": CampaignState(row.state)}))


async def move(c: AsyncConnection, campaign_id: int, event: CampaignEvent, now: datetime) -> CampaignState:
    """The campaign is in the state that follows from `event`; which one.

    Approving seals its content, and only that content is launched: else SealError.
    Raises InputError (Chinese) when its state has no such edge, or somebody else moved it meanwhile.
    """
    found = await campaign(c, campaign_id)
    try:
        then = after(CAMPAIGN, found.state, event)
    except TransitionError:
        raise InputError(f"通知任务 {campaign_id} 现在是“{found.state_text}”,不能这样操作;请刷新后再试") from None
    if event is CampaignEvent.LAUNCH and not await contents.is_as_approved(c, campaign_id):
        raise SealError(f"通知任务 {campaign_id} 的内容在批准后被改动,批准已作废;请修改后重新提交审核")
    times = {CampaignEvent.LAUNCH: ", launched_at = :now", CampaignEvent.FINISH: ", finished_at = :now"}.get(event, "")
    why = ", paused_why = NULL" if event in (CampaignEvent.RESUME, CampaignEvent.LAUNCH) else ""
    moved = await c.execute(
        text(f"UPDATE campaign SET state = :then{times}{why} WHERE id = :id AND state = :state"),
        {"then": then.value, "id": campaign_id, "state": found.state.value} | ({"now": stamp(now)} if times else {}),
    )
    if moved.rowcount != 1:
        raise InputError(f"通知任务 {campaign_id} 刚被别人操作过;请刷新后再试")
    if event is CampaignEvent.APPROVE:
        await contents.seal(c, campaign_id)
    if event is CampaignEvent.RESUME:  # the pause is not held against what waited before it
        again = "UPDATE chunk SET waiting_since = NULL, n_waits = 0 WHERE campaign_id = :id AND state = 'open'"
        await c.execute(text(again), {"id": campaign_id})
    return then


async def due_to_launch(ledger: Ledger, now: datetime, *, unscheduled: bool) -> list[int]:
    """Approved campaigns whose scheduled moment has come, and with `unscheduled` those without one; oldest first."""
    also = "scheduled_at IS NULL OR " if unscheduled else ""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(f"SELECT id FROM campaign WHERE state = 'approved' AND ({also}scheduled_at <= :now) ORDER BY id"),
            {"now": stamp(now)},
        )
        return [int(row.id) for row in rows]


async def pause_for(c: AsyncConnection, campaign_id: int, why: str) -> bool:
    """A running campaign is paused with this reason for the administrator; False when it was not running."""
    paused = await c.execute(
        text("UPDATE campaign SET state = 'paused', paused_why = :why WHERE id = :id AND state = 'running'"),
        {"why": why, "id": campaign_id},
    )
    return bool(paused.rowcount)


_TOLD = (
    "SELECT id AS campaign_id, benefit_id, kind, purpose, ladder, title, summary, notice_kind AS worded_as, "
    "coalesce(free_text, '') AS free_text, coalesce(gateways, '') AS gateways FROM campaign"
)


async def to_compose(c: AsyncConnection) -> list[Told]:
    """Running campaigns that were planned since their owed rows were last composed; oldest first."""
    rows = await c.execute(
        text(
            f"{_TOLD} WHERE state = 'running' AND planned_at IS NOT NULL "
            "AND (composed_at IS NULL OR composed_at < planned_at) ORDER BY id"
        )
    )
    return [Told(**(dict(row._mapping) | {"kind": BenefitKind(row.kind)})) for row in rows]


async def told(c: AsyncConnection, campaign_ids: Sequence[int], ledger: Ledger) -> dict[int, Told]:
    """The campaigns of these ids, by id."""
    rows = await c.execute(
        text(f"{_TOLD} WHERE {ledger.among('id', 'ids')}"), {"ids": ledger.listed(sorted(set(campaign_ids)))}
    )
    return {row.campaign_id: Told(**(dict(row._mapping) | {"kind": BenefitKind(row.kind)})) for row in rows}


async def take_turn(c: AsyncConnection, campaign_id: int) -> None:
    """No other transaction composes the campaign until this one ends; what the last one composed is seen from now on.

    Take it before the counts are touched, several in the order of ids, so that no two composers block each other.
    """
    if c.dialect.name == "postgresql":  # SQLite has one writer anyway
        await c.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _COMPOSING + campaign_id})


async def uncomposed_range(c: AsyncConnection, campaign_id: int, above: int, most: int) -> tuple[int, int, int] | None:
    """(first id, last id, how many) of the next `most` owed rows above an id without a first rung, or None."""
    row = (
        await c.execute(
            text(
                "SELECT MIN(id) AS lo, MAX(id) AS hi, COUNT(*) AS n FROM (SELECT id FROM owed WHERE "
                "campaign_id = :campaign AND id > :above AND composed_step = -1 ORDER BY id LIMIT :most) part"
            ),
            {"campaign": campaign_id, "above": above, "most": most},
        )
    ).one()
    return None if not row.n else (int(row.lo), int(row.hi), int(row.n))


async def n_lines(c: AsyncConnection, campaign: Told) -> int:
    """How many matched payment lines the campaign tells; the most chains there can be beside the households."""
    result = await c.execute(
        text("SELECT COUNT(*) FROM payment WHERE benefit_id = :id AND match_state = 'matched'"),
        {"id": campaign.benefit_id},
    )
    return int(result.scalar_one())


async def mark_all_composed(c: AsyncConnection, campaign_id: int, planned_before: datetime) -> None:
    """Every owed row planned up to that instant has had its first rung."""
    await c.execute(
        text("UPDATE campaign SET composed_at = :at WHERE id = :id"),
        {"at": stamp(planned_before), "id": campaign_id},
    )


async def finish_done(ledger: Ledger) -> list[int]:
    """Planned and composed campaigns in which nothing is pending any more are finished; which ones.

    What still waits to be sent (双通道, the other way arrived) or to be settled keeps its campaign running.
    """
    async with ledger.writing() as c:
        rows = await c.execute(
            text(
                "UPDATE campaign SET state = 'finished', finished_at = coalesce(finished_at, composed_at) "
                "WHERE state = 'running' AND composed_at >= planned_at AND NOT EXISTS (SELECT 1 FROM tally t WHERE "
                "t.campaign_id = campaign.id AND t.subject = 'owed' AND t.state = 'pending' GROUP BY t.campaign_id "
                "HAVING SUM(t.n) > 0) AND NOT EXISTS (SELECT 1 FROM chunk k WHERE k.campaign_id = campaign.id "
                "AND k.state = 'open') AND NOT EXISTS (SELECT 1 FROM unsure_attempt u "
                "JOIN attempt a ON a.id = u.attempt_id JOIN chunk k ON k.id = a.chunk_id "
                "WHERE k.campaign_id = campaign.id) RETURNING id"
            )
        )
        return [int(row.id) for row in rows]
