"""Payment lines that find their household after it was told, and composing by several at once."""

import asyncio

from tests.compose.households import FOUR_DAYS, late_word, told, visits
from tests.day.county import A, SmallCounty, find_line, openid, phone, settle_in, tell_payments


class TestALineFoundLater:
    async def test_it_is_told_by_a_message_of_its_own_and_the_first_one_is_not_repeated(
        self, county: SmallCounty
    ) -> None:
        await settle_in(county.ledger, [A([phone(1)]), A([phone(2)])])
        await tell_payments(county, [(1, 10), (2, 20)], ladder="短信必达")
        await county.a_round()
        assert await county.one("SELECT state FROM campaign") == "finished"
        await find_line(county, 9, 1, 10)
        assert await county.owed() == {"pending": 1, "reached": 1}
        await county.a_round()
        assert [home for home, _, _, state in await told(county) if state == "delivered"] == [1, 1, 2]
        assert await county.rows("SELECT retry FROM message ORDER BY id") == [(0,), (0,), (1,)]
        assert await county.owed() == {"reached": 2}
        assert await county.one("SELECT state FROM campaign") == "finished"
        for _ in range(2):
            await county.a_round()
        assert len(county.received()) == 3

    async def test_it_climbs_its_own_ladder_and_an_overtaken_visit_is_opened_again(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await county.misbehave("aliyun", script=[["receipt_silent"]])
        await tell_payments(county, [(1, 10)], ladder="短信必达")
        await county.a_round()
        county.clock.ahead = FOUR_DAYS
        await county.track()
        await county.compose()
        await late_word(county)
        assert await county.one("SELECT state FROM visit") == "overtaken"
        await county.misbehave("aliyun", failing={phone(1): "MK:0001"})
        await find_line(county, 9, 1, 10)
        await county.a_round()
        await county.compose()
        assert (await county.owed(), await visits(county)) == ({"unreached": 1}, {1: "dead_number"})

    async def test_it_is_told_while_the_first_message_still_waits_for_its_receipt(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await county.misbehave("aliyun", script=[["receipt_silent"]])
        await tell_payments(county, [(1, 10)], ladder="短信必达")
        await county.a_round()
        await find_line(county, 9, 1, 10)
        await county.a_round()
        assert (await county.messages(), await county.owed()) == ({"accepted": 1, "delivered": 1}, {"pending": 1})
        await late_word(county)
        assert await county.owed() == {"reached": 1}

    async def test_it_is_told_to_an_unreached_household_whose_visit_stays_open(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await county.misbehave("aliyun", script=[["receipt_silent"]])
        await tell_payments(county, [(1, 10)], ladder="短信必达")
        await county.a_round()
        county.clock.ahead = FOUR_DAYS
        await county.track()
        await county.compose()
        await find_line(county, 9, 1, 10)
        await county.a_round()
        assert await told(county) == [(1, "sms", 0, "silent"), (1, "sms", 0, "delivered")]
        assert (await county.owed(), await visits(county)) == ({"unreached": 1}, {1: "silent"})

    async def test_planning_again_without_such_a_line_sends_nothing(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1)])])
        await tell_payments(county, [(1, 10)], ladder="短信必达")
        await county.a_round()
        await county.do("UPDATE campaign SET planned_at = NULL, state = 'running'")
        await county.order("reset")
        await county.a_round()
        assert county.received() == []


async def test_composing_twice_at_once_makes_each_message_once(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)], openid=openid(n)) for n in range(60)])
    await tell_payments(county, [(n, 10 * n) for n in range(1, 61)], ladder="双通道")
    composed = await _at_once(county)
    assert sum(composed) == 120
    assert await county.one("SELECT COUNT(*) FROM message") == 120
    assert await county.one("SELECT COUNT(*) FROM notice") == 120


async def _at_once(county: SmallCounty) -> list[int]:
    return [one.n_messages for one in await asyncio.gather(*(county.compose() for _ in range(3)))]
