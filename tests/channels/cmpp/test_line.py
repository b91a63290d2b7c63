"""A line that is kept up: its signs of life and reconnections, and DELIVERs answered once they are stored."""

import asyncio
import struct

import pytest

from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Accepted, NoAnswer, Postponed, Refused, Scope, Unsure
from tests.channels.cmpp.lines import REPORT, Listener, a_channel, a_line, running, send, until
from tests.channels.cmpp.scripted_ismg import (
    ACTIVE_TEST,
    CONNECT,
    DELIVER,
    RESPONSE,
    TERMINATE,
    a_scripted_ismg,
    accepted,
    frame,
)
from tests.channels.doubles import FrozenClock, a_letter
from tests.channels.scripted_server import Step, a_free_port


async def test_without_a_connection_a_letter_is_postponed_at_once() -> None:
    channel = a_channel(f"http://127.0.0.1:{a_free_port()}")
    assert isinstance(await send(channel), Postponed)


async def test_a_lost_connection_is_made_again_and_what_was_in_the_air_is_not_sent_again() -> None:
    async with a_line(Step(reset=True), accepted(2)) as (channel, ismg):
        assert isinstance(await send(channel), Unsure)
        await until(lambda: len(ismg.answers(CONNECT)) == 2)
        await asyncio.sleep(0.02)
        assert await send(channel, 2) == Accepted(f"{2:016x}")
        assert len(ismg.asked) == 2


async def test_reconnections_come_ever_later() -> None:
    async with a_line() as (_, ismg):
        ismg.status = 5
        ismg.hang_up()
        await asyncio.sleep(0.3)  # 0.02, 0.04, 0.08, 0.16 …
        assert 3 <= ismg.n_connections <= 6


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_an_account_that_is_turned_away_says_so_to_whoever_sends(status: int) -> None:
    async with a_scripted_ismg() as ismg:
        ismg.status = status
        channel = a_channel(ismg.base)
        async with running(channel):
            await ismg.until(CONNECT)
            outcome = await send(channel)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.scope) == (f"connect:{status}", Scope.ACCOUNT)


async def test_a_gateway_that_does_not_know_the_secret_gets_no_letter() -> None:
    async with a_scripted_ismg(accepted(1)) as ismg:
        channel = a_channel(ismg.base, shared_secret="another")
        async with running(channel):
            await ismg.until(CONNECT)
            assert isinstance(await send(channel), Postponed)
            assert not ismg.asked


async def test_the_end_is_said_and_waited_for() -> None:
    async with a_scripted_ismg(accepted(1)) as ismg:
        channel = a_channel(ismg.base)
        async with running(channel):
            assert isinstance(await send(channel), Accepted)
        assert len(ismg.answers(TERMINATE)) == 1
        assert isinstance(await send(channel, 2), Postponed)


async def test_a_gateway_that_ends_the_session_is_answered_and_called_again() -> None:
    async with a_line(accepted(1)) as (channel, ismg):
        await ismg.until(CONNECT)
        await until(lambda: bool(ismg.writers))
        assert isinstance(await send(channel), Accepted)
        ismg.say(frame(TERMINATE, 42))
        [said] = await ismg.until(RESPONSE | TERMINATE)
        assert said == frame(RESPONSE | TERMINATE, 42)
        await until(lambda: ismg.n_connections == 2)


async def test_a_quiet_connection_is_asked_for_a_sign_of_life_and_lives_on_it() -> None:
    async with a_line(accepted(1), heartbeat=0.02) as (channel, ismg):
        await ismg.until(ACTIVE_TEST, 5)
        assert ismg.n_connections == 1
        assert isinstance(await send(channel), Accepted)


async def test_a_connection_without_a_sign_of_life_is_given_up_after_three() -> None:
    async with a_line(heartbeat=0.02) as (_, ismg):
        ismg.deaf = True
        await until(lambda: ismg.n_connections >= 2)
        assert 3 <= len(ismg.answers(ACTIVE_TEST)) <= 4


async def test_the_gateways_own_test_is_answered() -> None:
    async with a_line() as (_, ismg):
        await ismg.until(CONNECT)
        await asyncio.sleep(0.01)
        ismg.say(frame(ACTIVE_TEST, 9))
        assert await ismg.until(RESPONSE | ACTIVE_TEST) == [frame(RESPONSE | ACTIVE_TEST, 9, b"\0")]


async def test_what_is_no_cmpp_ends_the_connection_and_nothing_else() -> None:
    async with a_line(accepted(1)) as (channel, ismg):
        await ismg.until(CONNECT)
        await asyncio.sleep(0.01)
        ismg.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await until(lambda: len(ismg.answers(CONNECT)) == 2)
        await asyncio.sleep(0.02)
        assert isinstance(await send(channel), Accepted)


# ── DELIVER ──


async def test_a_deliver_is_answered_once_it_is_stored_and_not_before() -> None:
    listener = Listener()
    async with a_scripted_ismg(accepted(1)) as ismg:
        channel = a_channel(ismg.base)
        async with running(channel, listener.take):
            await ismg.until(CONNECT)
            await asyncio.sleep(0.01)
            ismg.say(REPORT)
            assert isinstance(await send(channel), Accepted)  # storing it slowly holds nothing else up
            assert not ismg.answers(RESPONSE | DELIVER)
            listener.gate.set()
            [said] = await ismg.until(RESPONSE | DELIVER)
    assert said == frame(RESPONSE | DELIVER, 77, struct.pack(">QB", 5, 0))
    assert [(one.gateway, one.body, dict(one.query)) for one in listener.pushes] == [
        ("cmpp", REPORT, {"version": "2.0"})
    ]


async def test_a_deliver_that_could_not_be_stored_is_not_answered_and_taken_when_it_comes_again() -> None:
    listener = Listener(n_broken=1)
    listener.gate.set()
    async with a_scripted_ismg() as ismg:
        channel = a_channel(ismg.base)
        async with running(channel, listener.take):
            await ismg.until(CONNECT)
            await asyncio.sleep(0.01)
            ismg.say(REPORT)
            await until(lambda: listener.n_broken == 0)
            assert not ismg.answers(RESPONSE | DELIVER)
            ismg.say(REPORT)
            await ismg.until(RESPONSE | DELIVER)
    assert len(listener.pushes) == 1


async def test_delivers_in_one_segment_and_in_single_bytes_are_all_answered() -> None:
    listener = Listener()
    listener.gate.set()
    async with a_scripted_ismg() as ismg:
        channel = a_channel(ismg.base)
        async with running(channel, listener.take):
            await ismg.until(CONNECT)
            await asyncio.sleep(0.01)
            ismg.say(*(REPORT[:8] + n.to_bytes(4, "big") + REPORT[12:] for n in range(20)))
            for byte in REPORT:
                ismg.say(bytes([byte]))
                await asyncio.sleep(0)
            await ismg.until(RESPONSE | DELIVER, 21)
    assert len(listener.pushes) == 21


async def test_a_gateway_of_this_kind_cannot_be_asked() -> None:
    channel = a_channel(f"http://127.0.0.1:{a_free_port()}")
    settled = await channel.ask(a_letter(), "n1-0", FrozenClock().now())
    assert settled == NoAnswer("cannot_be_asked")


@pytest.mark.parametrize("key", ["host", "source_addr", "shared_secret", "src_id"])
def test_a_section_that_cannot_work_names_the_key(key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        a_channel("http://127.0.0.1:1", **{key: ""})
