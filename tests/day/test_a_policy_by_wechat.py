"""Policies go by WeChat to who accepted the account's long-term notices, and to everybody else by SMS; told once."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.store import tally
from tests.day.county import A, SmallCounty, openid, phone, settle_in, small_county, tell_policy

TEMPLATE = "PolicyNews640425-AAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []


async def decide(county: SmallCounty, *openids: str, **order: Any) -> None:
    """The followers accept (or what `order` says), and we have heard it."""
    await county.order("consents", openids=openids, template_id=TEMPLATE, **order)
    await county.hear()


async def told(county: SmallCounty) -> list[tuple[int, str, str]]:
    """(household, medium, state) of every message."""
    return await county.rows(
        "SELECT o.household_id, m.medium, m.state FROM message m JOIN owed o ON o.id = m.owed_id "
        "ORDER BY o.household_id, m.step, m.id"
    )


def on_wechat(county: SmallCounty) -> list[str]:
    return [one.address for one in county.received() if one.channel == "wechat"]


async def visits(county: SmallCounty) -> Sequence[Any]:
    return await county.rows(
        "SELECT o.household_id, v.reason FROM visit v JOIN owed o ON o.id = v.owed_id WHERE v.state = 'open'"
    )


@pytest.mark.parametrize("ladder", ["微信优先", "双通道"])
async def test_only_who_accepted_is_told_by_wechat(county: SmallCounty, ladder: str) -> None:
    homes = [A([phone(1)], openid=openid(1)), A([phone(2)], openid=openid(2)), A([phone(3)]), A([None], openid(4))]
    await settle_in(county.ledger, homes)
    await decide(county, openid(1), openid(4))
    await decide(county, openid(2), word="reject")
    await tell_policy(county, ladder)
    await county.a_round()
    both = [(1, "sms", "delivered")] if ladder == "双通道" else []
    expected = [(1, "wechat", "delivered"), *both, (2, "sms", "delivered"), (3, "sms", "delivered")]
    assert sorted(await told(county)) == sorted([*expected, (4, "wechat", "delivered")])
    assert sorted(on_wechat(county)) == [openid(1), openid(4)]
    assert await county.owed() == {"reached": 4}
    refs = await county.rows("SELECT provider_ref FROM attempt a WHERE a.gateway = 'wechat'")
    assert sorted(ref for (ref,) in refs) == sorted(
        one.provider_id for one in county.received() if one.channel == "wechat"
    )


async def test_a_consent_can_come_before_anybody_is_bound_and_is_withdrawn_by_either_event(county: SmallCounty) -> None:
    await decide(county, openid(1), openid(2))
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1)), A([phone(2)], openid=openid(2))])
    await decide(county, openid(1), word="reject", change=True)
    await decide(county, openid(2), word="reject", change=True, mistaken=True)
    await tell_policy(county, "微信优先")
    await county.a_round()
    assert await told(county) == [(1, "sms", "delivered"), (2, "sms", "delivered")]


async def test_a_consent_that_wechat_does_not_know_is_ended_and_the_household_told_by_sms(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await decide(county, openid(1))
    await decide(county, openid(1), word="reject", push=False)
    await tell_policy(county, "微信优先")
    await county.a_round()
    await county.a_round()
    assert await told(county) == [(1, "wechat", "failed"), (1, "sms", "delivered")]
    assert await county.one("SELECT accepts FROM subscription") == 0


@pytest.mark.parametrize("mishap", ["reset_after", "http_502_after", "garbage_body", "receipt_early"])
async def test_an_answer_that_is_lost_or_late_is_settled_by_the_event(county: SmallCounty, mishap: str) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await decide(county, openid(1))
    await county.misbehave("wechat", script=[[mishap]])
    await tell_policy(county, "微信优先")
    await county.a_round()
    assert await told(county) == [(1, "wechat", "delivered")]
    await county.settle()
    assert await county.one("SELECT COUNT(*) FROM unsure_attempt") == 0
    assert on_wechat(county) == [openid(1)]


async def test_without_answer_and_event_a_person_goes_and_nothing_is_sent_again(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await decide(county, openid(1))
    await county.misbehave("wechat", script=[["reset_after", "receipt_lost"]])
    await tell_policy(county, "微信优先")
    await county.a_round()
    await county.settle()
    assert await told(county) == [(1, "wechat", "unsure")]
    county.clock.ahead = timedelta(minutes=61)
    await county.settle()
    await county.a_round()
    assert await told(county) == [(1, "wechat", "silent")]
    assert await visits(county) == [(1, "unsettled")]
    assert len(county.received()) == 1


async def test_accepted_without_an_event_is_silent_at_the_end_of_the_window_and_the_next_rung_begins(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await decide(county, openid(1))
    await county.misbehave("wechat", script=[["receipt_lost"]])
    await tell_policy(county, "微信优先")
    await county.a_round()
    county.clock.ahead = timedelta(minutes=61)
    await county.track()
    await county.a_round()
    assert await told(county) == [(1, "wechat", "silent"), (1, "sms", "delivered")]


async def test_two_policies_to_one_person_are_each_told_by_their_own_event_and_repeats_change_nothing(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await decide(county, openid(1))
    await county.misbehave("wechat", script=[["receipt_lost"], ["receipt_doubled", "receipt_unknown"]])
    await tell_policy(county, "微信优先")
    await county.a_round()
    await county.do("UPDATE attempt SET started_at = started_at - 3000000")  # the second policy comes seconds later
    await tell_policy(county, "微信优先", campaign_id=2)
    await county.a_round()
    states = await county.rows("SELECT campaign_id, state FROM message ORDER BY campaign_id")
    assert states == [(1, "accepted"), (2, "delivered")], "the lost event is the first policy's"


async def test_one_person_of_two_households_is_told_of_each_by_events_of_the_same_second(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([None], openid=openid(7)), A([None], openid=openid(7))])
    await decide(county, openid(7))
    await tell_policy(county, "微信优先")
    await county.a_round()
    assert await told(county) == [(1, "wechat", "delivered"), (2, "wechat", "delivered")]
    assert await county.one("SELECT COUNT(DISTINCT provider_ref) FROM attempt") == 2


async def test_a_campaign_of_policies_needs_no_consent_anywhere(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([None], openid=openid(1)), A([phone(2)])])
    await tell_policy(county, "微信优先")
    await county.a_round()
    assert await told(county) == [(2, "sms", "delivered")]
    assert await visits(county) == [(1, "no_contact")]
