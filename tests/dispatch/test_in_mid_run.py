"""People pause and cancel in mid-run, leases are lost, processes are told to stop."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from notifier.dispatch import step as dispatching
from notifier.dispatch.lettering import Lettering
from notifier.store import tally
from notifier.store.dispatching import Call, Claim, Lease, Started, claim, open_chunks, write_ahead
from tests.day.county import WORDING, A, SmallCounty, openid, phone, settle_in, small_county, tell_payments, tell_policy
from tests.dispatch.ground import compose_in_one_chunk, desk, texts, until

A_MINUTE = timedelta(seconds=60)


class TestInMidRun:
    async def test_a_paused_campaign_sends_nothing_new_and_a_resumed_one_the_rest_once(
        self, county: SmallCounty
    ) -> None:
        await settle_in(county.ledger, [A([None], openid=openid(n)) for n in range(300)])
        await county.misbehave("wechat", latency=[0.02, 0.04])
        await tell_payments(county, [(n, 10 * n) for n in range(1, 301)])
        await compose_in_one_chunk(county)
        running = asyncio.create_task(county.dispatch())
        await until(county, 40)
        await desk(county).pause(2, "someone")
        await running
        n = len(county.received())
        assert 40 <= n < 300
        assert await county.messages() == {"accepted": n, "ready": 300 - n}
        await county.dispatch()
        assert len(county.received()) == n
        await desk(county).resume(2, "someone")
        await county.a_round()
        assert await county.owed() == {"reached": 300}
        assert len(county.received()) == 300

    async def test_a_cancelled_campaign_withdraws_what_was_not_sent_and_knows_what_was(
        self, county: SmallCounty
    ) -> None:
        await settle_in(county.ledger, [A([None], openid=openid(n)) for n in range(300)])
        await county.misbehave("wechat", latency=[0.02, 0.04])
        await tell_payments(county, [(n, 10 * n) for n in range(1, 301)])
        await compose_in_one_chunk(county)
        running = asyncio.create_task(county.dispatch())
        await until(county, 40)
        await desk(county).cancel(2, "someone")
        await running
        n = len(county.received())
        assert 40 <= n < 300
        await county.hear()
        assert await county.messages() == {"delivered": n, "withdrawn": 300 - n}
        assert await county.one("SELECT COUNT(*) FROM chunk WHERE state = 'open'") == 0

    async def test_what_was_postponed_is_withdrawn_by_cancelling_too(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await county.misbehave("aliyun", script=[["throttle"]])
        await tell_policy(county)
        await county.compose()
        await county.dispatch()
        await desk(county).cancel(1, "someone")
        assert await county.messages() == {"withdrawn": 1}

    async def test_what_proves_to_be_absent_after_cancelling_is_withdrawn_and_not_sent(
        self, county: SmallCounty
    ) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await county.misbehave("aliyun", script=[["reset_before"]])
        await tell_policy(county)
        await county.compose()
        await county.dispatch()
        await desk(county).cancel(1, "someone")
        assert await county.messages() == {"unsure": 1}
        await county.settle()
        await county.track()
        assert (await county.messages(), county.received()) == ({"withdrawn": 1}, [])


class TestLeases:
    async def take(self, county: SmallCounty, chunk_id: int, owner: str) -> Claim | None:
        async with county.ledger.writing() as c:
            now = county.clock.now()
            return await claim(c, county.ledger, chunk_id, Lease(owner, now + A_MINUTE), now)

    async def start(self, county: SmallCounty, held: Claim, n: int) -> Sequence[Started] | None:
        async with county.ledger.writing() as c:
            now = county.clock.now()
            lettering = Lettering(WORDING)
            letters = [letter for one in held.waiting[:n] if (letter := lettering.letter("aliyun_sms", one))]
            return await write_ahead(c, held, [Call("aliyun_sms", letters)], now + A_MINUTE, now)

    async def test_a_lost_lease_sends_nothing_more(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(5)])
        await tell_policy(county)
        await county.compose()
        (chunk_id,) = await open_chunks(county.ledger, county.clock.now(), 9)
        first = await self.take(county, chunk_id, "first")
        assert first is not None
        assert await self.take(county, chunk_id, "second") is None
        county.clock.ahead = timedelta(seconds=61)
        second = await self.take(county, chunk_id, "second")
        assert second is not None
        assert len(second.waiting) == 5
        assert await self.start(county, first, 5) is None
        assert await self.start(county, second, 5) is not None

    async def test_what_a_dead_owner_had_in_the_air_is_unsure_and_not_handed_out(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(5)])
        await tell_policy(county)
        await county.compose()
        (chunk_id,) = await open_chunks(county.ledger, county.clock.now(), 9)
        first = await self.take(county, chunk_id, "first")
        assert first is not None
        await self.start(county, first, 2)
        county.clock.ahead = timedelta(seconds=61)
        second = await self.take(county, chunk_id, "second")
        assert second is not None
        assert len(second.waiting) == 3
        assert await county.messages() == {"unsure": 2, "ready": 3}

    async def test_two_dispatchers_at_once_reach_each_handset_once(self, ledger_url: str, tmp_path: Path) -> None:
        async with small_county(ledger_url, tmp_path, chunk_size=20) as county:
            await settle_in(county.ledger, [A([phone(n)]) for n in range(400)])
            await tell_policy(county)
            await county.compose()
            others = [replace(county.dispatching, owner=name) for name in ("one", "two", "three")]
            sent = await asyncio.gather(*(dispatching.step(one) for one in others))
            assert sum(one.n_accepted for one in sent) == 400
            assert set(texts(county).values()) == {1}
            assert len(texts(county)) == 400
            assert await tally.check(county.ledger) == []


async def test_the_receipt_window_begins_with_the_last_message_of_a_chunk_that_was_paused(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([None], openid=openid(n)) for n in range(120)])
    await county.misbehave("wechat", rates={"receipt_silent": 1}, latency=[0.02, 0.04])
    await tell_payments(county, [(n, 10 * n) for n in range(1, 121)])
    await compose_in_one_chunk(county)
    running = asyncio.create_task(county.dispatch())
    await until(county, 10)
    await desk(county).pause(2, "someone")
    await running
    county.clock.ahead = timedelta(days=5)
    await desk(county).resume(2, "someone")
    assert (await county.dispatch()).n_accepted > 0
    assert (await county.track()).n_silent == 0
