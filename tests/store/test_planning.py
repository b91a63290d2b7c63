"""The denominator: one owed row a household, once, and counted in the same transaction (P1, P2)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.benefits import BenefitKind
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.domain.rule_forms import to_json
from notifier.domain.rules import Comparison, Has
from notifier.store.ledger import Ledger, open_ledger, take_ids
from notifier.store.planning import audience, plan, plan_due
from notifier.store.proposing import Proposal, propose
from notifier.store.sealing import Vault, load_keys
from notifier.store.tally import check
from tests.registered import NOW, FrozenClock, Home, register

FARMS = Has("farmland_mu", Comparison.MORE, Decimal(0))


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def a_campaign(ledger: Ledger, *, rule: str | None = to_json(FARMS), state: str = "running") -> int:
    async with ledger.writing() as c:
        (benefit_id,) = await take_ids(c, "benefit", 1)
    proposal = Proposal(
        benefit_id, 1, "tell", BenefitKind.POLICY, "样例政策", "短信必达", None, CampaignState(state), 0,
        rule=rule, rule_text="耕地多于0亩",
    )  # fmt: skip
    await propose(ledger, [proposal], NOW)
    return await one(ledger, "SELECT MAX(id) FROM campaign")


async def one(ledger: Ledger, sql: str) -> int:
    async with ledger.reading() as c:
        return int((await c.execute(text(sql))).scalar_one())


def farms(n: int) -> list[Home]:
    return [Home(f"样例{i}", attributes={"farmland_mu": Decimal(i % 3)}) for i in range(n)]


async def test_every_household_of_the_rule_is_owed_with_the_reason(ledger: Ledger) -> None:
    await register(ledger, [*farms(6), Home("迁出", state="moved", attributes={"farmland_mu": 5})])
    campaign_id = await a_campaign(ledger)
    assert await audience(ledger, campaign_id) == 4
    assert await plan(ledger, campaign_id, FrozenClock()) == 4
    async with ledger.reading() as c:
        rows = (await c.execute(text("SELECT why, state, composed_step FROM owed"))).all()
    assert {tuple(row) for row in rows} == {("符合条件：耕地多于0亩", "pending", -1)}


async def test_planning_again_adds_nobody_twice_and_only_the_new(ledger: Ledger) -> None:
    await register(ledger, farms(6))
    campaign_id = await a_campaign(ledger)
    assert await plan(ledger, campaign_id, FrozenClock()) == 4
    assert await plan(ledger, campaign_id, FrozenClock()) == 0
    await register(ledger, farms(3))
    assert await plan(ledger, campaign_id, FrozenClock()) == 2
    assert await one(ledger, "SELECT COUNT(DISTINCT household_id) FROM owed") == 6


async def test_the_counts_equal_the_rows(ledger: Ledger) -> None:
    await register(ledger, farms(9))
    campaign_id = await a_campaign(ledger)
    await plan(ledger, campaign_id, FrozenClock())
    await register(ledger, farms(9))
    await plan(ledger, campaign_id, FrozenClock())
    assert await one(ledger, "SELECT SUM(n) FROM tally WHERE subject = 'owed' AND state = 'pending'") == 12
    assert await check(ledger) == []


async def test_only_launched_campaigns_are_due_and_only_until_they_are_planned(ledger: Ledger) -> None:
    await register(ledger, farms(3))
    running, _ = await a_campaign(ledger), await a_campaign(ledger, state="in_review")
    assert await plan_due(ledger, FrozenClock()) == {running: 2}
    assert await plan_due(ledger, FrozenClock()) == {}


async def test_a_finished_campaign_runs_again_when_somebody_is_added(ledger: Ledger) -> None:
    await register(ledger, farms(3))
    campaign_id = await a_campaign(ledger)
    await plan(ledger, campaign_id, FrozenClock())
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'finished', finished_at = 1"))
    await plan(ledger, campaign_id, FrozenClock())
    assert await one(ledger, "SELECT COUNT(*) FROM campaign WHERE state = 'finished' AND finished_at = 1") == 1
    await register(ledger, farms(3))
    await plan(ledger, campaign_id, FrozenClock())
    assert await one(ledger, "SELECT COUNT(*) FROM campaign WHERE state = 'running' AND finished_at IS NULL") == 1


async def test_a_policy_without_a_rule_is_not_planned(ledger: Ledger) -> None:
    campaign_id = await a_campaign(ledger, rule=None)
    with pytest.raises(InputError, match="通知对象"):
        await plan(ledger, campaign_id, FrozenClock())
    with pytest.raises(InputError, match="没有编号"):
        await plan(ledger, 999, FrozenClock())


async def test_a_campaign_is_proposed_once(ledger: Ledger) -> None:
    proposal = Proposal(7, 1, "tell", BenefitKind.POLICY, "样例", "短信必达", None, CampaignState.DRAFT, 1)
    assert await propose(ledger, [proposal, proposal], NOW) == 1
    assert await propose(ledger, [proposal], NOW) == 0
