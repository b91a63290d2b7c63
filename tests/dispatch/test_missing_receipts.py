"""A receipt that never came is asked for, once in good time and once at the end; then silence is believed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.dispatch.missing import ask_missing
from notifier.domain.contracts import KeepsReceipts
from notifier.domain.messages import Letter
from notifier.domain.outcomes import NoAnswer, Settlement
from notifier.domain.settings import Track
from tests.day.county import A, SmallCounty, openid, phone, settle_in, small_county, tell_payments, tell_policy

TRACK = Track()
AN_HOUR = timedelta(hours=1)


async def ask(county: SmallCounty) -> int:
    return await ask_missing(county.dispatching, TRACK)


async def lose(county: SmallCounty, *mishaps: str, n: int = 3, **plan: Any) -> None:
    """`n` households were sent a text, and its receipts do not come."""
    await settle_in(county.ledger, [A([phone(i)]) for i in range(1, n + 1)])
    await county.misbehave("aliyun", script=[list(mishaps)] * 2, **plan)
    await tell_policy(county)
    await county.a_round()
    assert await county.messages() == {"accepted": n}


async def test_a_lost_receipt_is_found_by_asking_and_is_evidence(county: SmallCounty) -> None:
    await lose(county, "receipt_lost")
    assert await ask(county) == 0
    county.clock.ahead = TRACK.ask_after + AN_HOUR
    assert await ask(county) == 3
    assert (await county.messages(), await county.owed()) == ({"delivered": 3}, {"reached": 3})
    (evidence,) = [json.loads(said) for (said,) in await county.rows("SELECT evidence FROM attempt")]
    assert evidence == {"receipts_asked": 3, "receipts_found": 3}
    assert await ask(county) == 0
    assert len(county.received()) == 3


async def test_what_the_provider_knows_as_failed_climbs_the_ladder_with_its_reason(county: SmallCounty) -> None:
    await lose(county, "receipt_lost", n=2, failing={phone(1): "MK:0001"})
    county.clock.ahead = TRACK.ask_after + AN_HOUR
    assert await ask(county) == 2
    assert await county.rows("SELECT state, reason, code FROM message ORDER BY id") in (
        [("failed", "dead_number", "MK:0001"), ("delivered", None, "DELIVERED")],
        [("delivered", None, "DELIVERED"), ("failed", "dead_number", "MK:0001")],
    )


async def test_what_the_provider_still_waits_for_is_silent_only_after_the_last_asking(county: SmallCounty) -> None:
    await lose(county, "receipt_silent")
    county.clock.ahead = TRACK.ask_after + AN_HOUR
    assert await ask(county) == 0
    assert await county.messages() == {"accepted": 3}
    county.clock.ahead = TRACK.window + AN_HOUR
    assert (await county.track()).n_silent == 0
    assert await ask(county) == 0
    assert (await county.track()).n_silent == 3
    assert await county.rows("SELECT state, reason FROM message") == [("silent", "silent")] * 3
    assert await county.rows("SELECT state FROM chunk") == [("swept",)]


async def test_a_receipt_that_exists_at_the_end_of_the_window_saves_a_visit(county: SmallCounty) -> None:
    await lose(county, "receipt_lost")
    county.clock.ahead = TRACK.window + AN_HOUR
    assert (await county.track()).n_silent == 0
    assert await ask(county) == 3
    assert (await county.track()).n_silent == 0
    assert await county.owed() == {"reached": 3}


async def test_a_late_receipt_wins_over_silence_for_seven_days(county: SmallCounty) -> None:
    await lose(county, "receipt_lost", n=1)
    county.clock.ahead = timedelta(days=4)
    assert (await county.track()).n_silent == 1
    (out_id,) = [one for (one,) in await county.rows("SELECT out_id FROM attempt")]
    late = {
        "phone_number": phone(1),
        "success": True,
        "err_code": "DELIVERED",
        "out_id": out_id,
        "send_time": "2026-11-24 10:00:00",
        "report_time": "2026-11-24 10:00:00",
        "sms_size": "1",
        "biz_id": "late",
    }
    county.clock.ahead = timedelta(days=6, hours=23)
    await county.push("aliyun_sms", [late])
    await county.track()
    assert (await county.messages(), await county.owed()) == ({"delivered": 1}, {"reached": 1})


async def test_a_provider_that_does_not_answer_is_asked_again_and_silence_waits_half_a_day_at_most(
    county: SmallCounty,
) -> None:
    await lose(county, "receipt_lost", n=150)
    mute = _Mute(county)
    desk = replace(county.dispatching, channels={"aliyun_sms": mute})
    assert isinstance(mute, KeepsReceipts)
    county.clock.ahead = TRACK.window + AN_HOUR
    assert await ask_missing(desk, TRACK) == 0
    assert mute.n_asked <= 200  # a hundred of each chunk: no more are asked where nobody answers
    assert (await county.track()).n_silent == 0
    assert await ask(county) == 150
    assert await county.owed() == {"reached": 150}


async def test_silence_is_believed_in_the_end_though_nobody_answers(county: SmallCounty) -> None:
    await lose(county, "receipt_lost")
    county.clock.ahead = TRACK.window + timedelta(hours=13)
    assert (await county.track()).n_silent == 3


class _Mute:
    """The real channel, which answers no question."""

    receipts_kept = timedelta(days=30)

    def __init__(self, county: SmallCounty) -> None:
        real = county.channels["aliyun_sms"]
        self.name, self.medium, self.batch_size = real.name, real.medium, real.batch_size
        self.one_text_a_call = real.one_text_a_call
        self.send, self.read_push, self.answer_push = real.send, real.read_push, real.answer_push
        self.n_asked = 0

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        self.n_asked += 1
        return NoAnswer("timeout")


async def test_wechat_is_never_asked_since_asking_it_is_sending_again(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([None], openid=openid(1))])
    await county.misbehave("wechat", script=[["receipt_lost"]])
    await tell_payments(county, [(1, 10)])
    await county.a_round()
    county.clock.ahead = timedelta(minutes=59)
    hasty = TRACK.model_copy(update={"ask_after": timedelta(0)})
    assert await ask_missing(county.dispatching, hasty) == 0
    assert len(county.received()) == 1
    county.clock.ahead = timedelta(minutes=61)
    assert (await county.track()).n_silent == 1


@pytest.mark.parametrize(("sms", "gateway", "n_found"), [("tencent_sms", "tencent", 2), ("mas", "mas", 0)])
async def test_each_gateway_is_asked_if_it_can_be(
    ledger_url: str, tmp_path: Path, sms: str, gateway: str, n_found: int
) -> None:
    async with small_county(ledger_url, tmp_path, sms=sms) as county:
        await settle_in(county.ledger, [A([phone(i)]) for i in (1, 2)])
        await county.misbehave(gateway, script=[["receipt_lost"]])
        await tell_policy(county)
        await county.a_round()
        assert await county.messages() == {"accepted": 2}
        county.clock.ahead = TRACK.ask_after + AN_HOUR
        assert await ask(county) == n_found


def names(channels: Sequence[object]) -> set[str]:
    return {type(one).__name__ for one in channels if isinstance(one, KeepsReceipts)}


async def test_only_providers_that_keep_receipts_are_asked(county: SmallCounty) -> None:
    assert names(list(county.channels.values())) == {"AliyunSms"}
