"""What people may decide about a campaign, and what leaves a trace, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.campaigns.deciding import CampaignDesk
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.store.audit import latest, verify
from notifier.store.contents import mark
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from tests.day.county import SteeredClock
from tests.day.planting import plant_campaign

S = CampaignState


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    assert await verify(opened) == []
    await opened.close()


@pytest.fixture
async def desk(ledger: Ledger) -> CampaignDesk:
    """Campaign 1 is a policy that 李编写 drafted and that needs two reviews."""
    desk = CampaignDesk(ledger, SteeredClock(), launches_approved=True)
    await plant_campaign(ledger, 1, "policy", "短信必达", "tell", desk.clock.now())
    await edit(ledger, "state = 'draft', reviews_needed = 2, created_by = '李编写'")
    return desk


async def edit(ledger: Ledger, what: str) -> None:
    async with ledger.writing() as c:
        await c.execute(text(f"UPDATE campaign SET {what}"))


async def test_two_different_reviewers_approve_and_it_starts_by_itself(desk: CampaignDesk) -> None:
    assert await desk.submit(1, "李编写") is S.IN_REVIEW
    assert await desk.review(1, "王审核", approves=True) is S.IN_REVIEW
    assert await desk.review(1, "赵审核", approves=True) is S.APPROVED
    assert await desk.launch_approved() == [1]
    assert await desk.launch_approved() == []
    deeds = [(one.who, one.what) for one in await latest(desk.ledger, 9)]
    assert deeds == [
        ("system", "campaign.launch"),
        ("赵审核", "campaign.review"),
        ("王审核", "campaign.review"),
        ("李编写", "campaign.submit"),
    ]


async def test_nobody_reviews_their_own_draft_nor_twice(desk: CampaignDesk) -> None:
    await desk.submit(1, "李编写")
    with pytest.raises(InputError, match="自己起草"):
        await desk.review(1, "李编写", approves=True)
    await desk.review(1, "王审核", approves=True)
    with pytest.raises(InputError, match="另一人"):
        await desk.review(1, "王审核", approves=True)
    assert len(await latest(desk.ledger, 9)) == 2


async def test_the_second_reviewer_approves_what_the_first_one_did_or_sends_it_back(
    desk: CampaignDesk, ledger: Ledger
) -> None:
    await desk.submit(1, "李编写")
    seen = await mark(ledger, 1)
    await desk.review(1, "王审核", approves=True)
    assert await mark(ledger, 1) == seen
    await edit(ledger, "free_text = '另一段话'")
    assert await mark(ledger, 1) != seen
    with pytest.raises(InputError, match="在前一位审核后被改动"):
        await desk.review(1, "赵审核", approves=True)
    assert await desk.review(1, "赵审核", approves=False, remark="改过了") is S.RETURNED
    await desk.submit(1, "李编写")
    assert await desk.review(1, "王审核", approves=True) is S.IN_REVIEW
    assert await desk.review(1, "赵审核", approves=True) is S.APPROVED


async def test_two_reviewers_at_once_both_count(desk: CampaignDesk) -> None:
    await desk.submit(1, "李编写")
    states = await asyncio.gather(*(desk.review(1, who, approves=True) for who in ("王审核", "赵审核")))
    assert sorted(states) == sorted([S.IN_REVIEW, S.APPROVED])


async def test_sending_back_needs_a_remark_and_starts_the_reviews_anew(desk: CampaignDesk) -> None:
    await desk.submit(1, "李编写")
    await desk.review(1, "王审核", approves=True)
    for remark in (None, "  "):
        with pytest.raises(InputError, match="写明原因"):
            await desk.review(1, "赵审核", approves=False, remark=remark)
    assert await desk.review(1, "赵审核", approves=False, remark="标题写错了") is S.RETURNED
    with pytest.raises(InputError, match="退回修改"):
        await desk.review(1, "赵审核", approves=True)
    assert await desk.submit(1, "李编写") is S.IN_REVIEW
    assert await desk.review(1, "王审核", approves=True) is S.IN_REVIEW
    assert await desk.review(1, "赵审核", approves=True) is S.APPROVED


async def test_a_policy_without_an_audience_cannot_be_submitted(desk: CampaignDesk, ledger: Ledger) -> None:
    await edit(ledger, "rule = NULL")
    with pytest.raises(InputError, match="通知对象"):
        await desk.submit(1, "李编写")


async def test_one_that_needs_no_review_is_approved_at_once_and_waits_where_it_must(
    desk: CampaignDesk, ledger: Ledger
) -> None:
    await edit(ledger, "reviews_needed = 0")
    assert await desk.submit(1, "system") is S.APPROVED
    waits = CampaignDesk(ledger, desk.clock, launches_approved=False)
    assert await waits.launch_approved() == []
    assert await waits.launch(1, "王审核") is S.RUNNING


async def test_pause_resume_and_cancel_only_where_the_life_has_the_edge(desk: CampaignDesk, ledger: Ledger) -> None:
    with pytest.raises(InputError, match="草稿"):
        await desk.pause(1, "王审核")
    await edit(ledger, "state = 'running'")
    assert await desk.pause(1, "王审核") is S.PAUSED
    with pytest.raises(InputError, match="已暂停"):
        await desk.pause(1, "王审核")
    assert await desk.resume(1, "王审核") is S.RUNNING
    assert await desk.cancel(1, "王审核") is S.CANCELLED
    for deed in (desk.resume, desk.launch, desk.cancel):
        with pytest.raises(InputError, match="已取消"):
            await deed(1, "王审核")


async def test_of_two_who_decide_at_once_one_is_told_that_the_other_was_first(
    desk: CampaignDesk, ledger: Ledger
) -> None:
    await edit(ledger, "state = 'running'")
    ends = await asyncio.gather(*(desk.pause(1, who) for who in ("甲", "乙", "丙")), return_exceptions=True)
    assert sorted(type(one).__name__ for one in ends) == ["CampaignState", "InputError", "InputError"]
    assert len(await latest(ledger, 9)) == 1


async def test_a_number_that_is_none_is_said_in_a_sentence(desk: CampaignDesk) -> None:
    for deed in (desk.submit, desk.launch, desk.pause, desk.resume, desk.cancel):
        with pytest.raises(InputError, match="没有编号为 99"):
            await deed(99, "王审核")
    with pytest.raises(InputError, match="没有编号为 99"):
        await desk.review(99, "王审核", approves=True)


async def test_an_emergency_needs_another_person_than_its_author_and_a_reason(desk: CampaignDesk) -> None:
    with pytest.raises(InputError, match="另一人"):
        await desk.permit_any_hour(1, "李编写", "今夜有霜冻")
    with pytest.raises(InputError, match="写明"):
        await desk.permit_any_hour(1, "王审核", "")
    assert await desk.permit_any_hour(1, "王审核", "今夜有霜冻") is S.DRAFT
    (deed,) = await latest(desk.ledger, 1)
    assert (deed.who, deed.what) == ("王审核", "campaign.any_hour")
    assert "霜冻" in deed.detail
