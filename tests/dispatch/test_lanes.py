"""What goes first when much waits, and what may go out at night."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.dispatch.fast_lane import fast_lane, send_after_fast
from notifier.domain.errors import InputError
from notifier.domain.lanes import FAST
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Outcome
from notifier.store.dispatching import open_chunks
from notifier.store.lanes import permit_any_hour
from tests.day.county import A, SmallCounty, phone, settle_in, tell_payments, tell_policy
from tests.dispatch.ground import texts


async def wait(county: SmallCounty, n_policies: int = 250) -> None:
    """A policy for everybody and then a payment for one household wait."""
    await settle_in(county.ledger, [A([phone(n)]) for n in range(1, n_policies + 1)])
    await tell_policy(county)
    await county.compose()
    await tell_payments(county, [(1, 10)], ladder="短信必达")
    await county.compose()


def quiet(county: SmallCounty, **hours: object) -> SmallCounty:
    """The county with a night that is now."""
    night = {
        "quiet_from": _clock(county, timedelta(hours=-1)),
        "quiet_until": _clock(county, timedelta(hours=1)),
    }
    settings = county.dispatching.settings.model_copy(update=night | hours)
    return replace(county, dispatching=replace(county.dispatching, settings=settings))


def _clock(county: SmallCounty, by: timedelta) -> object:
    return (county.clock.now() + timedelta(hours=8) + by).time().replace(tzinfo=None)


async def test_payments_are_claimed_before_the_broadcast_that_waits_longer(county: SmallCounty) -> None:
    await wait(county)
    found = await open_chunks(county.ledger, county.clock.now(), 9)
    kinds = [
        await county.one("SELECT k.kind FROM chunk c JOIN campaign k ON k.id = c.campaign_id WHERE c.id = :id", id=one)
        for one in found
    ]
    assert kinds == ["disbursement", "policy", "policy", "policy"]
    assert await open_chunks(county.ledger, county.clock.now(), 9, FAST) == found[:1]


async def test_a_worker_that_is_offered_a_broadcast_sends_what_goes_before_it_first(county: SmallCounty) -> None:
    await wait(county)
    payment, policy, *_ = await open_chunks(county.ledger, county.clock.now(), 9)
    await send_after_fast(county.dispatching, policy)
    attempts = await county.rows("SELECT chunk_id FROM attempt ORDER BY id")
    assert [chunk for (chunk,) in attempts] == [payment, policy]


async def test_the_fast_lane_does_not_wait_for_a_broadcast_that_hangs(county: SmallCounty) -> None:
    await wait(county)
    slow = _SlowForMany(county)
    settings = county.dispatching.settings.model_copy(update={"fast_lane_every": timedelta(seconds=0.01)})
    desk = replace(county.dispatching, channels={"aliyun_sms": slow}, settings=settings)
    payment, *policies = await open_chunks(county.ledger, county.clock.now(), 9)
    await county.do("UPDATE chunk SET not_before = not_before + 9000000000000000 WHERE id = :id", id=payment)
    workers = [asyncio.create_task(send_after_fast(desk, one)) for one in policies]
    await asyncio.wait_for(slow.hangs.wait(), 10)
    await county.do("UPDATE chunk SET not_before = 0 WHERE id = :id", id=payment)
    async with fast_lane(desk):
        async with asyncio.timeout(10):
            while not slow.alone:  # noqa: ASYNC110 - the channel is a double
                await asyncio.sleep(0.01)
        assert not any(worker.done() for worker in workers)
        slow.go_on.set()
        await asyncio.gather(*workers)
    assert slow.alone == [phone(1)]


class _SlowForMany:
    """The real channel, which keeps calls of many letters waiting."""

    def __init__(self, county: SmallCounty) -> None:
        self._real = county.channels["aliyun_sms"]
        self.name, self.medium, self.batch_size = self._real.name, self._real.medium, self._real.batch_size
        self.one_text_a_call = False
        self.ask, self.read_push, self.answer_push = self._real.ask, self._real.read_push, self._real.answer_push
        self.hangs, self.go_on = asyncio.Event(), asyncio.Event()
        self.alone: list[str] = []

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        if len(letters) == 1:
            self.alone.append(letters[0].address)
        else:
            self.hangs.set()
            await self.go_on.wait()
        return await self._real.send(letters, out_id)


async def test_the_night_postpones_durably_and_payments_by_their_own_hours(county: SmallCounty) -> None:
    await wait(county, 3)
    now = county.clock.now()
    noon = _clock(county, timedelta(hours=-2))
    night = quiet(county, payment_quiet_from=noon, payment_quiet_until=noon)
    await night.dispatch()
    assert texts(night) == {phone(1): 1}
    (later,) = [at for (at,) in await county.rows("SELECT not_before FROM chunk WHERE state = 'open'")]
    assert abs(later - (now + timedelta(hours=1)).timestamp() * 1e6) < 5e6
    county.clock.ahead = timedelta(hours=1, minutes=1)
    await night.dispatch()
    assert sum(texts(night).values()) == 4


async def test_an_emergency_goes_out_at_night_once_a_person_permits_it_with_a_reason(county: SmallCounty) -> None:
    await wait(county, 3)
    night = quiet(county)
    await night.dispatch()
    assert texts(night) == {}
    with pytest.raises(InputError, match="写明"):
        await permit_any_hour(county.ledger, 1, "admin", " ", county.clock.now())
    await permit_any_hour(county.ledger, 1, "admin", "今夜有霜冻,请联系 19900001234", county.clock.now())
    await permit_any_hour(county.ledger, 1, "another", "再次", county.clock.now())
    await night.dispatch()
    assert sum(texts(night).values()) == 3
    assert await county.rows("SELECT id, emergency_by FROM campaign ORDER BY id") == [(1, "admin"), (2, None)]
    details = [json.loads(detail) for (detail,) in await county.rows("SELECT detail FROM audit_entry ORDER BY id")]
    assert details[0]["campaign"] == 1
    assert "19900001234" not in details[0]["why"]


async def test_only_a_campaign_that_is_not_over_can_be_an_emergency(county: SmallCounty) -> None:
    with pytest.raises(InputError, match="未完成"):
        await permit_any_hour(county.ledger, 99, "admin", "霜冻", county.clock.now())
