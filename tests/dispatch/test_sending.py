"""Chunks leave by the real channels to the stand-in gateways: once, in the right calls, or durably later."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.dispatch import step as dispatching
from notifier.dispatch.routes import shut
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Outcome
from notifier.sandbox import handsets
from notifier.sandbox.settings import FlowLimits
from notifier.store import tally
from notifier.store.dispatching import open_chunks
from tests.day.county import WORDING, A, SmallCounty, openid, phone, settle_in, small_county, tell_payments, tell_policy
from tests.dispatch.ground import compose_apart, compose_in_one_chunk, desk, texts


async def calls(county: SmallCounty) -> list[int]:
    """How many letters each call carried, the largest first."""
    found = await county.rows("SELECT message_ids FROM attempt")
    return sorted((len(ids.split(",")) for (ids,) in found), reverse=True)


async def test_sms_leaves_in_hundreds_and_wechat_one_by_one(county: SmallCounty) -> None:
    await settle_in(
        county.ledger, [A([phone(n)]) for n in range(201)] + [A([None], openid=openid(n)) for n in range(5)]
    )
    await tell_payments(county, [(n, 10 * n) for n in range(1, 207)])
    await county.compose()
    assert (await county.dispatch()).n_accepted == 206
    assert await calls(county) == [100, 100, 1, 1, 1, 1, 1, 1]


async def test_the_same_number_twice_in_a_chunk_goes_in_separate_calls(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(7)]) for _ in range(3)] + [A([phone(n)]) for n in range(10, 15)])
    await tell_policy(county)
    await compose_apart(county)
    await county.a_round()
    assert texts(county)[phone(7)] == 3
    assert await calls(county) == [5, 1, 1, 1]
    assert await county.owed() == {"reached": 8}


@pytest.mark.parametrize("gateway", ["aliyun", "wechat"])
async def test_a_throttled_call_is_postponed_and_goes_out_when_its_time_has_come(
    county: SmallCounty, gateway: str
) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await county.misbehave(gateway, script=[["throttle"]])
    await tell_payments(county, [(1, 10)], ladder="微信优先" if gateway == "wechat" else "短信必达")
    await county.compose()
    await county.dispatch()
    assert (await county.messages(), county.received()) == ({"postponed": 1}, [])
    await county.dispatch()
    assert county.received() == []
    county.clock.ahead = timedelta(minutes=2)
    await county.a_round()
    assert await county.messages() == {"delivered": 1}


async def test_a_number_at_its_limit_is_postponed_and_its_neighbours_are_told(ledger_url: str, tmp_path: Path) -> None:
    flow = {"flow": FlowLimits(notice_per_day=1)}
    async with small_county(ledger_url, tmp_path, aliyun=flow) as county:
        await settle_in(county.ledger, [A([phone(7)]), A([phone(7)]), *(A([phone(n)]) for n in range(10, 14))])
        await tell_policy(county)
        await compose_apart(county)
        await county.dispatch()
        assert await county.messages() == {"accepted": 5, "postponed": 1}
        assert texts(county) == Counter([phone(7), *(phone(n) for n in range(10, 14))])
        (later,) = [at for (at,) in await county.rows("SELECT not_before FROM chunk WHERE state = 'open'")]
        assert later > datetime.now(UTC).timestamp() * 1e6 + 3e8
        assert await tally.check(county.ledger) == []


async def test_one_bad_number_in_a_batch_fails_alone(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(20)] + [A(["12345678901"])])
    await tell_policy(county)
    await county.a_round()
    await county.compose()
    assert await county.messages() == {"delivered": 20, "failed": 1}
    assert await county.rows("SELECT reason FROM message WHERE state = 'failed'") == [("dead_number",)]
    assert await county.owed() == {"reached": 20, "unreached": 1}


async def test_a_refused_template_pauses_the_campaign_fails_nobody_and_resuming_goes_on(
    ledger_url: str, tmp_path: Path
) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(120)])
        await tell_policy(county)
        await county.compose()
        policy = {
            "policy": {
                "aliyun_sms": WORDING.texts["policy"]["aliyun_sms"].model_copy(update={"template": "SMS_999999999"})
            }
        }
        odd = replace(county.dispatching, wording=replace(WORDING, texts={**WORDING.texts, **policy}))
        await dispatching.step(odd)
        assert await county.messages() == {"ready": 120}
        state, why = (await county.rows("SELECT state, paused_why FROM campaign"))[0]
        assert state == "paused"
        assert "SMS_TEMPLATE_ILLEGAL" in why
        await desk(county).resume(1, "someone")
        county.clock.ahead = timedelta(minutes=2)
        await county.a_round()
        assert await county.owed() == {"reached": 120}
        assert await tally.check(county.ledger) == []


class TestQuietHours:
    async def test_a_chunk_is_held_back_until_their_end(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await tell_policy(county)
        await county.compose()
        local = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai"))
        quiet = county.dispatching.settings.model_copy(
            update={
                "quiet_from": (local - timedelta(hours=1)).time(),
                "quiet_until": (local + timedelta(hours=1)).time(),
            }
        )
        night = replace(county.dispatching, settings=quiet)
        assert (await dispatching.step(night)).n_accepted == 0
        assert await open_chunks(county.ledger, county.clock.now(), 10) == []
        assert await county.messages() == {"ready": 1}
        county.clock.ahead = timedelta(hours=1, minutes=1)
        assert (await dispatching.step(night)).n_accepted == 1

    async def test_they_begin_in_the_middle_of_a_chunk_too(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([None], openid=openid(n)) for n in range(150)])
        await tell_payments(county, [(n, 10 * n) for n in range(1, 151)])
        await compose_in_one_chunk(county)
        local = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai"))
        quiet = county.dispatching.settings.model_copy(
            update={
                "quiet_from": (local + timedelta(minutes=30)).time(),
                "quiet_until": (local - timedelta(hours=1)).time(),
            }
        )
        channel = _TimePasses(county)
        night = replace(county.dispatching, settings=quiet, channels={"wechat": channel})
        assert (await dispatching.step(night)).n_accepted == 100
        assert await county.messages() == {"accepted": 100, "ready": 50}


class _TimePasses:
    """The real channel; an hour goes by with its first call."""

    def __init__(self, county: SmallCounty) -> None:
        self._real = county.channels["wechat"]
        self._clock = county.clock
        self.name, self.medium, self.batch_size = self._real.name, self._real.medium, self._real.batch_size
        self.one_text_a_call = self._real.one_text_a_call
        self.one_text_a_call = self._real.one_text_a_call
        self.ask, self.read_push, self.answer_push = self._real.ask, self._real.read_push, self._real.answer_push

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        self._clock.ahead = timedelta(hours=1)
        return await self._real.send(letters, out_id)


async def test_told_to_stop_it_lets_go_of_what_it_holds_and_ends(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(300)])
    await tell_policy(county)
    await county.compose()
    county.dispatching.stopping.set()
    assert (await asyncio.wait_for(county.dispatch(), 5)).n_accepted == 0
    (chunk_id, *_) = await open_chunks(county.ledger, county.clock.now(), 9)
    assert await dispatching.send_chunk(county.dispatching, chunk_id) == 0
    assert await open_chunks(county.ledger, county.clock.now(), 1) == [chunk_id]


async def test_a_medium_without_any_gateway_pauses_the_campaign_and_says_why(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.compose()
    bare = replace(county.dispatching, channels={})
    assert (await asyncio.wait_for(dispatching.step(bare), 5)).n_accepted == 0
    (state, why) = (await county.rows("SELECT state, paused_why FROM campaign"))[0]
    assert (state, "没有通道" in why) == ("paused", True)
    await county.do("UPDATE campaign SET state = 'running'")
    county.clock.ahead = timedelta(minutes=2)
    assert (await county.dispatch()).n_accepted == 1


async def test_what_is_postponed_again_and_again_waits_ever_longer_and_not_for_ever(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("aliyun", rates={"throttle": 1.0})
    await tell_policy(county)
    await county.compose()
    waits = []
    for _ in range(14):
        before = county.clock.now()
        await county.dispatch()
        until = timedelta(microseconds=await county.one("SELECT MAX(not_before) FROM chunk WHERE state = 'open'"))
        waits.append(until - (before - datetime(1970, 1, 1, tzinfo=UTC)))
        county.clock.ahead += waits[-1] + timedelta(seconds=1)
    assert waits[0] < timedelta(seconds=4)
    assert all(later > earlier for earlier, later in pairwise(waits[:10]))
    assert timedelta(hours=1) <= max(waits) < timedelta(hours=1.25)
    assert await county.messages() == {"postponed": 1}
    county.clock.ahead += timedelta(hours=72)
    deciding = desk(county)
    await deciding.pause(1, "马主任")
    await deciding.resume(1, "马主任")
    await county.dispatch()
    assert await county.messages() == {"postponed": 1}, "a pause is nobody's waiting"
    for _ in range(3):
        county.clock.ahead += timedelta(hours=30)
        await county.dispatch()
    assert await county.rows("SELECT state, reason FROM message") == [("failed", "limited")]
    await county.compose()
    assert await county.one("SELECT COUNT(*) FROM visit") == 1
    assert county.received() == []


async def test_a_gateway_that_stays_shut_for_days_does_not_hold_a_household_for_ever(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.compose()
    desk = county.dispatching
    async with county.ledger.writing() as c:
        await shut(c, desk.ways, {"aliyun_sms": "isv.AMOUNT_NOT_ENOUGH"}, county.clock.now())
    away = timedelta(days=9)
    shut_for = replace(desk, rules=desk.rules.model_copy(update={"probe_after": away}))
    await county.do("UPDATE gateway_share SET probe_at = probe_at + :days", days=away // timedelta(microseconds=1))
    for hours, state in ((0, "ready"), (71, "ready"), (73, "failed")):
        county.clock.ahead = timedelta(hours=hours)
        await dispatching.step(shut_for)
        assert await county.messages() == {state: 1}
    assert await county.rows("SELECT code, reason FROM message") == [("no_gateway", "gateway")]


async def test_the_other_way_of_both_is_sent_though_the_first_arrived_at_night(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)], openid=openid(1))])
    await county.misbehave("aliyun", script=[["throttle"]])
    await tell_payments(county, [(1, 10)], ladder="双通道")
    await county.a_round()
    assert (await county.owed(), await county.one("SELECT state FROM campaign")) == ({"reached": 1}, "running")
    county.clock.ahead = timedelta(minutes=2)
    await county.a_round()
    assert await county.messages() == {"delivered": 2}
    assert await county.one("SELECT state FROM campaign") == "finished"


async def test_all_rooms_at_once_on_a_gateway_in_trouble_do_not_block_each_other(
    ledger_url: str, tmp_path: Path
) -> None:
    async with small_county(ledger_url, tmp_path, chunk_size=20) as county:
        await settle_in(county.ledger, [A([phone(n), phone(900 + n)], openid=openid(n)) for n in range(300)])
        trouble = {"throttle": 0.1, "http_500": 0.1, "reset_after": 0.1}
        await county.misbehave("aliyun", rates=trouble, failing_share=0.2)
        await county.misbehave("wechat", rates=trouble, failing_share=0.2)
        await tell_policy(county)
        await tell_payments(county, [(n, 10 * n) for n in range(1, 301)])
        for ahead in range(8):
            county.clock.ahead = timedelta(minutes=2 * ahead)
            rooms = (county.compose, county.dispatch, county.settle, county.track, county.compose, county.dispatch)
            await asyncio.wait_for(asyncio.gather(*(room() for room in rooms)), 30)
        await county.misbehave("aliyun", rates={})
        await county.misbehave("wechat", rates={})
        for ahead in range(8, 16):
            county.clock.ahead = timedelta(minutes=2 * ahead)
            await county.a_round()
            await county.settle()
        county.clock.ahead = timedelta(days=4)
        for _ in range(3):
            await county.track()
            await county.settle()
            await county.compose()
        assert (await county.owed()).keys() <= {"reached", "unreached"}
        assert handsets.duplicates(county.record) == 0
        assert await tally.check(county.ledger) == []
