"""What people decide about a campaign; each decision is one transaction with its audit entry."""

from dataclasses import dataclass

from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignEvent, CampaignState
from notifier.store import audit, campaigns, lanes, planning
from notifier.store.campaigns import CampaignRow, Verdict
from notifier.store.ledger import Ledger
from notifier.store.withdrawing import withdraw_unsent


@dataclass(frozen=True, slots=True)
class CampaignDesk:
    """Where campaigns are decided. `launches_approved` True lets an approved campaign start by itself."""

    ledger: Ledger
    clock: Clock
    launches_approved: bool

    async def submit(self, campaign_id: int, who: str) -> CampaignState:
        """The draft waits for review, or is approved at once when it needs none. Raises InputError (Chinese)."""
        async with self.ledger.writing() as c:
            found = await campaigns.campaign(c, campaign_id)
            if found.kind == "policy" and found.rule is None:
                raise InputError(f"通知任务 {campaign_id} 还没有通知对象;请先设定条件再提交审核")
            event = CampaignEvent.SUBMIT if found.reviews_needed else CampaignEvent.APPROVE
            then = await campaigns.move(c, campaign_id, event, self.clock.now())
            await audit.append(c, who, "campaign.submit", {"campaign": campaign_id}, at=self.clock.now())
        return then

    async def review(
        self, campaign_id: int, reviewer: str, *, approves: bool, remark: str | None = None
    ) -> CampaignState:
        """The verdict counts; the last one needed approves the campaign. Raises InputError (Chinese).

        Nobody reviews a campaign they drafted, nor the same one twice; sending back needs a remark.
        """
        verdict = Verdict(reviewer, approves, remark)
        async with self.ledger.writing() as c:
            # Two reviewers at once must see each other, or neither would be the last.
            await campaigns.hold(c, campaign_id)
            found = await campaigns.campaign(c, campaign_id)
            if problem := _problem(found, verdict):
                raise InputError(problem)
            if approves and await campaigns.has_approved(c, campaign_id, reviewer):
                raise InputError("您已经审核过这个通知任务;还需要另一人审核")
            await campaigns.add_review(c, campaign_id, verdict, self.clock.now())
            then = CampaignState.IN_REVIEW
            if not approves:
                then = await campaigns.move(c, campaign_id, CampaignEvent.RETURN, self.clock.now())
            elif found.n_approved + 1 >= found.reviews_needed:
                then = await campaigns.move(c, campaign_id, CampaignEvent.APPROVE, self.clock.now())
            what = {"campaign": campaign_id, "approves": approves, "state": then.value}
            await audit.append(c, reviewer, "campaign.review", what, at=self.clock.now())
        return then

    async def launch(self, campaign_id: int, who: str) -> CampaignState:
        """The approved campaign runs: it is planned and sent from now on. Raises InputError (Chinese)."""
        return await self._move(campaign_id, CampaignEvent.LAUNCH, who)

    async def pause(self, campaign_id: int, who: str) -> CampaignState:
        """Nothing new is handed to a gateway; receipts are still read. Raises InputError (Chinese)."""
        return await self._move(campaign_id, CampaignEvent.PAUSE, who)

    async def resume(self, campaign_id: int, who: str) -> CampaignState:
        """The campaign goes on where it stopped. Raises InputError (Chinese)."""
        return await self._move(campaign_id, CampaignEvent.RESUME, who)

    async def cancel(self, campaign_id: int, who: str) -> CampaignState:
        """The campaign is stopped for good and what was not handed over is withdrawn. Raises InputError (Chinese)."""
        then = await self._move(campaign_id, CampaignEvent.CANCEL, who)
        await withdraw_unsent(self.ledger, campaign_id, self.clock.now())
        return then

    async def permit_any_hour(self, campaign_id: int, who: str, why: str) -> CampaignState:
        """The campaign is an emergency: before all others, whatever the hour. Raises InputError (Chinese).

        It needs a reason, and whoever permits it may not be its author: nobody wakes the county alone.
        """
        async with self.ledger.reading() as c:
            found = await campaigns.campaign(c, campaign_id)
        if found.created_by == who:
            raise InputError("不能批准自己起草的通知任务在免打扰时段发送;请由另一人批准")
        await lanes.permit_any_hour(self.ledger, campaign_id, who, why, self.clock.now())
        return found.state

    async def audience(self, campaign_id: int) -> int:
        """How many households the campaign would owe a notice today. Raises InputError when it has no rule yet."""
        return await planning.audience(self.ledger, campaign_id)

    async def launch_approved(self) -> list[int]:
        """Approved campaigns are running, if they start by themselves here; which ones. Safe to repeat."""
        if not self.launches_approved:
            return []
        ready = [one for one in await campaigns.list_campaigns(self.ledger) if one.state is CampaignState.APPROVED]
        return [one.campaign_id for one in ready if await self._launched(one.campaign_id)]

    async def _launched(self, campaign_id: int) -> bool:
        try:
            await self.launch(campaign_id, "system")
        except InputError:
            # Another process, or a person, moved it first.
            return False
        return True

    async def _move(self, campaign_id: int, event: CampaignEvent, who: str) -> CampaignState:
        async with self.ledger.writing() as c:
            then = await campaigns.move(c, campaign_id, event, self.clock.now())
            what = {"campaign": campaign_id, "state": then.value}
            await audit.append(c, who, f"campaign.{event.value}", what, at=self.clock.now())
        return then


def _problem(found: CampaignRow, verdict: Verdict) -> str | None:
    if found.state is not CampaignState.IN_REVIEW:
        return f"通知任务 {found.campaign_id} 现在是“{found.state_text}”,不在审核中;请刷新后再试"
    if found.created_by == verdict.reviewer:
        return "不能审核自己起草的通知任务;请由另一人审核"
    if not verdict.approves and not (verdict.remark or "").strip():
        return "退回时请写明原因"
    return None
