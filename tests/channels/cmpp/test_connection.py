"""The line over real sockets: its window, flow control, and letters of several parts."""

import asyncio
import struct
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.channels.cmpp.connection import WINDOW
from notifier.domain.messages import Letter
from notifier.domain.outcomes import (
    Absent,
    Accepted,
    Found,
    NoAnswer,
    Postponed,
    Reason,
    Refused,
    Settlement,
    Unsure,
)
from tests.channels.cmpp.lines import AT_ONCE, LONG, a_line, send, until
from tests.channels.cmpp.scripted_ismg import (
    CONNECT,
    RESPONSE,
    SUBMIT,
    accepted,
    frame,
)
from tests.channels.doubles import FrozenClock, a_letter
from tests.channels.scripted_server import Step


async def test_no_more_than_sixteen_submits_are_unanswered() -> None:
    async with a_line(*[Step(silent=True)] * WINDOW, answer_timeout=5) as (channel, ismg):
        sending = [asyncio.create_task(send(channel, n)) for n in range(WINDOW + 5)]
        await ismg.until(SUBMIT, WINDOW)
        await asyncio.sleep(0.05)
        assert len(ismg.answers(SUBMIT)) == WINDOW
        ismg.script.extend(accepted(n) for n in range(5))
        sequences = [int.from_bytes(whole[8:12], "big") for whole in ismg.answers(SUBMIT)]
        ismg.say(*(frame(RESPONSE | SUBMIT, one, struct.pack(">QB", one, 0)) for one in reversed(sequences)))
        outcomes = await asyncio.gather(*sending)
    assert all(isinstance(one, Accepted) for one in outcomes)
    assert [one.provider_ref for one in outcomes[:WINDOW] if isinstance(one, Accepted)] == [
        f"{one:016x}" for one in sequences
    ]


async def test_what_waits_for_its_place_when_the_connection_ends_never_left() -> None:
    async with a_line(*[Step(silent=True)] * WINDOW, answer_timeout=5, reconnect_after=5) as (channel, ismg):
        sending = [asyncio.create_task(send(channel, n)) for n in range(WINDOW + 5)]
        await ismg.until(SUBMIT, WINDOW)
        ismg.hang_up()
        outcomes = await asyncio.gather(*sending)
    assert [type(one) for one in outcomes] == [Unsure] * WINDOW + [Postponed] * 5


async def test_a_window_full_of_lost_answers_is_given_up_for_a_new_connection() -> None:
    async with a_line(*[Step(silent=True)] * WINDOW, answer_timeout=0.05) as (channel, ismg):
        outcomes = await asyncio.gather(*(send(channel, n) for n in range(WINDOW)))
        assert all(isinstance(one, Unsure) for one in outcomes)
        await until(lambda: ismg.n_connections == 2)
        ismg.script.append(accepted(9))
        await until(lambda: len(ismg.answers(CONNECT)) == 2)
        assert await send(channel, 99) == Accepted(f"{9:016x}")


async def test_an_answer_that_comes_too_late_gives_its_place_back_and_changes_nothing() -> None:
    late = accepted(1)
    async with a_line(Step(200, late.body, delay_s=0.1), accepted(2), answer_timeout=0.05) as (channel, ismg):
        assert await send(channel) == Unsure("timeout")
        await asyncio.sleep(0.08)
        assert await send(channel, 2) == Accepted(f"{2:016x}")
        assert ismg.n_connections == 1


@pytest.mark.parametrize(
    ("result", "settled"),
    [
        (0, Found(f"{7:016x}", None, "late", None, None)),
        (8, Absent()),
        (13, Found("", False, "submit:13", Reason.DEAD_NUMBER, None)),
        (3, NoAnswer("submit:3")),
    ],
)
async def test_an_answer_that_comes_too_late_settles_the_letter_when_it_is_asked_about(
    result: int, settled: Settlement
) -> None:
    late = accepted(7, result)
    async with a_line(Step(200, late.body, delay_s=0.1), answer_timeout=0.05) as (channel, _):
        assert await send(channel, 4) == Unsure("timeout")
        assert await channel.ask(a_letter(4), "n4-0", FrozenClock().now()) == NoAnswer("cannot_be_asked")
        await asyncio.sleep(0.08)
        assert await channel.ask(a_letter(4), "n4-0", FrozenClock().now()) == settled
        assert await channel.ask(a_letter(5), "n5-0", FrozenClock().now()) == NoAnswer("cannot_be_asked")


# ── flow control and long letters ──


async def test_flow_control_postpones_a_letter_and_slows_the_next_one(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(AT_ONCE.replace(",0,", ",1,"), encoding="utf-8")
    async with a_line(accepted(0, 8), accepted(1), codes_file=own) as (channel, ismg):
        assert await send(channel) == Postponed("submit:8", timedelta(seconds=1))
        waiting = asyncio.create_task(send(channel, 2))
        await asyncio.sleep(0.1)
        assert len(ismg.asked) == 1
        waiting.cancel()


async def test_a_long_letter_is_taken_when_all_its_parts_are() -> None:
    async with a_line(*(accepted(n) for n in (1, 2, 3))) as (channel, ismg):
        outcome = await send(channel, text=LONG)
        assert len(ismg.asked) == 3
    assert isinstance(outcome, Accepted)
    assert outcome.parts == tuple(f"{n:016x}" for n in (1, 2, 3))


async def test_the_other_parts_wait_for_what_the_first_one_hears() -> None:
    async with a_line(accepted(0, 9)) as (channel, ismg):
        assert isinstance(await send(channel, text=LONG), Refused)
        assert len(ismg.asked) == 1


async def test_a_part_that_meets_flow_control_goes_out_again_and_the_others_do_not(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(AT_ONCE, encoding="utf-8")
    steps = [accepted(1), accepted(0, 8), accepted(3), accepted(2)]
    async with a_line(*steps, codes_file=own) as (channel, ismg):
        outcome = await send(channel, text=LONG)
        assert isinstance(outcome, Accepted)
        assert len(outcome.parts) == 3
        assert len(ismg.asked) == 4


async def test_a_letter_of_which_a_part_is_out_is_never_postponed(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(AT_ONCE, encoding="utf-8")
    steps = [accepted(1), *[accepted(0, 8)] * 1000]
    async with a_line(*steps, codes_file=own, answer_timeout=0.05) as (channel, _):
        assert await send(channel, text=LONG) == Unsure("partial:submit:8")


async def test_a_long_letter_that_loses_an_answer_is_unsure_and_a_refused_part_refuses_it() -> None:
    async with a_line(accepted(1), accepted(2), Step(silent=True)) as (channel, _):
        assert await send(channel, text=LONG) == Unsure("partial:timeout")
    async with a_line(accepted(1), accepted(0, 6), Step(silent=True)) as (channel, _):
        assert isinstance(await send(channel, text=LONG), Refused)


async def test_a_text_that_cannot_be_written_never_leaves() -> None:
    async with a_line() as (channel, ismg):
        assert isinstance(await send(channel, text="\ud800"), Refused)
        letter = Letter(1, "1" * 40, "${text}", {"text": "您好"})
        assert isinstance((await channel.send([letter], "n1-0"))[0], Refused)
        assert not ismg.asked
