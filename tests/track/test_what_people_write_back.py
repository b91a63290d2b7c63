"""People write back: what they want is done, once, and what is owed to them goes on."""

from datetime import timedelta

from notifier.store.consent import consent_of, purge_consent
from notifier.store.hearing import forget_heard
from notifier.store.inquiries import list_inquiries
from tests.day.county import SMS, WECHAT, A, SmallCounty, openid, phone, settle_in, tell_payments, tell_policy
from tests.track.answers import COUNTY, climb_to_the_end, reached_numbers, reasons, said, say


async def test_who_stopped_gets_no_policy_and_the_household_goes_on_to_its_next_phone(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)]), A([phone(3)]), A([phone(4)])])
    await say(county, phone(1), "Ｔ Ｄ")
    await say(county, phone(3), "退订")
    assert await tell_policy(county) == 3
    await climb_to_the_end(county)
    assert sorted(reached_numbers(county)) == [phone(2), phone(4)]
    assert await county.owed() == {"reached": 2, "unreached": 1}
    assert await reasons(county) == {"opted_out": 1}
    assert await county.one("SELECT COUNT(*) FROM visit WHERE state = 'open' AND reason = 'opted_out'") == 1


async def test_who_stopped_is_still_told_of_payments(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await say(county, phone(1), "回复T")
    await tell_payments(county, [(1, 10)])
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(1)]
    assert await county.owed() == {"reached": 1}


async def test_a_composed_policy_is_withdrawn_and_a_composed_payment_is_not(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await tell_payments(county, [(1, 10)])
    await county.compose()
    await say(county, phone(1), "td ")
    assert await county.counts(
        "SELECT k.kind || m.state, COUNT(*) FROM message m JOIN campaign k ON k.id = m.campaign_id GROUP BY 1"
    ) == {"policywithdrawn": 1, "disbursementready": 1}
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(1)]
    assert await reasons(county) == {"opted_out": 1}


async def test_a_chunk_that_was_held_when_the_stop_came_is_cleared_when_it_is_claimed_next(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]), A([phone(2)])])
    await tell_policy(county)
    await county.compose()
    await county.do("UPDATE chunk SET lease_until = :far, lease_owner = 'another'", far=2**60)
    await say(county, phone(1), "T")
    assert await county.messages() == {"ready": 2}
    await county.do("UPDATE chunk SET lease_until = 0, lease_owner = NULL")
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(2)]
    assert await county.owed() == {"reached": 1, "unreached": 1}


async def test_resuming_brings_policies_back_and_the_ledger_keeps_both(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await say(county, phone(1), "恢复订阅", send_time="2026-11-24 10:05:00")
    await say(county, phone(1), "退订")  # said before, pushed after
    await tell_policy(county)
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(1)]
    entries = await consent_of(county.ledger, county.ledger.vault.blind("phone", phone(1)))
    assert [(one.what, one.household_id) for one in entries] == [("stop", 1), ("resume", 1)]


async def test_a_stop_on_wechat_stops_that_way_only(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid(1))])
    await county.order("say", openid=openid(1), content="“退订”")
    await county.receipts_have_come(1)
    await county.track()
    assert await county.rows("SELECT kind, what FROM consent_entry") == [("openid", "stop")]
    await tell_policy(county)
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(1)]


async def test_the_same_text_pushed_again_does_nothing_twice(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    text = said(phone(1), "补贴什么时候发", sequence_id=640425)
    await county.push(SMS, [text])
    await county.push(SMS, [text, said(phone(9), "你好在吗", sequence_id="640426")])
    await county.track()
    assert await county.one("SELECT COUNT(*) FROM inquiry") == 2
    assert await county.one("SELECT COUNT(*) FROM heard_text") == 2
    assert await forget_heard(county.ledger, county.clock.now() + timedelta(days=8), timedelta(days=7)) == 2


async def test_what_is_typed_on_a_handset_comes_all_the_way(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    for n, word in enumerate(("怎么领补贴", "在哪里领", "td", "恢复"), 1):
        await county.order("reply", gateway="aliyun", phone=phone(1), content=word)
        await county.receipts_have_come(n)
    await county.hear()
    assert await county.one("SELECT COUNT(*) FROM inquiry") == 2
    assert await county.one("SELECT COUNT(*) FROM heard_text") == 4
    assert await county.rows("SELECT what FROM consent_entry ORDER BY at, id") == [("stop",), ("resume",)]


async def test_a_wechat_text_retried_under_a_new_nonce_is_one_inquiry(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid(1))])
    county.answering.clear()  # unanswered, WeChat pushes it again
    await county.order("say", openid=openid(1), content="低保怎么申请")
    await county.receipts_have_come(1)
    county.answering.set()
    await county.hear()
    assert await county.rows("SELECT kind, channel, region_code, household_id FROM inquiry") == [
        ("咨询", WECHAT, "640425100202", 1)
    ]


async def test_who_says_that_it_was_read_acknowledges_the_last_notice_only(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.a_round()
    await county.misbehave("aliyun", script=[["receipt_lost"]])
    await tell_payments(county, [(1, 10)])
    await county.a_round()
    assert await county.messages() == {"delivered": 1, "accepted": 1}
    await say(county, phone(1), "收到,谢谢")
    assert await county.counts("SELECT level, COUNT(*) FROM owed GROUP BY level") == {"handset": 1, "acknowledged": 1}
    assert await county.one("SELECT level FROM owed WHERE campaign_id = 2") == "acknowledged"
    assert await county.one("SELECT COUNT(*) FROM inquiry") == 0


async def test_an_old_notice_is_not_what_somebody_says_was_read(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.a_round()
    county.clock.ahead += timedelta(days=8)
    await say(county, phone(1), "知道了")
    assert await county.one("SELECT level FROM owed") == "handset"


async def test_everything_else_is_an_inquiry_of_the_household_s_village_sealed_and_masked(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await say(county, phone(1), f"我要投诉,样例1的钱没到,打{phone(8)}")
    await say(county, phone(99), "请问怎么登记")
    mine, stranger = await list_inquiries(county.ledger, COUNTY)
    assert (mine.kind, mine.household_id, mine.region_code) == ("投诉", 1, "640425100202")
    assert (stranger.kind, stranger.household_id, stranger.region_code) == ("咨询", None, COUNTY)
    assert phone(8) not in mine.text
    assert "样例1" not in mine.text
    assert phone(1) not in mine.contact
    assert mine.due_at > mine.received_at
    assert await list_inquiries(county.ledger, "640425101201") == []
    sealed = b"".join(
        bytes(v) for row in await county.rows("SELECT text_sealed, contact_sealed FROM inquiry") for v in row
    )
    assert "投诉".encode() not in sealed
    assert phone(1).encode() not in sealed


async def test_consent_is_kept_while_the_number_is_registered_and_five_months_after(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await say(county, phone(1), "T")
    await say(county, phone(50), "T")
    kept, now = timedelta(days=160), county.clock.now()
    assert await purge_consent(county.ledger, now, kept) == 0
    assert await purge_consent(county.ledger, now + timedelta(days=400), kept) == 1  # the stranger's
    await county.do("UPDATE household SET state = 'gone'")
    assert await purge_consent(county.ledger, now + timedelta(days=401), kept) == 0
    await county.do("UPDATE household SET state = 'active'")
    assert await purge_consent(county.ledger, now + timedelta(days=600), kept) == 0
    await county.do("UPDATE household SET state = 'gone'")
    assert await purge_consent(county.ledger, now + timedelta(days=601), kept) == 0
    assert await purge_consent(county.ledger, now + timedelta(days=762), kept) == 1
