"""What providers push finds its message, whatever its order, company, lateness or quality."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.store import tally
from tests.day.county import SMS, A, SmallCounty, openid, phone, settle_in, small_county, tell_payments, tell_policy


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []


async def accepted(county: SmallCounty, n: int = 1, mishap: str = "receipt_lost", script: bool = True) -> None:
    """`n` messages that the gateway took and of which no receipt has come."""
    await settle_in(county.ledger, [A([phone(i)]) for i in range(n)])
    await county.misbehave("aliyun", **({"script": [[mishap]]} if script else {"rates": {mishap: 1}}))
    await tell_policy(county)
    await county.compose()
    await county.dispatch()


def receipt(county: SmallCounty, n: int = 0, **changes: Any) -> dict[str, Any]:
    one = county.received()[n]
    said = {"phone_number": one.address, "success": True, "err_code": "DELIVERED", "out_id": one.sender_key,
            "biz_id": one.provider_id, "report_time": "2026-11-24 10:00:00", "sms_size": "1"}  # fmt: skip
    return said | changes


FAILED: dict[str, Any] = {"success": False, "err_code": "MK:0001"}


@pytest.mark.parametrize("mishap", ["receipt_early", "receipt_late", "receipt_doubled", "receipt_shuffled"])
async def test_the_gateway_s_own_irregularities_change_nothing(county: SmallCounty, mishap: str) -> None:
    await accepted(county, 40, mishap, script=False)
    await county.hear()
    await county.hear()
    assert (await county.messages(), await county.owed()) == ({"delivered": 40}, {"reached": 40})


async def test_an_early_receipt_is_folded_before_the_answer_is_recorded(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("aliyun", script=[["receipt_early"]])
    county.answering.clear()  # the gateway answers the call after its push was answered
    await tell_policy(county)
    await county.compose()
    sending = asyncio.create_task(county.dispatch())
    await county.receipts_have_come(1)
    assert (await county.track()).n_delivered == 1
    assert not sending.done()
    county.answering.set()
    assert (await sending).n_accepted == 1
    assert (await county.messages(), await county.owed()) == ({"delivered": 1}, {"reached": 1})


async def test_strangers_and_garbage_between_them_lose_none_and_are_kept(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(i)]) for i in range(30)])
    await county.misbehave("aliyun", rates={"receipt_unknown": 1, "receipt_garbled": 1})
    await tell_policy(county)
    await county.a_round()
    assert await county.messages() == {"delivered": 30}
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 30
    assert await county.one("SELECT COUNT(*) FROM push WHERE folded = 0") == 0


async def test_a_malformed_element_does_not_lose_its_neighbours(county: SmallCounty) -> None:
    await accepted(county, 3)
    good = [receipt(county, n) for n in range(3)]
    await county.push(SMS, [good[0], None, {"phone_number": 7}, good[1], [], {"success": "maybe"}, good[2]])
    await county.track()
    assert await county.messages() == {"delivered": 3}
    assert (await county.one("SELECT n_damaged FROM push")) >= 3


async def test_the_same_push_twice_is_one_push_and_a_repeated_receipt_is_a_no_op(county: SmallCounty) -> None:
    await accepted(county)
    for _ in range(2):
        await county.push(SMS, [receipt(county)])
    assert await county.one("SELECT COUNT(*) FROM push") == 1
    await county.track()
    await county.push(SMS, [receipt(county), receipt(county)])
    assert (await county.track()).n_delivered == 0
    assert await county.messages() == {"delivered": 1}


@pytest.mark.parametrize("failed_first", [True, False])
async def test_delivered_wins_over_failed_in_any_order(county: SmallCounty, failed_first: bool) -> None:
    await accepted(county)
    words = [receipt(county, **FAILED), receipt(county)]
    for word in words if failed_first else reversed(words):
        await county.push(SMS, [word])
        await county.track()
    await county.compose()
    assert (await county.messages(), await county.owed()) == ({"delivered": 1}, {"reached": 1})
    assert await county.one("SELECT COUNT(*) FROM visit WHERE state = 'open'") == 0


async def test_both_words_in_one_push_are_delivered(county: SmallCounty) -> None:
    await accepted(county)
    await county.push(SMS, [receipt(county), receipt(county, **FAILED)])
    await county.track()
    await county.compose()
    assert (await county.messages(), await county.owed()) == ({"delivered": 1}, {"reached": 1})


async def test_one_without_our_id_is_matched_by_the_provider_s(county: SmallCounty) -> None:
    await accepted(county)
    await county.push(SMS, [receipt(county, out_id="")])
    await county.track()
    assert await county.messages() == {"delivered": 1}


async def test_one_whose_call_is_not_known_yet_is_parked_and_matched_later(county: SmallCounty) -> None:
    await accepted(county)
    ref = await county.one("SELECT provider_ref FROM attempt")
    await county.do("UPDATE attempt SET provider_ref = NULL")
    await county.push(SMS, [receipt(county, out_id="")])
    assert (await county.track()).n_parked == 1
    assert await county.messages() == {"accepted": 1}
    await county.do("UPDATE attempt SET provider_ref = :ref", ref=ref)
    assert (await county.track()).n_delivered == 1
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 0


async def test_a_forged_address_moves_nothing_and_does_not_stay_in_the_way(county: SmallCounty) -> None:
    await accepted(county, 2)
    await county.push(SMS, [receipt(county, phone_number=phone(777))])
    await county.track()
    await county.track()
    assert await county.messages() == {"accepted": 2}
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 0


async def test_a_parked_one_is_forgotten_after_its_days(county: SmallCounty) -> None:
    await accepted(county)
    await county.push(SMS, [receipt(county, out_id="nobody's", biz_id="nobody's")])
    await county.track()
    county.clock.ahead = timedelta(days=6)
    await county.track()
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 1
    county.clock.ahead = timedelta(days=8)
    await county.track()
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 0


async def test_a_push_of_a_gateway_that_is_gone_is_kept_and_stops_nobody(county: SmallCounty) -> None:
    await accepted(county)
    await county.push("tencent_sms", [{"a": 1}])
    await county.push(SMS, [receipt(county)])
    await county.track()
    assert await county.messages() == {"delivered": 1}
    assert await county.rows("SELECT gateway, folded, n_damaged FROM push WHERE gateway <> 'aliyun_sms'") == [
        ("tencent_sms", 1, 1)
    ]


async def test_nobody_s_number_is_readable_in_what_is_stored(county: SmallCounty) -> None:
    await accepted(county)
    await county.push(SMS, [receipt(county), receipt(county, out_id="x", biz_id="y")])
    sealed = await county.one("SELECT sealed FROM push")
    assert phone(0).encode() not in bytes(sealed)
    await county.track()
    parked = await county.rows("SELECT * FROM parked_receipt")
    assert len(parked) == 1
    assert phone(0) not in json.dumps(parked, default=str)


@pytest.mark.parametrize("mode", ["plain", "mixed", "aes"])
async def test_wechat_events_are_read_in_every_mode(ledger_url: str, tmp_path: Path, mode: str) -> None:
    async with small_county(ledger_url, tmp_path, wechat={"push_mode": mode}) as county:
        await settle_in(county.ledger, [A([None], openid=openid(n)) for n in range(6)])
        await county.misbehave("wechat", failing={openid(3): "failed: system failed"})
        await tell_payments(county, [(n, 10 * n) for n in range(1, 7)])
        await county.a_round()
        assert await county.messages() == {"delivered": 5, "failed": 1}


async def test_who_unfollows_is_not_addressed_by_wechat_any_more(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await county.order("followers", unfollow=[openid(1)])
    await county.receipts_have_come(1)
    await county.track()
    await tell_payments(county, [(1, 10)])
    await county.a_round()
    assert [one.channel for one in county.received()] == ["sms"]
