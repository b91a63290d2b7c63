"""Calls are spread."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.pace import Pace


@given(
    st.integers(1, 500),
    st.lists(st.floats(0, 0.2, allow_nan=False), min_size=1, max_size=200),
)
def test_no_second_sees_more_than_the_rate_and_the_burst(rate: int, gaps: list[float]) -> None:
    pace, now, starts = Pace(rate), 0.0, []
    for gap in gaps:
        now += gap
        starts.append(now + pace.wait_s(now))
    assert starts == sorted(starts), "first come, first served"
    for start in starts:
        assert sum(start <= other < start + 1 for other in starts) <= rate * 1.1 + 2


def test_a_lone_call_never_waits() -> None:
    assert Pace(1).wait_s(1000.0) == 0.0


async def test_what_a_person_waits_for_goes_before_whoever_waits_and_takes_its_place_in_the_rate() -> None:
    pace, loop = Pace(50), asyncio.get_running_loop()
    waiting = [asyncio.create_task(pace.turn()) for _ in range(20)]
    await asyncio.sleep(0)
    begun = loop.time()
    await pace.turn(first=True)
    assert loop.time() - begun < 0.02
    assert not all(one.done() for one in waiting)
    assert pace.wait_s(loop.time()) > 15 / 50, "the one behind waits for all of them"
    await asyncio.gather(*waiting)


async def test_callers_really_wait_their_turn() -> None:
    pace, loop = Pace(100), asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(16)))
    assert loop.time() - begun >= 0.04  # sixteen calls at 100/s, ten of them in the burst
