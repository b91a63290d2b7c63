"""The benchmark measures a broadcast that really happened: short here, and never judged by its speed."""

from pathlib import Path

import pytest

from scripts.benchmarks import broadcast
from scripts.benchmarks.broadcast import PARTS
from scripts.benchmarks.databases import KINDS
from scripts.benchmarks.parts import Parts

N = 1_500


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
def test_every_household_is_accepted_once_and_the_two_records_agree(kind: str, tmp_path: Path) -> None:
    (one,) = broadcast.run([kind], N, 1, tmp_path)
    assert (one.n_households, one.n_owed, one.n_accepted, one.n_received) == (N, N, N, N)
    assert (one.n_duplicates, one.n_tally_differences, one.calls_agree) == (0, 0, True)
    assert one.is_right
    assert one.households_per_s > 0
    assert one.bare_households_per_s > 0
    assert sum(one.parts.values()) == pytest.approx(N / one.households_per_s, abs=0.1)
    assert set(one.parts) == set(PARTS)
    assert "agree: 1,500 owed, 1,500 accepted, 1,500 received, 0 twice" in broadcast.table([one])


async def test_parts_that_overlap_share_the_time_and_add_up_to_the_whole() -> None:
    now = 0.0
    parts = Parts(lambda: now)
    with parts.during("a"):
        now = 1.0
        with parts.during("b"):
            now = 3.0
    now = 3.5
    with parts.during("a"):
        now = 4.0
    assert parts.seconds == {"a": 2.5, "b": 1.0, "rest": 0.5}
