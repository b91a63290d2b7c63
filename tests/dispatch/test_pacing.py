"""A gateway's budget and its numbers' caps, kept by all processes together."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.dispatch import step as dispatching
from notifier.dispatch.pacing import call_size, first_block
from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Outcome
from notifier.store import number_caps, tally
from notifier.store.budget import CREDIT, Block, take_budget
from notifier.store.dispatching import Call
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.number_caps import fits_at
from notifier.store.sealing import Vault, load_keys
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_policy
from tests.dispatch.ground import compose_apart, compose_in_one_chunk, texts

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")), pool=4)
    yield opened
    await opened.close()


async def take(ledger: Ledger, n: int, limits: Limits, now: datetime, n_segments: int = 0) -> datetime | None:
    async with ledger.writing() as c:
        return await take_budget(c, Block(Metered("sms", limits), n, n_segments or n), now)


async def test_a_gateway_without_limits_may_have_everything_and_nothing_is_written(ledger: Ledger) -> None:
    assert [await take(ledger, 10_000, Limits(), NOON) for _ in range(3)] == [None] * 3
    async with ledger.reading() as c:
        assert (await c.exec_driver_sql("SELECT COUNT(*) FROM gateway_budget")).scalar() == 0


@pytest.mark.parametrize("limits", [Limits(messages_per_second=100), Limits(segments_per_second=200)])
async def test_no_more_than_the_budget_is_taken_in_any_stretch_of_time(ledger: Ledger, limits: Limits) -> None:
    now, taken = NOON, []
    for _ in range(60):
        free_at = await take(ledger, 25, limits, now, 50)
        if free_at is None:
            taken.append(now)
            now += timedelta(milliseconds=1)
        else:
            assert free_at > now
            now = free_at
    first, last = taken[0], taken[-1]
    rate = 25 * (len(taken) - 1) / (last - first).total_seconds()
    assert 95 < rate < 100 * (1 + CREDIT / (last - first)) + 1
    assert all(later - earlier >= timedelta(0) for earlier, later in pairwise(taken))


async def test_processes_that_ask_at_once_share_one_budget(ledger: Ledger) -> None:
    limits = Limits(messages_per_second=100)
    await take(ledger, 50, limits, NOON - CREDIT)  # so that no credit is left
    answers = await asyncio.gather(*(take(ledger, 25, limits, NOON) for _ in range(8)))
    assert answers.count(None) == 1


async def test_the_slower_of_messages_and_segments_decides(ledger: Ledger) -> None:
    limits = Limits(messages_per_second=1000, segments_per_second=100)
    assert await take(ledger, 100, limits, NOON, 300) is None
    assert await take(ledger, 1, limits, NOON) == NOON - CREDIT + timedelta(seconds=3)


LETTERS = st.lists(st.integers(1, 5), min_size=1, max_size=60)


@given(LETTERS, st.integers(1, 100), st.integers(0, 400), st.integers(0, 400))
def test_a_call_is_never_more_than_a_second_and_a_block_never_more_than_a_quarter(
    parts: list[int], most: int, messages: int, segments: int
) -> None:
    limits = Limits(messages_per_second=messages, segments_per_second=segments)
    letters = [Letter(n, phone(n), "T", {}, n_segments=k) for n, k in enumerate(parts)]
    size = call_size(most, letters, limits)
    assert 1 <= size <= most
    assert size == 1 or not messages or size <= messages
    assert size == 1 or not segments or size * max(parts) <= segments
    calls = [Call("sms", letters[at : at + size]) for at in range(0, len(letters), size)]
    n_calls = first_block(calls, limits)
    assert 1 <= n_calls <= len(calls)
    block = [letter for call in calls[:n_calls] for letter in call.letters]
    assert n_calls == 1 or not messages or 4 * len(block) <= messages
    assert n_calls == 1 or not segments or 4 * sum(letter.n_segments for letter in block) <= segments


SENT = st.lists(st.integers(0, 86_399).map(lambda s: NOON - timedelta(seconds=s)), max_size=30)


@given(SENT, st.integers(0, 5), st.sampled_from([timedelta(0), timedelta(seconds=30)]))
def test_a_letter_fits_at_the_first_moment_at_which_its_number_has_room(
    sent: list[datetime], most: int, apart: timedelta
) -> None:
    limits = Limits(number_per_day=most, same_text_apart=apart)

    def has_room(at: datetime) -> bool:
        in_a_day = [one for one in sent if one > at - DAY]
        return (not most or len(in_a_day) < most) and (not apart or all(at - one >= apart for one in sent))

    at = fits_at(sent, limits, NOON)
    assert at >= NOON
    assert has_room(at)
    assert at == NOON or not has_room(at - timedelta(microseconds=1))


def limited(county: SmallCounty, **limits: object) -> SmallCounty:
    section = Limits.model_validate(limits)
    return replace(county, dispatching=replace(county.dispatching, limits={"aliyun_sms": section}))


async def test_a_broadcast_keeps_to_its_gateways_budget_without_losing_its_lease(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(400)])
    await tell_policy(county)
    await compose_in_one_chunk(county)
    paced = limited(county, messages_per_second=400)
    lease = timedelta(seconds=0.4)
    quick = paced.dispatching.settings.model_copy(update={"lease": lease})
    paced = replace(paced, dispatching=replace(paced.dispatching, settings=quick))
    before = county.clock.now()
    await paced.dispatch()
    assert county.clock.now() - before > timedelta(seconds=0.5) > lease
    assert await county.messages() == {"accepted": 400}
    assert await county.counts("SELECT outcome, COUNT(*) FROM attempt GROUP BY outcome") == {"accepted": 4}


async def test_a_budget_that_is_used_up_for_long_lets_the_chunk_go_durably(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.compose()
    paced = limited(county, messages_per_second=1)
    async with county.ledger.writing() as c:
        metered = Metered("aliyun_sms", Limits(messages_per_second=1))
        await take_budget(c, Block(metered, 300, 300), county.clock.now())
    await paced.dispatch()
    assert (await county.messages(), county.received()) == ({"ready": 1}, [])
    county.clock.ahead = timedelta(minutes=6)
    await paced.a_round()
    assert await county.owed() == {"reached": 1}


async def test_stopping_does_not_wait_for_the_budget(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.compose()
    paced = limited(county, messages_per_second=1)
    async with county.ledger.writing() as c:
        metered = Metered("aliyun_sms", Limits(messages_per_second=1))
        await take_budget(c, Block(metered, 30, 30), county.clock.now())
    running = asyncio.create_task(paced.dispatch())
    await asyncio.sleep(0.1)
    paced.dispatching.stopping.set()
    await asyncio.wait_for(running, 5)
    assert await county.messages() == {"ready": 1}
    assert await county.one("SELECT lease_until FROM chunk") == 0


async def test_a_numbers_daily_cap_postpones_what_is_more_until_it_fits(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(7)]) for _ in range(3)] + [A([phone(n)]) for n in range(10, 15)])
    await tell_policy(county)
    await compose_apart(county)
    capped = limited(county, number_per_day=2)
    began = county.clock.now()
    await capped.dispatch()
    assert texts(county) == Counter({phone(7): 2} | {phone(n): 1 for n in range(10, 15)})
    assert await county.messages() == {"accepted": 7, "postponed": 1}
    assert await county.rows("SELECT code FROM message WHERE state = 'postponed'") == [("number_cap",)]
    (later,) = [at for (at,) in await county.rows("SELECT not_before FROM chunk WHERE state = 'open'")]
    assert (
        timedelta(0)
        <= timedelta(microseconds=later) - (began + DAY - datetime(1970, 1, 1, tzinfo=UTC))
        < (timedelta(seconds=15))
    )
    county.clock.ahead = DAY + timedelta(seconds=20)
    await capped.a_round()
    assert texts(county)[phone(7)] == 3


async def test_a_cap_counts_campaigns_together_and_several_letters_to_one_number(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(7)]), A([phone(7)]), A([phone(8)])])
    capped = limited(county, number_per_day=3)
    for campaign in (1, 2):
        await tell_policy(county, campaign_id=campaign)
        await compose_apart(county)
        await capped.dispatch()
    assert texts(county) == {phone(7): 3, phone(8): 2}
    assert await county.messages() == {"accepted": 5, "postponed": 1}


async def test_the_same_text_to_one_number_is_spaced_out(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(7)]) for _ in range(3)] + [A([phone(8)])])
    await tell_policy(county)
    await compose_apart(county)
    spaced = limited(county, same_text_apart=timedelta(seconds=30))
    await spaced.dispatch()
    assert texts(county) == {phone(7): 1, phone(8): 1}
    county.clock.ahead = timedelta(seconds=36)
    await spaced.dispatch()
    assert texts(county) == {phone(7): 2, phone(8): 1}
    county.clock.ahead = timedelta(seconds=72)
    await spaced.a_round()
    assert texts(county) == {phone(7): 3, phone(8): 1}
    assert await county.owed() == {"reached": 4}


async def test_two_processes_with_chunks_for_one_number_keep_its_cap(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path, chunk_size=1) as county:
        await settle_in(county.ledger, [A([phone(7)])])
        for campaign in range(1, 7):
            await tell_policy(county, campaign_id=campaign)
        await county.compose()
        one = limited(county, number_per_day=2)
        other = replace(one, dispatching=replace(one.dispatching, owner="another process"))
        await asyncio.gather(one.dispatch(), other.dispatch())
        assert texts(county) == {phone(7): 2}
        assert await county.messages() == {"accepted": 2, "postponed": 4}
        assert await tally.check(county.ledger) == []


async def test_what_the_gateway_did_not_take_and_takes_later_counts_once(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("aliyun", script=[["throttle"]])
    await tell_policy(county)
    await county.compose()
    capped = limited(county, number_per_day=1)
    await capped.dispatch()
    assert await county.messages() == {"postponed": 1}
    county.clock.ahead = timedelta(minutes=2)
    await capped.a_round()
    assert await county.messages() == {"delivered": 1}
    assert await county.one("SELECT COUNT(*) FROM number_sent") == 1


async def test_a_lease_that_was_lost_leaves_what_is_over_the_cap_to_its_new_owner(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(7)]), A([phone(7)])])
    await tell_policy(county)
    await compose_apart(county)
    capped = limited(county, number_per_day=1)
    thief = _Thief(county)
    desk = replace(capped.dispatching, channels={"aliyun_sms": thief})
    await dispatching.step(replace(desk, stopping=thief.stopping))
    assert await county.messages() == {"accepted": 1, "ready": 1}


class _Thief:
    """The real channel; while it sends, the chunk's lease goes to somebody else."""

    def __init__(self, county: SmallCounty) -> None:
        self._county = county
        self._real = county.channels["aliyun_sms"]
        self.name, self.medium, self.batch_size = self._real.name, self._real.medium, self._real.batch_size
        self.one_text_a_call = False
        self.ask, self.read_push, self.answer_push = self._real.ask, self._real.read_push, self._real.answer_push
        self.stopping = asyncio.Event()

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        await self._county.do("UPDATE chunk SET lease_owner = 'thief'")
        self.stopping.set()
        return await self._real.send(letters, out_id)


async def test_notes_of_numbers_go_after_a_day(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.compose()
    await limited(county, number_per_day=5).dispatch()
    assert await number_caps.purge_sent(county.ledger, county.clock.now()) == 0
    assert await number_caps.purge_sent(county.ledger, county.clock.now() + DAY) == 1
    assert await number_caps.purge_sent(county.ledger, county.clock.now() + DAY) == 0
