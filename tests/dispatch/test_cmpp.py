"""The same notices by CMPP, from the ledger to the handset: parts, one process that has the account, lost answers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.channels import open_channels
from notifier.dispatch.connections import Connections
from notifier.dispatch.direct import send_left, send_now
from notifier.dispatch.fast_lane import fast_lane
from notifier.dispatch.step import DispatchDesk
from notifier.domain import settings
from notifier.domain.contracts import Channel
from notifier.domain.direct import Direct
from notifier.domain.messages import Medium
from notifier.domain.outcomes import Accepted, Postponed
from notifier.sandbox import handsets
from notifier.sandbox.server import CMPP_GATEWAY
from notifier.store import tally
from notifier.store.intake import Intake
from notifier.store.sharing import LedgerLeases, LedgerTokens
from notifier.wire import Wire
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_payments, tell_policy

LEASE = timedelta(seconds=30)


@dataclass
class Process:
    """One of several processes: its own door to the account, its own lease."""

    channels: Mapping[str, Channel]
    connections: Connections
    dispatching: DispatchDesk


def a_process(county: SmallCounty) -> Process:
    port = county.gateways.app[CMPP_GATEWAY].port
    section = settings.Cmpp.model_validate(
        {
            "enabled": True, "host": "127.0.0.1", "port": port, "version": "3.0", "source_addr": "640425",
            "shared_secret": "sandbox-dummy-secret", "src_id": "10690640425", "service_id": "NOTICE",
            "sign_name": "彭阳惠农", "answer_timeout": 0.3, "reconnect_after": 0.01, "submits_per_second": 2000,
        }
    )  # fmt: skip
    tokens, wire = LedgerTokens(county.ledger, county.gateway_clock), Wire(settings.Wire())
    channels = open_channels(settings.Channels(cmpp=section), wire, tokens, county.gateway_clock)
    leases = LedgerLeases(county.ledger, county.gateway_clock)
    connections = Connections(channels, leases, Intake(county.ledger).store, LEASE)
    desk = replace(
        county.dispatching,
        channels=channels,
        may_send=connections.may_send,
        owner=connections.owner,
    )
    return Process(channels, connections, desk)


@asynccontextmanager
async def a_county(url: str, folder: Path, **cmpp: Any) -> AsyncIterator[SmallCounty]:
    theirs = {"enabled": True, "port": 0, "deliver_timeout": timedelta(seconds=0.5)} | cmpp
    async with small_county(url, folder, sms="cmpp", cmpp=theirs) as county:
        process = a_process(county)
        county.channels = dict(process.channels)
        county.composing = replace(county.composing, gateways={Medium.SMS: ["cmpp"]})
        county.dispatching = process.dispatching
        county.tracking = replace(county.tracking, channels=process.channels)
        async with process.connections.kept_up():
            yield county
        assert await tally.check(county.ledger) == []
        assert handsets.repeated_texts(county.record) == 0
        assert county.gateways.app[CMPP_GATEWAY].n_over_window == 0


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with a_county(ledger_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def embedded(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    """On one database only, where what is examined speaks no SQL that others do not examine."""
    async with a_county(sqlite_ledger_url, tmp_path) as opened:
        yield opened


async def test_households_are_reached_when_every_part_of_their_text_is(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(30)])
    await tell_payments(county, [(n, 10 * n) for n in range(1, 31)], ladder="短信必达")
    await county.a_round()
    assert await county.owed() == {"reached": 30}
    rows = county.received()
    assert sorted(row.address for row in rows) == [phone(n) for n in range(30)]
    assert all(row.text.startswith("【彭阳惠农】") for row in rows)
    n_parts = sum(row.n_segments for row in rows if row.n_segments > 1)
    assert await county.one("SELECT COUNT(*) FROM part") == n_parts


async def test_a_long_policy_is_reached_by_the_reports_of_its_parts(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(12)])
    await tell_policy(county)
    text = "样例政策" * 30
    policy = county.dispatching.wording.texts["policy"]["cmpp"]
    longer = policy.model_copy(update={name: text + getattr(policy, name) for name in ("template", "content")})
    wording = replace(county.dispatching.wording, texts={"policy": {"cmpp": longer}})
    county.composing = replace(county.composing, wording=wording)
    county.dispatching = replace(county.dispatching, wording=wording)
    await county.misbehave("cmpp", rates={"receipt_early": 0.5, "receipt_doubled": 0.3})
    await county.a_round()
    assert await county.owed() == {"reached": 12}
    assert all(row.n_segments > 1 for row in county.received())
    assert await county.one("SELECT COUNT(*) FROM part WHERE delivered = 1") == sum(
        row.n_segments for row in county.received()
    )


async def test_what_one_household_cannot_get_is_said_and_the_others_are_reached(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(5)])
    await county.misbehave("cmpp", failing={phone(2): "MK:0001"})
    await tell_payments(county, [(n, 10 * n) for n in range(1, 6)], ladder="短信必达")
    await county.a_round()
    await county.compose()
    assert await county.owed() == {"reached": 4, "unreached": 1}
    assert await county.one("SELECT reason FROM owed WHERE state = 'unreached'") == "dead_number"


@pytest.mark.parametrize("mishap", ["no_answer", "reset_after", "garbage_body"])
async def test_a_lost_answer_is_never_sent_again_and_ends_at_a_visit(county: SmallCounty, mishap: str) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("cmpp", script=[[mishap, "receipt_lost"]])
    await tell_payments(county, [(1, 10)], ladder="短信必达")
    await county.a_round()
    assert await county.messages() == {"unsure": 1}
    await county.settle()
    await county.dispatch()
    assert (await county.messages(), len(county.received())) == ({"unsure": 1}, 1)
    county.clock.ahead = timedelta(hours=73)
    await county.settle()
    assert await county.counts("SELECT reason, COUNT(*) FROM visit GROUP BY reason") == {"unsettled": 1}
    assert len(county.received()) == 1


async def test_an_answer_that_comes_too_late_settles_its_letter_and_its_report_counts(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("cmpp", script=[["slow_body"]], slow_for=0.4)
    await tell_payments(county, [(1, 10)], ladder="短信必达")
    await county.compose()
    await county.dispatch()
    assert await county.messages() == {"unsure": 1}
    await asyncio.sleep(0.3)
    await county.settle()
    assert await county.messages() == {"accepted": 1}
    await county.hear()
    assert await county.owed() == {"reached": 1}
    assert len(county.received()) == 1


async def test_the_report_of_a_lost_answer_settles_it(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]), A([phone(2)])])
    await county.misbehave("cmpp", script=[["no_answer"], ["reset_after"]], failing={phone(2): "MK:0005"})
    await tell_payments(county, [(1, 10), (2, 20)], ladder="短信必达")
    await county.a_round()
    assert await county.counts("SELECT code, COUNT(*) FROM message GROUP BY code") == {"DELIVRD": 1, "MK:0005": 1}
    await county.settle()
    assert await county.one("SELECT COUNT(*) FROM unsure_attempt") == 0
    evidence = await county.rows("SELECT DISTINCT evidence FROM attempt")
    assert all('"receipt_by_address": 1' in one for (one,) in evidence)


async def test_a_report_that_two_lost_answers_could_mean_settles_neither(embedded: SmallCounty) -> None:
    county = embedded
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("cmpp", script=[["no_answer"], ["no_answer", "receipt_lost"]])
    await tell_payments(county, [(1, 10)], ladder="短信必达")
    await tell_policy(county)
    await county.compose()
    await county.dispatch()
    await county.hear()
    assert await county.messages() == {"unsure": 2}
    assert await county.one("SELECT COUNT(*) FROM parked_receipt") == 1


async def test_a_long_text_of_which_answers_were_lost_is_settled_by_the_reports_of_all_its_parts(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_policy(county)
    await county.compose()
    text = "样例政策" * 40
    policy = county.dispatching.wording.texts["policy"]["cmpp"]
    longer = policy.model_copy(update={name: text + getattr(policy, name) for name in ("template", "content")})
    wording = replace(county.dispatching.wording, texts={"policy": {"cmpp": longer}})
    county.dispatching = replace(county.dispatching, wording=wording)
    await county.misbehave("cmpp", script=[[], ["no_answer"], ["no_answer"]])
    await county.dispatch()
    assert await county.messages() == {"unsure": 1}
    await county.hear()
    [row] = county.received()
    assert row.n_segments > 2
    assert await county.messages() == {"delivered": 1}
    assert await county.one("SELECT COUNT(*) FROM part WHERE delivered = 1") == row.n_segments


async def test_a_process_without_the_account_leaves_its_chunks_to_the_one_that_has_it(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(n)]) for n in range(3)])
    await tell_payments(county, [(n, 10 * n) for n in range(1, 4)], ladder="短信必达")
    await county.compose()
    first = county.dispatching
    other = a_process(county)
    async with other.connections.kept_up():
        county.dispatching = other.dispatching
        assert (await county.dispatch()).n_accepted == 0
        assert await county.one("SELECT COUNT(*) FROM attempt") == 0
        county.clock.ahead = timedelta(seconds=3)
        county.dispatching = first
        assert (await county.dispatch()).n_accepted == 3
    await county.hear()
    assert await county.owed() == {"reached": 3}


async def test_flow_control_postpones_and_the_letter_goes_out_later(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell_payments(county, [(1, 10)], ladder="短信必达")
    await county.compose()
    await county.misbehave("cmpp", script=[["throttle"]])
    await county.dispatch()
    assert await county.messages() == {"postponed": 1}
    county.clock.ahead = timedelta(minutes=1)
    await county.a_round()
    assert await county.owed() == {"reached": 1}


async def test_what_a_person_writes_at_length_becomes_one_inquiry_however_its_parts_come(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    words = "".join(f"第{n}句：我家今年种了玉米，补贴什么时候发？" for n in range(1, 9))
    for _ in range(2):  # the second time it is another text of the same words
        county.gateways.app[CMPP_GATEWAY].answer(phone(1), words)
        await county.hear()
    assert await county.one("SELECT COUNT(*) FROM push") > 4
    assert await county.one("SELECT COUNT(*) FROM inquiry") == 2
    assert await county.one("SELECT COUNT(*) FROM heard_part") == 0
    row = (await county.rows("SELECT id, text_sealed FROM inquiry ORDER BY id LIMIT 1"))[0]
    assert county.ledger.vault.open_text("inquiry.text_sealed", *row) == words


async def test_a_part_that_never_comes_is_waited_for_and_its_repeats_are_known(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    county.gateways.app[CMPP_GATEWAY].answer(phone(1), "问" * 150)
    await county.hear()
    await county.do("DELETE FROM inquiry")
    parts = await county.rows("SELECT id, gateway FROM push ORDER BY id")
    await county.do("DELETE FROM heard_text")
    await county.do("INSERT INTO push_due (push_id) SELECT id FROM push WHERE id > 1")  # the first to come is lost
    await county.track()
    assert await county.one("SELECT COUNT(*) FROM heard_part") == len(parts) - 1
    county.clock.ahead = timedelta(minutes=11)
    await county.track()
    row = (await county.rows("SELECT id, text_sealed FROM inquiry"))[0]
    assert county.ledger.vault.open_text("inquiry.text_sealed", *row) == "问" * 134 + "……"
    await county.do("INSERT INTO push_due (push_id) SELECT id FROM push WHERE id > 1")
    await county.track()
    assert await county.one("SELECT COUNT(*) FROM heard_part") == 0
    assert await county.one("SELECT COUNT(*) FROM inquiry") == 1


async def test_a_process_without_the_connection_has_its_codes_sent_by_the_one_that_has_it(county: SmallCounty) -> None:
    web = a_process(county).dispatching
    login = Direct(phone(1), "login", {"code": "640425"}, by_user="clerk")
    async with fast_lane(county.dispatching):
        assert isinstance(await send_now(web, login), Accepted)
    assert [one.text for one in county.received()] == ["【彭阳惠农】验证码640425，5分钟内有效。"]
    await county.hear()
    rows = await county.rows("SELECT state, outcome, delivered, sealed FROM direct_attempt ORDER BY id")
    assert rows == [("settled", "accepted", None, None), ("settled", "accepted", 1, None)]


async def test_a_code_that_nobody_takes_in_time_is_not_sent_any_more(embedded: SmallCounty) -> None:
    county = embedded
    web = a_process(county).dispatching
    waiting = asyncio.create_task(send_now(web, Direct(phone(1), "login", {"code": "640425"})))
    async with asyncio.timeout(5):
        while not await county.one("SELECT COUNT(*) FROM direct_attempt"):  # noqa: ASYNC110 - the ledger has no bell
            await asyncio.sleep(0.01)
    county.clock.ahead = timedelta(seconds=11)
    outcome = await waiting
    assert isinstance(outcome, Postponed)
    assert outcome.code == "no_gateway"
    assert await send_left(county.dispatching) == 0
    assert county.received() == []
