"""The whole way by Tencent and by MAS: from what is owed to the handset and back, also when answers are lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from notifier.dispatch.settle import settle
from notifier.domain.contracts import Channel
from notifier.domain.messages import Letter
from notifier.domain.outcomes import NoAnswer, Settlement
from notifier.sandbox.tencent.settings import TencentFlow
from notifier.store import tally
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_payments, tell_policy
from tests.day.gateways import MAS, TENCENT

WHO = pytest.mark.parametrize("name", [TENCENT, MAS])
NO_LIMITS = {"flow": TencentFlow(same_content_per_30_seconds=0, per_day=0)}


@pytest.fixture
async def county(request: pytest.FixtureRequest, ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    name = request.node.callspec.params["name"]
    async with small_county(ledger_url, tmp_path, sms=name, chunk_size=1000, tencent=NO_LIMITS) as open_county:
        yield open_county


async def calls(county: SmallCounty) -> list[int]:
    found = await county.rows("SELECT message_ids FROM attempt")
    return sorted((len(ids.split(",")) for (ids,) in found), reverse=True)


@WHO
async def test_a_broadcast_fills_calls_and_every_receipt_finds_its_letter(county: SmallCounty, name: str) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(250)])
    await tell_policy(county)
    await county.a_round()
    assert await calls(county) == ([200, 50] if name == TENCENT else [100, 100, 50])
    assert await county.messages() == {"delivered": 250}
    assert await county.owed() == {"reached": 250}
    assert await tally.check(county.ledger) == []


@WHO
async def test_each_payment_is_told_its_own_amount(county: SmallCounty, name: str) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(12)])
    await tell_payments(county, [(n, 10 * n) for n in range(1, 13)], ladder="短信必达")
    await county.a_round()
    assert await calls(county) == [1] * 12
    assert await county.messages() == {"delivered": 12}
    said = {row.address: row.text for row in county.received()}
    assert len(said) == 12
    assert all("元已发放到一卡通" in text for text in said.values())


@pytest.mark.parametrize("name", [TENCENT])
async def test_a_call_of_tencent_that_fails_in_part_fails_only_those(county: SmallCounty, name: str) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(20)] + [A(["12345678901"])])
    await tell_policy(county)
    await county.a_round()
    await county.compose()
    assert await calls(county) == [21]
    assert await county.messages() == {"delivered": 20, "failed": 1}
    assert await county.owed() == {"reached": 20, "unreached": 1}


@pytest.mark.parametrize("name", [TENCENT])
@pytest.mark.parametrize("mishap", ["reset_after", "garbage_body", "reset_before", "http_502"])
async def test_what_tencent_left_unsure_is_settled_by_its_pull_and_told_once(
    county: SmallCounty, name: str, mishap: str
) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(30)])
    await county.misbehave("tencent", script=[[mishap, "receipt_lost"]])
    await tell_policy(county)
    await county.compose()
    await county.dispatch()
    assert await county.messages() == {"unsure": 30}
    await county.hear()
    await county.settle()
    await county.a_round()
    assert await county.messages() == {"delivered": 30}
    assert len(county.received()) == 30


class _Slow:
    """The real channel, whose provider takes its time to answer a question."""

    def __init__(self, real: Channel) -> None:
        self.name, self.medium, self.batch_size = real.name, real.medium, real.batch_size
        self.one_text_a_call = real.one_text_a_call
        self.send, self.read_push, self.answer_push = real.send, real.read_push, real.answer_push
        self._real = real
        self.n_asked = self.n_now = self.n_most = 0

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        self.n_asked, self.n_now = self.n_asked + 1, self.n_now + 1
        self.n_most = max(self.n_most, self.n_now)
        await asyncio.sleep(0.001)
        self.n_now -= 1
        return NoAnswer("slow")


@pytest.mark.parametrize("name", [TENCENT])
async def test_asking_about_many_letters_leaves_most_calls_to_those_who_send(county: SmallCounty, name: str) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(40)])
    await county.misbehave("tencent", script=[["reset_after"]])
    await tell_policy(county)
    await county.compose()
    await county.dispatch()
    slow = _Slow(county.channels[name])
    await settle(replace(county.dispatching, channels={name: slow}), county.tracking.settings)
    assert (slow.n_asked, slow.n_most) == (40, 8)


@pytest.mark.parametrize("name", [MAS])
@pytest.mark.parametrize("mishap", ["reset_after", "reset_before"])
async def test_what_mas_left_unsure_is_never_sent_again_and_goes_to_visits(
    county: SmallCounty, name: str, mishap: str
) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(5)])
    await county.misbehave("mas", script=[[mishap, "receipt_lost"]])
    await tell_policy(county)
    await county.a_round()
    county.clock.ahead = timedelta(hours=71)
    await county.settle()
    assert await county.messages() == {"unsure": 5}
    county.clock.ahead = timedelta(hours=73)
    await county.settle()
    await county.a_round()
    assert len(county.received()) == (5 if mishap == "reset_after" else 0)
    assert await county.one("SELECT COUNT(*) FROM visit WHERE state = 'open'") == 5
    assert await county.counts("SELECT reason, COUNT(*) FROM message GROUP BY reason") == {"unsettled": 5}


@pytest.mark.parametrize("name", [MAS])
async def test_one_receipt_of_a_call_whose_answer_was_lost_finds_all_its_letters(
    county: SmallCounty, name: str
) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(5)])
    await county.misbehave("mas", script=[["reset_after"]], failing={phone(3): "MK:0005"})
    await tell_policy(county)
    await county.a_round()
    assert await county.messages() == {"delivered": 4, "failed": 1}
    assert await county.one("SELECT COUNT(*) FROM attempt WHERE provider_ref IS NULL") == 0
    await county.settle()
    assert await county.one("SELECT COUNT(*) FROM unsure_attempt") == 0
