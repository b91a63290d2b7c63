"""Writing a campaign: begun, saved step by step, tried on oneself, submitted; each deed with its audit entry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.campaigns.levels import LEVEL_TEXT, levels_above, region_at
from notifier.campaigns.previewing import Preview, Typed, Workshop, facts_of, preview
from notifier.domain import placeholders
from notifier.domain.contracts import Clock
from notifier.domain.direct import Direct, SendNow
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignEvent, CampaignState
from notifier.domain.messages import Medium
from notifier.domain.outcomes import Outcome
from notifier.domain.rule_forms import explain, from_json, to_json
from notifier.domain.rules import AllOf, Rule, Within
from notifier.domain.settings import Campaigns
from notifier.store import audit, campaigns, drafts
from notifier.store.crowds import Crowd, crowd
from notifier.store.drafts import Beginning, Draft
from notifier.store.ledger import Ledger
from notifier.store.planning import audience
from notifier.store.reporting import region_names
from notifier.store.reviews import reviewers
from notifier.store.tables.columns import stamp

LATELY = timedelta(hours=24)
_REVIEWING_ROLES = ("administrator", "reviewer")


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and the region that is theirs."""

    name: str
    region_code: str


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """A review that a draft will need: the level, its region, and who could give it (never the author)."""

    level: str
    region_code: str
    region: str
    names: Sequence[str]

    @property
    def level_text(self) -> str:
        """The level in Chinese."""
        return LEVEL_TEXT[self.level]


@dataclass(frozen=True, slots=True)
class Weight:
    """What submitting a draft, or launching it, sets going. `warnings` must be confirmed by typing `crowd.n`."""

    crowd: Crowd
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftDesk:
    """Where campaigns are written. `opens` gives the first moment from one on at which a broadcast may leave."""

    ledger: Ledger
    clock: Clock
    settings: Campaigns
    shop: Workshop
    send_now: SendNow
    opens: Callable[[datetime], datetime]

    async def begin(self, author: Author, title: str, benefit_id: int | None = None) -> int:
        """A draft of the author's; its number. Raises InputError: no title, or the policy waits to be told already."""
        if benefit_id is None and not title.strip():
            raise InputError("请给通知起个标题，例如“冬季用煤安全提醒”")
        one = Beginning(author.name, author.region_code, self.settings.policy_ladder, title.strip()[:100], benefit_id)
        async with self.ledger.writing() as c:
            campaign_id = await drafts.insert_draft(c, one, self.clock.now())
            what = {"campaign": campaign_id, "benefit": benefit_id}
            await audit.append(c, author.name, "draft.begin", what, at=self.clock.now())
        return campaign_id

    async def save_words(self, draft: Draft, author: Author, typed: Typed) -> Preview:
        """The draft says so now, also while it cannot be sent yet; what the gateways make of it.

        Raises InputError for what may not even be kept (personal data), and for a draft that is not the author's.
        """
        seen = preview(self.shop, typed, self.clock.now())
        if any("个人信息" in problem for problem in seen.problems):
            raise InputError(next(problem for problem in seen.problems if "个人信息" in problem))
        said = {
            "title": typed.title.strip()[:100] or draft.title,
            "summary": typed.summary.strip()[:500],
            "notice_kind": typed.kind,
            "free_text": typed.text.strip()[:1000],
            "ladder": typed.ladder,
            "gateways": ",".join(typed.gateways) or None,
        }
        await self._save(draft, author, said)
        return seen

    async def save_audience(self, draft: Draft, author: Author, rule: Rule) -> None:
        """The draft is for these households of its region, and of no other. Raises InputError as `save_words`."""
        region = draft.region_code or author.region_code
        whole = limited(rule, region)
        names = await region_names(self.ledger)
        await self._save(draft, author, {"rule": to_json(whole), "rule_text": explain(whole, names)})

    async def save_moment(self, draft: Draft, author: Author, scheduled_at: datetime | None) -> None:
        """It is to leave then, or once it is approved. Raises InputError for a moment that is past."""
        if scheduled_at is not None and scheduled_at <= self.clock.now():
            raise InputError("定时发送的时间已经过去；请选一个将来的时间，或选“批准后立即发送”")
        await self._save(draft, author, {"scheduled_at": None if scheduled_at is None else stamp(scheduled_at)})

    async def _save(self, draft: Draft, author: Author, said: dict[str, Any]) -> None:
        check_author(draft, author)
        async with self.ledger.writing() as c:
            await drafts.save(c, draft.campaign_id, {**said, "created_by": author.name})
            what = {"campaign": draft.campaign_id, "what": sorted(said)}
            await audit.append(c, author.name, "draft.save", what, at=self.clock.now())

    async def weigh(self, draft: Draft) -> Weight:
        """How many it would tell, and what must be confirmed first. Raises InputError when it has no audience."""
        return self._weight(await crowd(self.ledger, draft.campaign_id, rule_of(draft), self.clock.now() - LATELY))

    async def weigh_launch(self, campaign_id: int) -> Weight:
        """What launching it today would set going: days may lie between its review and its launch.

        For a disbursement, the households of its lines; whether something else told them lately is not asked of
        those, since each of them is owed the notice of its own money.
        """
        found = await drafts.draft(self.ledger, campaign_id)
        if found is not None and found.rule is not None:
            return await self.weigh(found)
        return self._weight(Crowd(await audience(self.ledger, campaign_id), 0))

    async def demand_confirmed(self, campaign_id: int, typed_n: str) -> None:
        """Nothing, or InputError (Chinese): launching it needs the number of households typed, and it was not."""
        weight = await self.weigh_launch(campaign_id)
        if weight.warnings and typed_n.strip() != str(weight.crowd.n):
            raise InputError(f"{'；'.join(weight.warnings)}。请核对后输入户数 {weight.crowd.n} 再启动")

    def _weight(self, found: Crowd) -> Weight:
        warnings = []
        if found.n > self.settings.confirm_above:
            warnings.append(f"将通知 {found.n} 户，超过 {self.settings.confirm_above} 户")
        if found.n_told_lately:
            warnings.append(f"其中 {found.n_told_lately} 户在 24 小时内已被另一个任务通知过")
        return Weight(found, tuple(warnings))

    async def review_path(self, draft: Draft, author: Author) -> list[ReviewStep]:
        """The reviews it will need, in their order."""
        region = draft.region_code or author.region_code
        levels = levels_above(region, self.settings.review_levels)
        regions = [region_at(region, level) for level in levels]
        people = await reviewers(self.ledger, regions, _REVIEWING_ROLES)
        names = await region_names(self.ledger)
        return [
            ReviewStep(level, code, names.get(code, code), [name for name in people[code] if name != author.name])
            for level, code in zip(levels, regions, strict=True)
        ]

    async def submit(self, draft: Draft, author: Author, typed_n: str = "") -> CampaignState:
        """It waits for its first review, or is approved when none is configured.

        Raises InputError (Chinese): words that no gateway takes, no audience, nobody who could review it, or a
        warning that was not confirmed by typing the number of households.
        """
        check_author(draft, author)
        seen = preview(self.shop, typed_of(draft), self.clock.now())
        if seen.problems:
            raise InputError(f"还不能提交：{seen.problems[0]}")
        weight = await self.weigh(draft)
        if not weight.crowd.n:
            raise InputError("还不能提交：没有一户符合条件，请修改通知对象")
        if weight.warnings and typed_n.strip() != str(weight.crowd.n):
            raise InputError(f"{';'.join(weight.warnings)}。请核对后输入户数 {weight.crowd.n} 确认")
        steps = await self.review_path(draft, author)
        if missing := _missing(steps):
            raise InputError(f"还不能提交：{missing}")
        async with self.ledger.writing() as c:
            said = {"review_levels": ",".join(one.level for one in steps) or None, "reviews_needed": len(steps)}
            await drafts.save(c, draft.campaign_id, said)
            event = CampaignEvent.SUBMIT if steps else CampaignEvent.APPROVE
            then = await campaigns.move(c, draft.campaign_id, event, self.clock.now())
            what = {"campaign": draft.campaign_id, "households": weight.crowd.n, "confirmed": bool(weight.warnings)}
            await audit.append(c, author.name, "campaign.submit", what, at=self.clock.now())
        return then

    async def try_on(self, draft: Draft, author: Author, address: str, medium: Medium = Medium.SMS) -> Outcome:
        """The notice as it stands was sent to the author's own phone or openid; on record, in no campaign's counts."""
        typed = typed_of(draft)
        facts = facts_of(self.shop, typed, placeholders.samples(self.shop.hotline), self.clock.now())
        outcome = await self.send_now(Direct(address, typed.kind, facts, author.name, medium))
        async with self.ledger.writing() as c:
            what = {"campaign": draft.campaign_id, "medium": medium.value, "outcome": type(outcome).__name__}
            await audit.append(c, author.name, "draft.try", what, at=self.clock.now())
        return outcome

    def preview(self, typed: Typed) -> Preview:
        """What the gateways would make of these words."""
        return preview(self.shop, typed, self.clock.now())


def check_author(draft: Draft, author: Author) -> None:
    """Raises InputError unless the draft is the author's, or nobody's yet: then it becomes theirs."""
    if not draft.is_open:
        raise InputError("这个通知任务已经提交或取消，不能再修改")
    if draft.created_by not in (author.name, "system"):
        raise InputError(f"这是 {draft.created_by} 的草稿，只有起草人可以修改")


def typed_of(draft: Draft) -> Typed:
    """The words of a draft as it is kept."""
    return Typed(draft.notice_kind, draft.title, draft.summary, draft.free_text, draft.ladder, draft.gateways)


def rule_of(draft: Draft) -> Rule:
    """Whom the draft is for. Raises InputError when that is open."""
    if draft.rule is None:
        raise InputError("还没有通知对象；请先完成“通知谁”这一步")
    return from_json(draft.rule)


def limited(rule: Rule, region_code: str) -> Rule:
    """The rule, for households of the region only."""
    return AllOf((Within(region_code), open_rule(rule, region_code)))


def open_rule(rule: Rule, region_code: str | None) -> Rule:
    """The rule without the limit to the region that `limited` put before it."""
    if isinstance(rule, AllOf) and region_code is not None and rule.parts[:1] == (Within(region_code),):
        return rule.parts[1] if len(rule.parts) == 2 else AllOf(rule.parts[1:])
    return rule


def _missing(steps: Sequence[ReviewStep]) -> str | None:
    """What keeps the reviews from being given by as many persons as there are steps, or None."""
    taken: dict[str, int] = {}
    for one in steps:
        taken[one.region_code] = taken.get(one.region_code, 0) + 1
        if len(one.names) < taken[one.region_code]:
            return (
                f"{one.level_text}审核需要{one.region}的另一名审核员，现在没有;"
                f"请管理员在“用户”中为{one.region}添加审核员"
            )
    return None
