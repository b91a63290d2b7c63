"""What people decide about a campaign; each decision is one transaction with its audit entry."""

from dataclasses import dataclass

from notifier.campaigns.levels import LEVEL_TEXT, region_at
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.lifecycle import CampaignEvent, CampaignState
from notifier.domain.outcomes import Reason
from notifier.store import audit, campaigns, contents, lanes, planning, retrying, reviews
from notifier.store.accounts import find_account
from notifier.store.campaigns import CampaignRow, SealError
from notifier.store.ledger import Ledger, Transaction
from notifier.store.reviews import Verdict
from notifier.store.withdrawing import settle_cancelled, withdraw_unsent


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

        Each approval seals the content, so that all approve the same. Nobody reviews a campaign they drafted, nor the
        same one twice; sending back needs a remark. Where levels are due, the reviewer is of the region of the next.
        """
        account = await find_account(self.ledger, reviewer)
        async with self.ledger.writing() as c:
            # Two reviewers at once must see each other, or neither would be the last.
            await reviews.hold(c, campaign_id)
            found = await campaigns.campaign(c, campaign_id)
            verdict = Verdict(reviewer, approves, remark, found.next_level)
            if problem := _problem(found, verdict) or _misplaced(found, account.region_code if account else None):
                raise InputError(problem)
            if approves and await reviews.has_approved(c, campaign_id, reviewer):
                raise InputError("您已经审核过这个通知任务;还需要另一人审核")
            if approves and found.n_approved and await contents.has_changed(c, campaign_id):
                raise InputError("内容在前一位审核后被改动(例如重新上传了名单);请退回,让起草人重新提交审核")
            await reviews.add_review(c, campaign_id, verdict, self.clock.now())
            then = await self._reviewed(c, found, approves=approves)
            what = {"campaign": campaign_id, "approves": approves, "state": then.value, "level": verdict.level}
            await audit.append(c, reviewer, "campaign.review", what, at=self.clock.now())
        return then

    async def _reviewed(self, c: Transaction, found: CampaignRow, *, approves: bool) -> CampaignState:
        if not approves:
            return await campaigns.move(c, found.campaign_id, CampaignEvent.RETURN, self.clock.now())
        if found.n_approved + 1 >= found.reviews_needed:
            return await campaigns.move(c, found.campaign_id, CampaignEvent.APPROVE, self.clock.now())
        await contents.seal(c, found.campaign_id)
        return CampaignState.IN_REVIEW

    async def launch(self, campaign_id: int, who: str) -> CampaignState:
        """The approved campaign runs: it is planned and sent from now on. Raises InputError (Chinese).

        One whose content is not what was approved goes back to its author instead.
        """
        try:
            return await self._move(campaign_id, CampaignEvent.LAUNCH, who)
        except SealError as broken:
            await self._void(campaign_id, who, str(broken))
            raise

    async def _void(self, campaign_id: int, who: str, why: str) -> None:
        async with self.ledger.writing() as c:
            await campaigns.move(c, campaign_id, CampaignEvent.VOID, self.clock.now())
            # As if a reviewer had sent it back: the earlier approvals are of another content.
            await reviews.add_review(c, campaign_id, Verdict("system", False, why), self.clock.now())
            await audit.append(c, who, "campaign.void", {"campaign": campaign_id}, at=self.clock.now())

    async def pause(self, campaign_id: int, who: str) -> CampaignState:
        """Nothing new is handed to a gateway; receipts are still read. Raises InputError (Chinese)."""
        return await self._move(campaign_id, CampaignEvent.PAUSE, who)

    async def resume(self, campaign_id: int, who: str) -> CampaignState:
        """The campaign goes on where it stopped. Raises InputError (Chinese)."""
        return await self._move(campaign_id, CampaignEvent.RESUME, who)

    async def cancel(self, campaign_id: int, who: str) -> CampaignState:
        """The campaign is stopped for good and what was not handed over is withdrawn. Raises InputError (Chinese).

        Households that nothing is on its way to are unreached (任务已取消); the others once their receipts tell.
        """
        then = await self._move(campaign_id, CampaignEvent.CANCEL, who)
        await withdraw_unsent(self.ledger, campaign_id, self.clock.now())
        await settle_cancelled(self.ledger, self.clock.now())
        return then

    async def retry(self, campaign_id: int, who: str, reason: Reason, why: str) -> int:
        """The households that this reason kept from being told are told again from the first rung; how many.

        For reasons that somebody mended (`retrying.MENDABLE`), said in `why`. Raises InputError (Chinese).
        """
        if not why.strip():
            raise InputError("请写明原因已经怎样排除,再重发")
        async with self.ledger.writing() as c:
            found = await campaigns.campaign(c, campaign_id)
            if found.state not in (CampaignState.RUNNING, CampaignState.FINISHED):
                raise InputError(f"通知任务 {campaign_id} 现在是“{found.state_text}”,不能重发;请刷新后再试")
            n = await retrying.retry(c, self.ledger, campaign_id, reason, self.clock.now())
            what = {"campaign": campaign_id, "reason": reason.value, "households": n, "why": masked(why)}
            await audit.append(c, who, "campaign.retry", what, at=self.clock.now())
        return n

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
        """Approved campaigns are running whose moment has come, or that start by themselves here; which ones.

        Safe to repeat, and to run twice at once: the state moves once.
        """
        due = await campaigns.due_to_launch(self.ledger, self.clock.now(), unscheduled=self.launches_approved)
        return [campaign_id for campaign_id in due if await self._launched(campaign_id)]

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


def _misplaced(found: CampaignRow, region_code: str | None) -> str | None:
    if found.next_level is None or found.region_code is None:
        return None
    due = region_at(found.region_code, found.next_level)
    if region_code == due:
        return None
    return f"这个通知任务现在等待{LEVEL_TEXT[found.next_level]}({due})的审核员审核;请由该地区的审核员操作"
