"""Writing a campaign: who may, whom it can reach, what keeps it from being submitted, and what must be confirmed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.accounts.roles import Role
from notifier.campaigns.drafting import Author, DraftDesk, limited, open_rule, typed_of
from notifier.campaigns.previewing import Typed, preview
from notifier.domain.direct import Direct
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.rules import AllOf, Not, Rule, Within
from notifier.domain.settings import Campaigns
from notifier.domain.texts import segments
from notifier.store import planning
from notifier.store.accounts import Account, add_account
from notifier.store.audit import latest, verify
from notifier.store.drafts import Draft, draft
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.reviews import past_reviews
from notifier.store.sealing import Vault, load_keys
from tests.campaigns.drafting import SIGN, a_draft_desk, a_workshop
from tests.report import ground

CLERK = Author("baiyang", ground.BAIYANG)
COAL = Typed("free", "冬季用煤安全提醒", "", "冬天烧煤请开窗通风。咨询{咨询电话}。", "短信必达")
EVERYBODY: Rule = AllOf(())


@dataclass
class Trials:
    """Remembers what was sent to whom, outside of every campaign."""

    sent: list[Direct] = field(default_factory=list)

    async def __call__(self, direct: Direct, /) -> Outcome:
        self.sent.append(direct)
        return Accepted("1")


@dataclass
class HandClock:
    at: datetime = ground.NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """An empty ledger on SQLite, or on the database that the test asks for."""
    found: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_ledger_url")
    return found


on_both = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
async def ledger(url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(url, Vault(load_keys(tmp_path / "keys.toml")))
    await ground.lay_county(opened)
    for name, region in (("zhenshen", ground.BAIYANG), ("xianshen", ground.COUNTY)):
        await add_account(opened, Account(name, "-", Role.REVIEWER.value, region), ground.NOW)
    yield opened
    assert await verify(opened) == []
    await opened.close()


@pytest.fixture
def desk(ledger: Ledger) -> DraftDesk:
    return a_draft_desk(ledger, HandClock(), Trials())


async def written(desk: DraftDesk, who: Author = CLERK, typed: Typed = COAL, rule: Rule = EVERYBODY) -> Draft:
    """A draft with words and audience."""
    campaign_id = await desk.begin(who, typed.title)
    await desk.save_words(await found(desk, campaign_id), who, typed)
    await desk.save_audience(await found(desk, campaign_id), who, rule)
    return await found(desk, campaign_id)


async def found(desk: DraftDesk, campaign_id: int) -> Draft:
    one = await draft(desk.ledger, campaign_id)
    assert one is not None
    return one


@on_both
async def test_a_township_s_draft_tells_that_township_only_and_goes_up_from_there(
    desk: DraftDesk, ledger: Ledger
) -> None:
    one = await written(desk)
    assert one.rule_text == "居住在白阳镇，且全部农户"
    assert (await desk.weigh(one)).crowd.n == 18  # of 23 in the county
    elsewhere = await written(desk, rule=Within(ground.WANGWA))
    assert (await desk.weigh(elsewhere)).crowd.n == 0
    assert [step.region for step in await desk.review_path(one, CLERK)] == ["白阳镇", "彭阳县"]
    assert await desk.submit(one, CLERK, "18") is CampaignState.IN_REVIEW
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'running' WHERE id = :id"), {"id": one.campaign_id})
    assert await planning.plan(ledger, one.campaign_id, desk.clock) == 18
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT DISTINCT region_code FROM owed WHERE campaign_id = :id ORDER BY 1"), {"id": one.campaign_id}
        )
        assert [row.region_code for row in rows] == [ground.VILLAGE_1, ground.VILLAGE_2]


async def test_what_cannot_be_told_cannot_be_submitted_and_says_why(desk: DraftDesk) -> None:
    campaign_id = await desk.begin(CLERK, "停水")
    with pytest.raises(InputError, match="主要内容"):
        await desk.submit(await found(desk, campaign_id), CLERK)
    await desk.save_words(await found(desk, campaign_id), CLERK, COAL)
    with pytest.raises(InputError, match="通知对象"):
        await desk.submit(await found(desk, campaign_id), CLERK)
    await desk.save_audience(await found(desk, campaign_id), CLERK, Not(EVERYBODY))
    with pytest.raises(InputError, match="没有一户"):
        await desk.submit(await found(desk, campaign_id), CLERK)
    nowhere = Author("wangwa", ground.WANGWA)
    other = await written(desk, nowhere)
    with pytest.raises(InputError, match="王洼镇的另一名审核员"):
        await desk.submit(other, nowhere, "5")


@on_both
async def test_who_tells_many_or_the_same_ones_twice_in_a_day_types_their_number_first(
    ledger: Ledger,
) -> None:
    desk = a_draft_desk(ledger, HandClock(), Trials(), Campaigns(confirm_above=17))
    one = await written(desk)
    with pytest.raises(InputError, match="超过 17 户"):
        await desk.submit(one, CLERK)
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET launched_at = :at WHERE id = 2"), {"at": 1_800_000_000_000_000})
    with pytest.raises(InputError, match="其中 5 户在 24 小时内"):
        await desk.submit(one, CLERK, "17")
    assert await desk.submit(one, CLERK, " 18 ") is CampaignState.IN_REVIEW
    assert '"confirmed": true' in (await latest(ledger, 1))[0].detail
    weight = await desk.weigh_launch(one.campaign_id)
    assert (weight.crowd.n, weight.crowd.n_told_lately, len(weight.warnings)) == (18, 5, 2)
    with pytest.raises(InputError, match="再启动"):
        await desk.demand_confirmed(one.campaign_id, "17")
    await desk.demand_confirmed(one.campaign_id, " 18 ")
    easy = a_draft_desk(ledger, HandClock(ground.NOW + timedelta(days=2000)), Trials())
    await easy.demand_confirmed(one.campaign_id, "")


async def test_a_draft_is_its_author_s_until_it_is_submitted_and_nobody_s_personal_data_is_kept(
    desk: DraftDesk,
) -> None:
    one = await written(desk)
    other = Author("guanli", ground.COUNTY)
    with pytest.raises(InputError, match="只有起草人"):
        await desk.save_audience(one, other, EVERYBODY)
    told = Typed("free", "找张某", "", "请与19900001234联系", "短信必达")
    with pytest.raises(InputError, match="个人信息"):
        await desk.save_words(one, CLERK, told)
    assert typed_of(await found(desk, one.campaign_id)) == COAL
    with pytest.raises(InputError, match="已经过去"):
        await desk.save_moment(one, CLERK, ground.NOW)
    await desk.submit(one, CLERK, "18")
    with pytest.raises(InputError, match="已经提交"):
        await desk.save_moment(await found(desk, one.campaign_id), CLERK, ground.NOW + timedelta(days=1))
    assert await past_reviews(desk.ledger, one.campaign_id) == []


@on_both
async def test_a_policy_is_told_once_and_then_only_reminded_of(desk: DraftDesk, ledger: Ledger) -> None:
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO benefit (id, kind, version, source, title, found_at, body, audit, n_lines, n_rejected) "
                "VALUES (3, 'policy', 1, 's', '关于养羊户补贴的通知', 0, '', 'none', 0, 0)"
            )
        )
    with pytest.raises(InputError, match="尚未发出"):
        await desk.begin(CLERK, "", 3)
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'finished' WHERE id = 3"))
    again = await found(desk, await desk.begin(CLERK, "", 3))
    assert (again.purpose, again.title, again.summary) == ("remind1", "关于养羊户补贴的通知", "养羊户可申领补贴")
    with pytest.raises(InputError, match="没有这项政策"):
        await desk.begin(CLERK, "", 99)


async def test_a_trial_goes_to_the_author_alone_and_counts_nowhere(ledger: Ledger) -> None:
    trials = Trials()
    desk = a_draft_desk(ledger, HandClock(), trials)
    one = await written(desk)
    assert isinstance(await desk.try_on(one, CLERK, "19900000001"), Accepted)
    (sent,) = trials.sent
    assert (sent.address, sent.kind, sent.by_user) == ("19900000001", "free", "baiyang")
    assert sent.facts["text"] == "冬天烧煤请开窗通风。咨询0954-7010000。"
    entry = (await latest(ledger, 1))[0]
    assert (entry.what, "1990" in entry.detail) == ("draft.try", False)
    async with ledger.reading() as c:
        assert (await c.execute(text("SELECT COUNT(*) FROM owed WHERE campaign_id > 9"))).scalar() == 0


def test_template_gateways_do_not_take_free_text_and_say_what_would_help() -> None:
    seen = preview(a_workshop(), COAL, ground.NOW)
    by_name = {one.gateway: one for one in seen.sayings}
    assert "审核过的模板" in by_name["aliyun_sms"].why_not
    assert by_name["cmpp"].can_say
    assert seen.problems == ()
    only = Typed("free", COAL.title, "", COAL.text, "短信必达", ("aliyun_sms",))
    assert "没有一个选中的通道" in preview(a_workshop(), only, ground.NOW).problems[0]


def test_what_will_be_cut_or_refused_is_pointed_out_gateway_by_gateway() -> None:
    typed = Typed("policy", "关于印发" * 12, "免费领取报警器", "", "微信优先")
    by_name = {one.gateway: one for one in preview(a_workshop(), typed, ground.NOW).sayings}
    assert by_name["wechat"].problems == ("含有会被拦截的词“免费领取”",)
    (title,) = [blank for blank in by_name["aliyun_sms"].blanks if blank.name == "title"]
    assert (title.n_units, title.most, title.is_cut, len(title.value)) == (48, 35, True, 35)
    assert not any(blank.is_cut for blank in by_name["cmpp"].blanks)
    assert [label for label, _ in by_name["wechat"].card] == ["政策名称", "主要内容", "咨询电话"]
    wrong = Typed("free", "x", "", "{户主}您好", "短信必达")
    assert "“{户主}”不认识" in preview(a_workshop(), wrong, ground.NOW).problems[0]


@given(st.text("惠农补贴，。a1{姓名}{村}", max_size=160))
def test_segments_shown_are_those_of_the_text_shown_and_names_only_lengthen_it(said: str) -> None:
    seen = preview(a_workshop(), Typed("free", "标题", "", said, "短信必达"), ground.NOW)
    (cmpp,) = [one for one in seen.sayings if one.gateway == "cmpp"]
    whole = cmpp.text.removeprefix(f"【{SIGN}】")
    assert cmpp.n_segments == segments(whole, SIGN)
    assert cmpp.n_segments_at_most >= cmpp.n_segments or "姓名" not in said


def test_the_limit_to_a_region_is_put_before_a_rule_and_taken_off_again() -> None:
    inner = AllOf((Within(ground.VILLAGE_1), Not(EVERYBODY)))
    for rule in (EVERYBODY, inner, Within(ground.BAIYANG)):
        whole = limited(rule, ground.BAIYANG)
        assert open_rule(whole, ground.BAIYANG) == open_rule(rule, ground.BAIYANG)
        assert limited(whole, ground.BAIYANG) == whole
