"""Unsure is not failed: bytes left, no answer came, and the provider is asked until it is known or a person goes."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.dispatch.settle import judge
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Absent, Found, NoAnswer, Reason, Settlement
from notifier.sandbox import handsets
from notifier.store import tally
from tests.day.county import A, SmallCounty, openid, phone, settle_in, small_county, tell_payments, tell_policy
from tests.dispatch.ground import compose_in_one_chunk

QUARTER = timedelta(minutes=15)


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []
        assert handsets.repeated_texts(opened.record) == 0


@pytest.fixture
async def patient(county: SmallCounty) -> SmallCounty:
    """With the real patience: "no such message" proves something only after a quarter of an hour."""
    settings = county.dispatching.settings.model_copy(update={"absent_after": QUARTER})
    return replace(county, dispatching=replace(county.dispatching, settings=settings))


async def send_into(county: SmallCounty, mishap: str, *more: str, n: int = 3, **plan: Any) -> None:
    await settle_in(county.ledger, [A([phone(i)]) for i in range(n)])
    await county.misbehave("aliyun", script=[[mishap, *more]], **plan)
    await tell_policy(county)
    await county.compose()
    await county.dispatch()


@pytest.mark.parametrize("mishap", ["reset_after", "reset_mid_body", "http_502_after", "garbage_body"])
async def test_an_accepted_call_without_a_usable_answer_is_unsure_then_found(county: SmallCounty, mishap: str) -> None:
    await send_into(county, mishap, "receipt_lost")
    assert await county.messages() == {"unsure": 3}
    assert (await county.settle()).n_found == 3
    assert await county.messages() == {"delivered": 3}
    assert await county.owed() == {"reached": 3}
    assert await county.rows("SELECT COUNT(*) FROM unsure_attempt") == [(0,)]
    assert len(county.received()) == 3


async def test_an_answer_that_takes_too_long_is_unsure_then_found(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path, call_timeout=timedelta(seconds=0.4)) as county:
        await send_into(county, "slow_body", "receipt_lost", slow_for=0.8)
        assert await county.rows("SELECT state, code FROM message") == [("unsure", "timeout")] * 3
        await county.settle()
        assert (await county.messages(), len(county.received())) == ({"delivered": 3}, 3)


@pytest.mark.parametrize("mishap", ["http_500", "http_502", "reset_before"])
async def test_what_never_arrived_is_sent_again_only_after_absent_after_and_with_the_evidence(
    patient: SmallCounty, mishap: str
) -> None:
    await send_into(patient, mishap)
    assert await patient.messages() == {"unsure": 3}
    patient.clock.ahead = timedelta(minutes=14)
    assert (await patient.settle()).n_absent == 0
    await patient.dispatch()
    assert (await patient.messages(), patient.received()) == ({"unsure": 3}, [])
    patient.clock.ahead = timedelta(minutes=16)
    assert (await patient.settle()).n_absent == 3
    state, outcome, evidence = (await patient.rows("SELECT state, outcome, evidence FROM attempt"))[0]
    assert (state, outcome) == ("settled", "absent")
    assert json.loads(evidence) == {"asked": 2, "found": 0, "absent": 3, "unsettled": 0}
    await patient.a_round()
    assert await patient.owed() == {"reached": 3}


async def test_a_receipt_settles_it_before_anybody_asks(county: SmallCounty) -> None:
    await send_into(county, "reset_after")
    await county.hear()
    assert await county.messages() == {"delivered": 3}
    assert (await county.settle()) == type(await county.settle())(0, 0, 0)
    assert await county.rows("SELECT COUNT(*) FROM unsure_attempt") == [(0,)]
    await county.track()
    assert await county.one("SELECT state FROM campaign") == "finished"


async def test_found_failed_climbs_to_the_next_number(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)])])
    await county.misbehave("aliyun", script=[["reset_after", "receipt_lost"]], failing={phone(1): "MK:0001"})
    await tell_policy(county)
    await county.compose()
    await county.dispatch()
    await county.settle()
    assert await county.rows("SELECT state, reason FROM message") == [("failed", "dead_number")]
    await county.a_round()
    assert [one.address for one in county.received()] == [phone(1), phone(2)]


async def test_found_but_still_waiting_is_accepted_and_falls_silent_after_the_window(county: SmallCounty) -> None:
    await send_into(county, "reset_after", "receipt_silent")
    await county.settle()
    assert await county.messages() == {"accepted": 3}
    county.clock.ahead = timedelta(days=4)
    assert (await county.track()).n_silent == 3


async def test_unsettled_to_the_end_of_the_window_goes_to_a_person_and_gets_no_other_message(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)], openid=openid(1))])
    await county.misbehave("wechat", script=[["reset_after", "receipt_silent"]])
    await tell_payments(county, [(1, 10)])
    await county.compose()
    await county.dispatch()
    county.clock.ahead = county.gateway_clock.ahead = timedelta(minutes=30)  # WeChat can no longer be asked
    await county.settle()
    assert (await county.messages(), await county.owed()) == ({"unsure": 1}, {"pending": 1})
    county.clock.ahead = county.gateway_clock.ahead = timedelta(hours=1, minutes=1)
    assert (await county.settle()).n_lost == 1
    for _ in range(2):
        await county.track()
        await county.compose()
        await county.dispatch()
    assert await county.rows("SELECT state, reason FROM message") == [("silent", "unsettled")]
    assert await county.rows("SELECT state, reason FROM visit") == [("open", "unsettled")]
    assert len(county.received()) == 1


async def test_wechat_is_settled_by_the_same_message_id_which_reaches_the_follower_once(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([None], openid=openid(n)) for n in range(4)])
    await county.misbehave("wechat", script=[["reset_after"], ["garbage_body"], ["http_500"], ["reset_before"]])
    await tell_payments(county, [(n, 10 * n) for n in range(1, 5)])
    await county.compose()
    await county.dispatch()
    assert await county.messages() == {"unsure": 4}
    assert (await county.settle()).n_found == 4
    await county.hear()
    assert await county.messages() == {"delivered": 4}
    assert len(county.received()) == 4


async def test_silence_is_not_recorded_for_a_chunk_that_holds_unsure_messages(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(101)])
    await county.misbehave("aliyun", script=[["receipt_silent"], ["reset_after", "receipt_silent"]])
    await tell_policy(county)
    await compose_in_one_chunk(county)
    await county.dispatch()
    assert await county.messages() == {"accepted": 100, "unsure": 1}
    county.clock.ahead = timedelta(days=4)
    assert (await county.track()).n_silent == 0
    await county.settle()
    assert (await county.track()).n_silent == 101


async def test_an_earlier_attempt_never_releases_what_a_later_one_may_have_delivered(patient: SmallCounty) -> None:
    """Half of a batch proved absent and was sent again; the first attempt's "no such message" is no news of that."""
    await send_into(patient, "http_500", n=4)
    asked = _HalfDumb(patient, {phone(2), phone(3)})
    half = replace(patient, dispatching=replace(patient.dispatching, channels={"aliyun_sms": asked}))
    patient.clock.ahead = timedelta(minutes=16)
    assert (await half.settle()).n_absent == 2
    await patient.misbehave("aliyun", script=[["reset_after", "receipt_lost"]])
    await patient.dispatch()
    assert await patient.messages() == {"unsure": 4}
    patient.clock.ahead = timedelta(minutes=20)  # the second attempt is young, the first one old
    first = (await patient.rows("SELECT MIN(id) FROM attempt"))[0][0]
    await patient.do("UPDATE unsure_attempt SET ask_at = ask_at + 3600000000 WHERE attempt_id <> :first", first=first)
    assert (await patient.settle()).n_absent == 2
    await patient.dispatch()
    assert sorted(one.address for one in patient.received()) == [phone(n) for n in range(4)]
    await patient.do("UPDATE unsure_attempt SET ask_at = 0")
    await patient.settle()
    await patient.hear()
    assert await patient.messages() == {"delivered": 4}


class _HalfDumb:
    """The real channel, which has no answer about some numbers."""

    def __init__(self, county: SmallCounty, dumb: set[str]) -> None:
        self._real = county.channels["aliyun_sms"]
        self._dumb = dumb
        self.name, self.medium, self.batch_size = self._real.name, self._real.medium, self._real.batch_size
        self.one_text_a_call = self._real.one_text_a_call
        self.send, self.read_push, self.answer_push = self._real.send, self._real.read_push, self._real.answer_push

    async def ask(self, letter: Letter, out_id: str, sent_at: Any) -> Settlement:
        if letter.address in self._dumb:
            return NoAnswer("timeout")
        return await self._real.ask(letter, out_id, sent_at)


ANSWERS = st.one_of(
    st.just(Absent()),
    st.just(NoAnswer("timeout")),
    st.none(),
    st.sampled_from([None, True]).map(lambda delivered: Found("", delivered, "x", None, None)),
    st.just(Found("", False, "MK:0001", Reason.DEAD_NUMBER, None)),
)
AGES = st.timedeltas(timedelta(0), timedelta(days=5))


@given(st.lists(ANSWERS, max_size=8), AGES, AGES, AGES)
def test_judging_gives_each_letter_one_fate_and_releases_nothing_young(
    said: Sequence[Settlement | None], age: timedelta, absent_after: timedelta, window: timedelta
) -> None:
    answers = [(n, one) for n, one in enumerate(said)]
    settled = judge(answers, age, absent_after, window)
    fates = [*(message_id for message_id, _ in settled.found), *settled.gone, *settled.lost]
    assert len(fates) == len(set(fates))
    assert settled.is_over == (len(fates) == len(said))
    assert not settled.gone or age >= absent_after
    assert not settled.lost or age >= window
    assert {n for n, one in enumerate(said) if isinstance(one, Found)} == {n for n, _ in settled.found}
    assert all(isinstance(said[n], Absent) for n in settled.gone)
    assert age < window or settled.is_over
