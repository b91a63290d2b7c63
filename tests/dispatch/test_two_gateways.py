"""Two SMS gateways share a county: by percentage, around trouble, and each household told once."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from notifier.dispatch.known_operators import import_operators
from notifier.dispatch.routes import rebalance
from notifier.domain.contracts import Channel
from notifier.domain.errors import InputError
from notifier.domain.messages import Letter
from notifier.domain.operators import Operator
from notifier.domain.outcomes import Outcome, Reason, Refused, Scope
from notifier.domain.settings import Routing
from notifier.sandbox import handsets
from notifier.store import tally
from notifier.store.gateways import history
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_payments, tell_policy
from tests.day.gateways import SMS, TENCENT
from tests.dispatch.ground import desk

RULES = Routing(circuit_failures=3, probe_after=timedelta(seconds=30), most_errors=2)


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path, sms=(SMS, TENCENT)) as opened:
        opened.dispatching = replace(opened.dispatching, rules=RULES)
        yield opened
        assert await tally.check(opened.ledger) == []
        assert handsets.duplicates(opened.record) == 0


async def route(county: SmallCounty) -> None:
    await rebalance(county.dispatching.ways, county.clock.now())


async def shares(county: SmallCounty) -> dict[str, int]:
    return dict(await county.rows("SELECT gateway, share FROM gateway_share WHERE medium = 'sms' ORDER BY gateway"))


async def n_by_gateway(county: SmallCounty) -> dict[str, int]:
    found: dict[str, int] = {}
    for gateway, ids in await county.rows("SELECT gateway, message_ids FROM attempt"):
        found[gateway] = found.get(gateway, 0) + len(ids.split(","))
    return found


async def test_both_carry_their_share_each_in_its_own_words(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(200)])
    await route(county)
    assert await shares(county) == {SMS: 50, TENCENT: 50}
    await tell_policy(county)
    await county.a_round()
    assert await county.owed() == {"reached": 200}
    carried = await n_by_gateway(county)
    assert set(carried) == {SMS, TENCENT}
    assert min(carried.values()) > 60
    templates = dict(await county.rows("SELECT gateway, MIN(template) FROM attempt GROUP BY gateway"))
    assert templates[SMS] != templates[TENCENT]
    assert await county.one("SELECT COUNT(*) FROM notice") == 1


async def test_a_share_of_nought_gets_nothing(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(30)])
    await route(county)
    await county.do("UPDATE gateway_share SET share = CASE WHEN gateway = 'aliyun_sms' THEN 0 ELSE 100 END")
    await tell_policy(county)
    await county.a_round()
    assert await n_by_gateway(county) == {TENCENT: 30}


async def test_what_one_left_unsure_never_leaves_by_the_other(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(40)])
    await county.misbehave("aliyun", script=[["reset_after", "receipt_lost"]] * 4)
    await tell_policy(county)
    await county.compose()
    for _ in range(3):
        await county.dispatch()
        await route(county)
    unsure = await county.one("SELECT COUNT(*) FROM message WHERE state = 'unsure'")
    assert unsure == (await n_by_gateway(county))[SMS] > 0
    await county.settle()
    await county.a_round()
    assert await county.owed() == {"reached": 40}
    assert len(county.received()) == 40


async def test_a_broken_gateway_is_left_and_tried_with_one_message_until_it_works(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(400)])
    await route(county)
    await tell_policy(county)
    await county.compose()
    await county.misbehave("aliyun", script=[["http_500", "receipt_lost"]] * 4)
    await county.dispatch()
    await route(county)
    held = await county.rows("SELECT share, open_since IS NULL FROM gateway_share WHERE gateway = 'aliyun_sms'")
    assert [(share, bool(is_closed)) for share, is_closed in held] == [(40, False)]
    before = await county.one("SELECT COUNT(*) FROM attempt WHERE gateway = 'aliyun_sms'")
    await tell_payments(county, [(n, 10 * n) for n in range(1, 101)], ladder="短信必达")
    await county.compose()
    county.clock.ahead = timedelta(seconds=31)
    await county.dispatch()
    probes = await county.one("SELECT COUNT(*) FROM attempt WHERE gateway = 'aliyun_sms'") - before
    assert probes == 1
    await county.misbehave("aliyun", script=[])
    await route(county)
    assert await county.one("SELECT COUNT(*) FROM gateway_share WHERE open_since IS NOT NULL") == 0
    whys = [one.why for one in await history(county.ledger, 9)]
    assert any("连续 3 次调用失败" in why for why in whys)
    assert any("探测成功" in why for why in whys)


async def test_a_refused_account_shuts_its_gateway_and_the_other_tells_everybody(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(30)])
    channels = {**county.channels, SMS: cast(Channel, _NoMoney(county))}
    county.dispatching = replace(county.dispatching, channels=channels)
    await tell_policy(county)
    await county.compose()
    for seconds in (0, 10):
        county.clock.ahead = timedelta(seconds=seconds)
        await county.a_round()
    assert await county.rows("SELECT state FROM campaign") == [("finished",)]
    assert await county.owed() == {"reached": 30}
    (change,) = [one for one in await history(county.ledger, 9) if one.is_open]
    assert "账号被拒绝" in change.why


class TestTheOtherGateway:
    @pytest.mark.parametrize(("code", "is_tried"), [("MK:0115", True), ("MK:0001", False)])
    async def test_it_is_tried_after_a_failure_of_the_route_and_never_for_a_dead_number(
        self, county: SmallCounty, code: str, is_tried: bool
    ) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(20)])
        await county.misbehave("aliyun", failing={phone(n): code for n in range(3)})
        await route(county)
        await county.do("UPDATE gateway_share SET share = CASE WHEN gateway = 'aliyun_sms' THEN 100 ELSE 0 END")
        await tell_policy(county)
        await county.a_round()
        await county.a_round()
        avoiding = await county.rows("SELECT step, avoid_gateway, state FROM message WHERE step > 0")
        assert avoiding == ([(1, SMS, "delivered")] * 3 if is_tried else [])
        assert await county.owed() == ({"reached": 20} if is_tried else {"reached": 17, "unreached": 3})
        assert (await n_by_gateway(county)).get(TENCENT, 0) == (3 if is_tried else 0)

    async def test_silence_is_never_answered_by_another_gateway(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(4)])
        await route(county)
        await county.do("UPDATE gateway_share SET share = CASE WHEN gateway = 'aliyun_sms' THEN 100 ELSE 0 END")
        await county.misbehave("aliyun", script=[["receipt_silent"]])
        await tell_policy(county)
        await county.a_round()
        county.clock.ahead = timedelta(days=4)
        await county.track()
        await county.a_round()
        assert await county.owed() == {"unreached": 4}
        assert len(county.received()) == 4

    async def test_what_failed_there_too_goes_to_the_next_phone_and_then_to_a_visit(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(1), phone(2)])])
        failing = {phone(1): "MK:0115", phone(2): "MK:0115"}
        await county.misbehave("aliyun", failing=failing)
        await county.misbehave("tencent", failing=failing)
        await tell_policy(county)
        for _ in range(4):
            await county.a_round()
        tried = await county.rows("SELECT step, contact_id FROM message ORDER BY step")
        assert [step for step, _ in tried] == [0, 1, 2]
        assert len({contact for _, contact in tried[:2]}) == 1
        assert await county.owed() == {"unreached": 1}


class TestContent:
    async def test_one_code_for_many_recipients_pauses_the_campaign_and_again_after_as_many_more(
        self, county: SmallCounty
    ) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(12)])
        await route(county)
        await county.do("UPDATE gateway_share SET share = CASE WHEN gateway = 'aliyun_sms' THEN 100 ELSE 0 END")
        await county.misbehave("aliyun", failing={phone(n): "MK:0115" for n in range(5)})
        await tell_policy(county)
        await county.a_round()
        ((state, why),) = await county.rows("SELECT state, paused_why FROM campaign")
        assert state == "paused"
        assert "5 个收件人的内容被同一个代码 MK:0115 拦截" in why

    async def test_a_few_are_their_own_matter(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(12)])
        await county.misbehave("aliyun", failing={phone(n): "MK:0115" for n in range(4)})
        await tell_policy(county)
        await county.a_round()
        assert await county.rows("SELECT state FROM campaign") != [("paused",)]


class _NoMoney:
    """The real channel; its account has no balance left."""

    def __init__(self, county: SmallCounty) -> None:
        real = county.channels[SMS]
        self.name, self.medium, self.batch_size = real.name, real.medium, real.batch_size
        self.one_text_a_call = real.one_text_a_call
        self.ask, self.read_push, self.answer_push = real.ask, real.read_push, real.answer_push

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        return [Refused("isv.AMOUNT_NOT_ENOUGH", Scope.ACCOUNT, Reason.GATEWAY)] * len(letters)


class TestFiling:
    async def test_what_is_filed_nowhere_pauses_the_campaign_and_burns_nothing(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(20)])
        filed = dict.fromkeys((SMS, TENCENT), frozenset({Operator.MOBILE}))
        whole, county.dispatching = county.dispatching, replace(county.dispatching, filed=filed)
        await tell_policy(county)
        await county.a_round()
        assert (await county.messages(), county.received()) == ({"ready": 20}, [])
        (why,) = await county.rows("SELECT paused_why FROM campaign")
        assert "签名没有在中国电信报备" in why[0]
        county.dispatching = whole
        await desk(county).resume(1, "someone")
        county.clock.ahead = timedelta(minutes=2)
        await county.a_round()
        assert await county.owed() == {"reached": 20}

    async def test_a_few_who_cannot_be_sent_are_visited_and_the_others_told(self, county: SmallCounty) -> None:
        mobile = [A([f"1391{n:07d}"]) for n in range(3)]
        await settle_in(county.ledger, [A([phone(n)]) for n in range(20)] + mobile)
        filed = dict.fromkeys((SMS, TENCENT), frozenset({Operator.TELECOM}))
        county.dispatching = replace(county.dispatching, filed=filed)
        await tell_policy(county)
        await county.a_round()
        await county.compose()
        assert await county.owed() == {"reached": 20, "unreached": 3}
        assert len(county.received()) == 20
        assert await county.counts("SELECT reason, COUNT(*) FROM visit GROUP BY reason") == {"unfiled": 3}

    async def test_a_ported_number_is_not_held_to_its_prefix(self, county: SmallCounty) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(2)])
        await county.misbehave("aliyun", failing={phone(0): "NP:1243"})
        county.dispatching = replace(county.dispatching, filed={TENCENT: frozenset()})
        await tell_policy(county)
        await county.a_round()
        assert await county.one("SELECT COUNT(*) FROM operator_hint WHERE operator IS NULL") == 1
        filed = {SMS: frozenset({Operator.UNICOM}), TENCENT: frozenset[Operator]()}
        county.dispatching = replace(county.dispatching, filed=filed)
        await tell_payments(county, [(1, 10), (2, 20)], ladder="短信必达")
        await county.compose()
        await county.dispatch()
        told = await county.rows(
            "SELECT o.household_id, m.state FROM message m JOIN owed o ON o.id = m.owed_id WHERE m.campaign_id = 2"
        )
        assert sorted(told) == [(1, "accepted"), (2, "failed")]

    async def test_a_list_of_operators_counts_more_than_prefixes_until_a_carrier_knows_better(
        self, county: SmallCounty, tmp_path: Path
    ) -> None:
        await settle_in(county.ledger, [A([phone(n)]) for n in range(4)])
        listed = tmp_path / "携号.csv"
        listed.write_text(
            f"手机号,运营商\n{phone(0)},联通\n+86 {phone(1)},中国联通\n\n{phone(2)},铁通\n123,电信\n{phone(3)}\n",
            "utf-8-sig",
        )
        found = await import_operators(county.ledger, listed, county.clock.now())
        assert found.n_known == 2
        assert [one[:5] for one in found.problems] == ["第 5 行", "第 6 行", "第 7 行"]
        assert not any(phone(n) in str(found.problems) for n in range(4))
        county.dispatching = replace(
            county.dispatching, filed={SMS: frozenset({Operator.UNICOM}), TENCENT: frozenset({Operator.TELECOM})}
        )
        await county.misbehave("aliyun", failing={phone(1): "NP:1243"})
        await tell_policy(county)
        await county.a_round()
        assert await n_by_gateway(county) == {SMS: 2, TENCENT: 2}
        assert await county.counts("SELECT coalesce(operator, ''), COUNT(*) FROM operator_hint GROUP BY 1") == {
            "unicom": 1,
            "": 1,
        }
        with pytest.raises(InputError, match="两列"):
            await import_operators(county.ledger, Path(__file__), county.clock.now())
