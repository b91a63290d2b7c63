"""Waits grow, stay within bounds, and do not go in step."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.back_off import luck_of, stretched

HOUR = timedelta(hours=1)
DELAYS = st.timedeltas(timedelta(seconds=1), timedelta(days=31))


@given(DELAYS, st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_shorter_than_asked_and_an_hour_and_a_fifth_at_most_unless_asked_for(
    delay: timedelta, n_waits: int, luck: float
) -> None:
    wait = stretched(delay, n_waits, luck)
    assert wait >= min(delay, HOUR)
    assert wait == delay if delay >= HOUR else wait <= HOUR * 1.2
    assert n_waits or wait == delay


@given(st.integers(0, 2**40))
def test_neighbours_have_different_luck(number: int) -> None:
    assert 0 <= luck_of(number) < 1
    assert abs(luck_of(number) - luck_of(number + 1)) > 0.3
