"""One text that a person waits for: at once, once, on record, and within its number's caps."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifier.dispatch.direct import send_now
from notifier.domain.direct import Direct
from notifier.domain.gateways import Limits, Metered
from notifier.domain.outcomes import Accepted, Postponed, Reason, Refused, Scope, Unsure
from notifier.store.budget import Block, take_budget
from notifier.store.direct import forget_direct
from tests.day.county import SmallCounty, phone

LOGIN = Direct(phone(1), "login", {"code": "640425"}, by_user="clerk")
ANSWER = Direct(phone(2), "answer", {"answer": "已补发", "tel": "0954-7010000"})


def limited(county: SmallCounty, **limits: Any) -> SmallCounty:
    section = Limits.model_validate(limits)
    return replace(county, dispatching=replace(county.dispatching, limits={"aliyun_sms": section}))


async def record(county: SmallCounty) -> list[Any]:
    return await county.rows("SELECT kind, by_user, state, outcome, delivered FROM direct_attempt ORDER BY id")


async def test_a_code_arrives_and_its_receipt_is_on_record_without_the_code(county: SmallCounty) -> None:
    assert isinstance(await send_now(county.dispatching, LOGIN), Accepted)
    assert [(one.address, one.text) for one in county.received()] == [
        (phone(1), "【彭阳惠农】验证码640425，5分钟内有效。")
    ]
    await county.hear()
    assert await record(county) == [("login", "clerk", "settled", "accepted", 1)]
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 0
    assert "640425" not in str(await county.rows("SELECT out_id, code, receipt_code FROM direct_attempt")) + repr(LOGIN)
    assert await forget_direct(county.ledger, county.clock.now()) == 1


@pytest.mark.parametrize(
    ("mishap", "kind", "state"),
    [("throttle", Postponed, "postponed"), ("reset_after", Unsure, "unsure"), ("reset_before", Unsure, "unsure")],
)
async def test_it_is_called_once_whatever_comes_of_it(
    county: SmallCounty, mishap: str, kind: type[object], state: str
) -> None:
    await county.misbehave("aliyun", script=[[mishap]])
    assert isinstance(await send_now(county.dispatching, LOGIN), kind)
    assert await record(county) == [("login", "clerk", "settled", state, None)]


async def test_caps_of_the_number_hold_and_say_when_to_try_again(county: SmallCounty) -> None:
    desk = limited(county, same_text_apart=timedelta(seconds=60)).dispatching
    assert isinstance(await send_now(desk, ANSWER), Accepted)
    again = await send_now(desk, ANSWER)
    assert isinstance(again, Postponed)
    assert again.code == "number_cap"
    assert timedelta(seconds=50) < again.delay <= timedelta(seconds=60)
    county.clock.ahead = timedelta(seconds=61)
    two = await asyncio.gather(send_now(desk, ANSWER), send_now(desk, ANSWER))
    assert sorted(type(one).__name__ for one in two) == ["Accepted", "Postponed"]


async def test_what_no_text_says_or_no_gateway_may_carry_is_refused_before_anything_leaves(county: SmallCounty) -> None:
    desk = county.dispatching
    assert await send_now(desk, replace(LOGIN, kind="song")) == Refused("no_text", Scope.TEMPLATE, Reason.CONTENT)
    assert getattr(await send_now(desk, replace(LOGIN, facts={"code": "1234567"})), "code", "") == "lint"
    unfiled = replace(desk, filed={"aliyun_sms": frozenset()})
    assert getattr(await send_now(unfiled, LOGIN), "code", "") == "unfiled"
    assert (county.received(), await record(county)) == ([], [])


async def test_it_waits_for_a_budget_that_a_broadcast_used_up_and_not_for_its_calls(county: SmallCounty) -> None:
    paced = limited(county, messages_per_second=100)
    metered = Metered("aliyun_sms", paced.dispatching.limits["aliyun_sms"])
    async with county.ledger.writing() as c:
        await take_budget(c, Block(metered, 60, 60), county.clock.now())
    busy = replace(paced.dispatching, calls=asyncio.Semaphore(0))  # every call of this process is a broadcast's
    assert isinstance(await asyncio.wait_for(send_now(busy, LOGIN), 3), Accepted)
    async with county.ledger.writing() as c:
        await take_budget(c, Block(metered, 1, 1), county.clock.now() + timedelta(minutes=1))
    assert getattr(await send_now(busy, LOGIN), "code", "") == "busy"


async def test_another_gateway_is_tried_where_nothing_left_and_never_after_unsure(county: SmallCounty) -> None:
    sms = county.channels["aliyun_sms"]

    class Broken:
        def __init__(self, outcome: object) -> None:
            self.name, self.medium, self.outcome, self.n_calls = "mas", sms.medium, outcome, 0

        async def send(self, letters: object, out_id: str) -> list[object]:
            self.n_calls += 1
            return [self.outcome]

    for outcome, kind in ((Postponed("down", timedelta(0)), Accepted), (Unsure("reset"), Unsure)):
        broken = Broken(outcome)
        channels: dict[str, Any] = {"mas": broken, "aliyun_sms": sms}
        rules = county.dispatching.rules.model_copy(update={"rest": {"mas": 100, "aliyun_sms": 0}})
        desk = replace(county.dispatching, channels=channels, rules=rules)
        assert isinstance(await send_now(desk, LOGIN), kind)
        assert broken.n_calls == 1
