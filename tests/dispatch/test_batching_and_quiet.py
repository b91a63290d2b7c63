"""The pure rules of dispatching: how a chunk is cut into calls, and when nobody is to be woken."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.dispatch.batching import batches
from notifier.dispatch.quiet import quiet_until
from notifier.domain.messages import Letter

COUNTY_TIME = ZoneInfo("Asia/Shanghai")
LETTERS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["T1", "T2"])), max_size=60)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(LETTERS, st.integers(1, 10))
def test_every_letter_is_in_one_call_of_its_template_with_no_address_twice(
    wanted: list[tuple[str, str]], size: int
) -> None:
    letters = [Letter(n, address, template, {}) for n, (address, template) in enumerate(wanted)]
    calls = batches(letters, size)
    assert Counter(letter.message_id for call in calls for letter in call) == Counter(range(len(letters)))
    for call in calls:
        assert 1 <= len(call) <= size
        assert len({letter.template for letter in call}) == 1
        assert len({letter.address for letter in call}) == len(call)


def test_different_numbers_fill_calls_of_a_hundred() -> None:
    letters = [Letter(n, f"1990{n:07d}", "T", {}) for n in range(250)]
    assert [len(call) for call in batches(letters, 100)] == [100, 100, 50]


WORDS = st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"))


@given(st.lists(st.tuples(st.sampled_from("abcd"), WORDS), max_size=60), st.integers(1, 10))
def test_letters_that_say_different_things_never_share_a_call_of_one_text(
    wanted: list[tuple[str, dict[str, str]]], size: int
) -> None:
    letters = [Letter(n, address, "T", parameters) for n, (address, parameters) in enumerate(wanted)]
    calls = batches(letters, size, one_text=True)
    assert Counter(letter.message_id for call in calls for letter in call) == Counter(range(len(letters)))
    for call in calls:
        assert 1 <= len(call) <= size
        assert len({tuple(letter.parameters.items()) for letter in call}) == 1
        assert len({letter.address for letter in call}) == len(call)


def test_a_broadcast_fills_calls_of_one_text_and_its_payment_notices_go_one_by_one() -> None:
    broadcast = [Letter(n, f"1990{n:07d}", "T", {"title": "秋播"}) for n in range(450)]
    payments = [Letter(n, f"1991{n:07d}", "T", {"amount": f"{n}.50"}) for n in range(20)]
    calls = batches(broadcast + payments, 200, one_text=True)
    assert [len(call) for call in calls] == [200, 200, 50] + [1] * 20


def test_the_same_values_in_another_order_are_another_text() -> None:
    letters = [Letter(1, "19900000001", "T", {"a": "1", "b": "2"}), Letter(2, "19900000002", "T", {"b": "2", "a": "1"})]
    assert [len(call) for call in batches(letters, 200, one_text=True)] == [1, 1]


@given(INSTANTS, st.times(), st.times())
def test_quiet_hours_end_at_their_end_within_a_day_and_are_over_then(now: datetime, starts: time, ends: time) -> None:
    until = quiet_until(now, starts, ends)
    local = now.astimezone(COUNTY_TIME).time()
    crosses = starts > ends
    inside = starts != ends and ((local >= starts or local < ends) if crosses else starts <= local < ends)
    assert (until is not None) == inside
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(days=1)
        assert until.astimezone(COUNTY_TIME).time() == ends
        assert quiet_until(until, starts, ends) is None


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-24 20:29", None),
        ("2026-11-24 20:30", "2026-11-25 08:00"),
        ("2026-11-24 23:59", "2026-11-25 08:00"),
        ("2026-11-25 00:00", "2026-11-25 08:00"),
        ("2026-11-25 07:59", "2026-11-25 08:00"),
        ("2026-11-25 08:00", None),
        ("2026-12-31 22:00", "2027-01-01 08:00"),
    ],
)
def test_the_night_of_the_default_settings(at: str, until: str | None) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=COUNTY_TIME)

    found = quiet_until(moment(at).astimezone(UTC), time(20, 30), time(8))
    assert found == (None if until is None else moment(until))


@given(INSTANTS, st.times())
def test_equal_ends_mean_never_quiet(now: datetime, both: time) -> None:
    assert quiet_until(now, both, both) is None
