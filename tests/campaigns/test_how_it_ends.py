"""How a campaign ends: cancelled, mended and told again, or said in an official's own words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.campaigns.deciding import CampaignDesk
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.domain.outcomes import Reason
from notifier.store import planning, tally
from notifier.store.ledger import take_ids
from notifier.store.retrying import n_retriable
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_payments, tell_policy
from tests.report import ground

S = CampaignState


@pytest.fixture
async def county(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    database, gateway = request.param
    url = request.getfixturevalue(f"{database}_ledger_url")
    async with small_county(url, tmp_path, sms=gateway) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []


def in_a_county(*databases: str, sms: str = "aliyun_sms") -> pytest.MarkDecorator:
    return pytest.mark.parametrize("county", [(one, sms) for one in databases], indirect=True, ids=databases)


@in_a_county("sqlite", "postgres")
async def test_a_cancelled_campaign_leaves_nobody_pending_and_a_late_receipt_still_counts(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(1, 5)])
    await tell_policy(county)
    await county.compose()
    # Two are with the gateway, unanswered by the handset; two have not left.
    await county.do("UPDATE message SET state = 'accepted' WHERE id IN (SELECT id FROM message ORDER BY id LIMIT 2)")
    await tally.recount(county.ledger, 1)
    desk = CampaignDesk(county.ledger, county.clock, launches_approved=True)
    assert await desk.cancel(1, "guanli") is S.CANCELLED
    assert await county.owed() == {"pending": 2, "unreached": 2}
    assert await county.rows("SELECT DISTINCT reason FROM owed WHERE state = 'unreached'") == [("cancelled",)]
    assert await county.one("SELECT COUNT(*) FROM visit") == 0
    await county.do("UPDATE chunk SET sent_at = 0")
    await county.track()  # the window of the two is over
    assert await county.owed() == {"unreached": 4}
    assert (await county.dispatch()).n_accepted == 0


@pytest.mark.parametrize("kind", ["payments", "policy"])
@in_a_county("sqlite", "postgres")
async def test_who_was_not_told_for_a_mended_reason_is_told_by_new_messages_and_nobody_else(
    county: SmallCounty, kind: str
) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(1, 5)])
    await county.misbehave("aliyun", failing={phone(0): "CONTENT_KEYWORD", phone(1): "CONTENT_KEYWORD"})
    if kind == "payments":
        await tell_payments(county, [(n, 10 * n) for n in range(1, 5)], ladder="短信必达")
    else:
        await tell_policy(county, campaign_id=2)
    await county.a_round()
    await county.a_round()
    desk = CampaignDesk(county.ledger, county.clock, launches_approved=True)
    unreached = await county.counts("SELECT reason, COUNT(*) FROM owed WHERE state = 'unreached' GROUP BY reason")
    assert unreached == {"content": 1}
    assert await n_retriable(county.ledger, 2) == {Reason.CONTENT: 1}
    with pytest.raises(InputError, match="不能批量重发"):
        await desk.retry(2, "guanli", Reason.SILENT, "再试")
    with pytest.raises(InputError, match="怎样排除"):
        await desk.retry(2, "guanli", Reason.CONTENT, " ")
    await county.order("mischief", gateway="aliyun", clear=True, plan={})
    assert await desk.retry(2, "guanli", Reason.CONTENT, "模板已重新报备") == 1
    await county.a_round()
    assert await county.owed() == {"reached": 4}
    assert await county.rows("SELECT retry, state, COUNT(*) FROM message GROUP BY retry, state ORDER BY 1, 2") == [
        (0, "delivered", 3),
        (0, "failed", 1),
        (1, "delivered", 1),
    ]
    assert await county.rows("SELECT state FROM visit") == [("overtaken",)]
    with pytest.raises(InputError, match="没有因"):
        await desk.retry(2, "guanli", Reason.CONTENT, "再来一次")


@in_a_county("sqlite", sms="mas")
async def test_a_text_of_one_s_own_reaches_each_household_in_its_own_name(county: SmallCounty) -> None:
    async with county.ledger.writing() as c:
        for table in ("benefit", "campaign"):
            await take_ids(c, table, 1)
    await ground.lay_regions(county.ledger)
    await settle_in(county.ledger, [A([phone(n)]) for n in range(1, 4)])
    await tell_policy(county, ladder="双通道")
    said_of_all = "{姓名}您好，{村}明天停水，咨询{咨询电话}。"
    await county.do("UPDATE campaign SET notice_kind = 'free', free_text = :said, gateways = 'mas'", said=said_of_all)
    await county.a_round()
    assert await county.owed() == {"reached": 3}
    said = sorted(one.text for one in county.received())
    assert [one.rpartition("】")[2] for one in said] == [
        "样例1您好，白阳样例二村明天停水，咨询0954-7010000。",
        "样例2您好，王洼样例一村明天停水，咨询0954-7010000。",
        "样例3您好，白阳样例一村明天停水，咨询0954-7010000。",
    ]
    await county.do("UPDATE campaign SET gateways = 'cmpp', state = 'running', composed_at = NULL")
    await planning.plan(county.ledger, 1, county.clock)
    await county.do("UPDATE campaign SET composed_at = NULL")
    await county.compose()
    assert await county.rows("SELECT state FROM campaign") == [("paused",)]
