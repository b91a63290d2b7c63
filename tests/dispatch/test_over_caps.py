"""What one gateway's cap holds back goes by another that has room, else it waits for the first that has."""

from dataclasses import replace
from datetime import timedelta

from notifier.dispatch.routes import rebalance
from notifier.domain.gateways import Limits
from tests.day.county import A, SmallCounty, phone, settle_in, tell_policy
from tests.day.gateways import SMS, TENCENT
from tests.dispatch.ground import compose_apart
from tests.dispatch.test_two_gateways import county, n_by_gateway

__all__ = ["county"]


async def test_what_is_over_one_gateways_cap_goes_by_the_other_and_what_is_over_both_waits_for_the_first(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1)]) for _ in range(8)] + [A([phone(2)])])
    await tell_policy(county)
    await compose_apart(county)
    a_day = Limits(number_per_day=3, same_text_apart=timedelta(0))
    a_minute = Limits(same_text_apart=timedelta(minutes=1))
    county.dispatching = replace(county.dispatching, limits={SMS: a_day, TENCENT: a_minute})
    await county.dispatch()
    assert await county.messages() == {"accepted": 5, "postponed": 4}
    assert await n_by_gateway(county) in ({SMS: 3, TENCENT: 2}, {SMS: 4, TENCENT: 1})
    began = county.clock.now()
    waits = await county.rows("SELECT not_before FROM chunk WHERE state = 'open' ORDER BY 1")
    seconds = [at / 1e6 - began.timestamp() for (at,) in waits]
    assert 30 < seconds[0] < 66, "the minute of one is over long before the day of the other"


async def test_a_circuit_that_is_open_takes_none_of_what_is_over(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]) for _ in range(4)])
    await tell_policy(county)
    await compose_apart(county)
    await rebalance(county.dispatching.ways, county.clock.now())
    await county.do("UPDATE gateway_share SET open_since = 1, probe_at = 1e17 WHERE gateway = :g", g=TENCENT)
    county.dispatching = replace(county.dispatching, limits={SMS: Limits(number_per_day=1)})
    await county.dispatch()
    assert await county.messages() == {"accepted": 1, "postponed": 3}
    assert await n_by_gateway(county) == {SMS: 1}
