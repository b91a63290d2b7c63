"""The ladder's presets on households of every kind, through the real rooms and gateways, on both databases."""

from datetime import timedelta

import pytest

from tests.compose.households import FOUR_DAYS, late_word, told, visits
from tests.day.county import (
    A,
    SmallCounty,
    openid,
    phone,
    settle_in,
    tell_payments,
    tell_policy,
)

EVERY_KIND = [
    A([None]),  # 1: no phone at all
    A([None, phone(2)]),  # 2: another member's phone only
    A([phone(3)], shared=True),  # 3: a village officer's phone
    A([None], openid=openid(4)),  # 4: a follower without a phone
    A([phone(5)], openid=openid(5)),  # 5: a follower with a phone
    A([phone(6), phone(7)]),  # 6: two phones
]


async def test_sms_first_reaches_whoever_has_a_phone_of_their_own_household(county: SmallCounty) -> None:
    await settle_in(county.ledger, EVERY_KIND)
    await tell_payments(county, [(n, 10 * n) for n in range(1, 7)], ladder="短信必达")
    await county.a_round()
    assert await told(county) == [(n, "sms", 0, "delivered") for n in (2, 5, 6)]
    assert await visits(county) == {1: "no_contact", 3: "no_contact", 4: "no_contact"}
    assert {one.address for one in county.received()} == {phone(2), phone(5), phone(6)}


async def test_wechat_first_takes_the_first_rung_a_household_has_a_contact_for(county: SmallCounty) -> None:
    await settle_in(county.ledger, EVERY_KIND)
    await tell_payments(county, [(n, 10 * n) for n in range(1, 7)], ladder="微信优先")
    await county.a_round()
    sent = [(2, "sms", 1), (4, "wechat", 0), (5, "wechat", 0), (6, "sms", 1)]
    assert await told(county) == [(*one, "delivered") for one in sent]
    assert await visits(county) == {1: "no_contact", 3: "no_contact"}


async def test_both_at_once_sends_both_and_one_that_arrives_is_enough(county: SmallCounty) -> None:
    await settle_in(county.ledger, EVERY_KIND)
    await county.misbehave("wechat", failing={openid(5): "failed:user block", openid(4): "failed:user block"})
    await tell_payments(county, [(n, 10 * n) for n in range(1, 7)], ladder="双通道")
    await county.a_round()
    await county.compose()
    assert await told(county) == [
        (2, "sms", 0, "delivered"),
        (4, "wechat", 0, "failed"),
        (5, "sms", 0, "delivered"),
        (5, "wechat", 0, "failed"),
        (6, "sms", 0, "delivered"),
    ]
    assert await visits(county) == {1: "no_contact", 3: "no_contact", 4: "blocked"}


@pytest.mark.parametrize("ladder", ["微信优先", "双通道", "短信必达"])
async def test_a_policy_never_goes_by_a_wechat_template(county: SmallCounty, ladder: str) -> None:
    await settle_in(county.ledger, EVERY_KIND)
    await tell_policy(county, ladder)
    await county.a_round()
    assert {medium for _, medium, _, _ in await told(county)} == {"sms"}
    assert await visits(county) == {1: "no_contact", 3: "no_contact", 4: "no_contact"}


async def test_a_blocked_follower_is_told_by_sms_then_on_another_number_then_by_a_person(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2), phone(3)], openid=openid(1))])
    await county.misbehave("wechat", failing={openid(1): "failed:user block"})
    await county.misbehave("aliyun", failing={phone(1): "MK:0001", phone(2): "MK:0005"})
    await tell_payments(county, [(1, 10)])
    for _ in range(4):
        await county.a_round()
    assert await told(county) == [(1, "wechat", 0, "failed"), (1, "sms", 1, "failed"), (1, "sms", 3, "failed")]
    assert [one.address for one in county.received()] == [openid(1), phone(1), phone(2)]
    assert await visits(county) == {1: "suspended"}
    assert await county.one("SELECT state FROM campaign") == "finished"


async def test_a_number_that_was_tried_is_not_tried_again_though_two_members_carry_it(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(1)])])
    await county.misbehave("aliyun", failing={phone(1): "MK:0001"})
    await tell_policy(county)
    for _ in range(3):
        await county.a_round()
    assert [one.address for one in county.received()] == [phone(1)]
    assert await visits(county) == {1: "dead_number"}


async def test_a_refused_message_climbs_too(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await county.order("followers", unfollow=[openid(1)], push=False)
    await tell_payments(county, [(1, 10)])
    await county.a_round()
    await county.a_round()
    assert await told(county) == [(1, "wechat", 0, "failed"), (1, "sms", 1, "delivered")]
    assert await county.owed() == {"reached": 1}


async def test_silence_climbs_when_the_window_is_over_and_not_before(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)])])
    await county.misbehave("aliyun", script=[["receipt_silent"], ["receipt_silent"]])
    await tell_policy(county)
    await county.a_round()
    county.clock.ahead = timedelta(hours=71)
    await county.a_round()
    assert await told(county) == [(1, "sms", 0, "accepted")]
    county.clock.ahead = FOUR_DAYS
    await county.track()
    assert (await county.messages(), await county.owed()) == ({"silent": 1}, {"pending": 1})
    await county.compose()
    assert await told(county) == [(1, "sms", 0, "silent"), (1, "sms", 2, "ready")]


async def test_a_late_delivered_withdraws_the_next_message_that_was_not_sent(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)])])
    await county.misbehave("aliyun", script=[["receipt_silent"]])
    await tell_policy(county)
    await county.a_round()
    county.clock.ahead = FOUR_DAYS
    await county.track()
    await county.compose()
    await late_word(county)
    await county.dispatch()
    assert await told(county) == [(1, "sms", 0, "delivered"), (1, "sms", 2, "withdrawn")]
    assert await county.owed() == {"reached": 1}
    assert len(county.received()) == 1
    await county.track()
    assert await county.one("SELECT state FROM campaign") == "finished"


async def test_a_late_delivered_overtakes_the_visit(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("aliyun", script=[["receipt_silent"]])
    await tell_policy(county)
    await county.a_round()
    county.clock.ahead = FOUR_DAYS
    await county.track()
    await county.compose()
    assert (await county.owed(), await visits(county)) == ({"unreached": 1}, {1: "silent"})
    await late_word(county)
    assert await county.owed() == {"reached": 1}
    assert await county.one("SELECT state FROM visit") == "overtaken"


async def test_each_beneficiary_with_a_phone_is_told_their_lines_and_the_householder_the_rest(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2), phone(3), None])])
    # persons 10 (householder), 11, 12 with phones, 13 without: two lines for 13, one for each of the others
    await tell_payments(county, [(1, 10), (1, 11), (1, 12), (1, 13), (1, 13)], ladder="短信必达")
    assert (await county.compose()).n_messages == 3
    await county.dispatch()
    texts = {one.address: one.text for one in county.received()}
    assert len(texts) == len(county.received()) == 3
    assert "共3笔合计" in texts[phone(1)]
    assert "3562.50元" in texts[phone(1)]
    assert all("12.5亩×95元" in texts[phone(n)] for n in (2, 3))


async def test_a_household_with_two_chains_is_reached_when_both_are(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)])])
    await county.misbehave("aliyun", failing={phone(2): "MK:0001"})
    await tell_payments(county, [(1, 10), (1, 11)], ladder="短信必达")
    await county.a_round()
    assert (await county.messages(), await county.owed()) == ({"delivered": 1, "failed": 1}, {"pending": 1})
    await county.a_round()  # the second chain climbs to the householder's phone, which the first used for its own line
    assert [one.address for one in county.received()] == [phone(1), phone(2), phone(1)]
    assert await county.owed() == {"reached": 1}


async def test_a_chain_keeps_its_lines_when_a_contact_changes_between_two_rungs(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), None], openid=openid(1), openid_of=1)])
    await county.misbehave("wechat", failing={openid(1): "failed:user block"})
    await tell_payments(county, [(1, 11)])
    await county.a_round()
    await county.do("UPDATE contact SET state = 'unfollowed' WHERE kind = 'openid'")
    await county.a_round()
    assert [one.address for one in county.received()] == [openid(1), phone(1)]
    assert await county.owed() == {"reached": 1}


async def test_a_line_that_was_taken_back_between_two_rungs_sends_a_person_and_no_empty_message(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await county.misbehave("wechat", failing={openid(1): "failed:user block"})
    await tell_payments(county, [(1, 10)])
    await county.a_round()
    await county.do("UPDATE payment SET state = 'returned'")
    for _ in range(3):
        await county.a_round()
    assert len(county.received()) == 1
    assert await county.owed() == {"unreached": 1}
