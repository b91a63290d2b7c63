"""Nights, lunches and holidays: when nobody is woken, and the moment at which messages may go out again."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.dispatch.hours import Hours, held_back, resting_until
from notifier.domain.days_off import is_day_off
from notifier.domain.lanes import Lane
from notifier.domain.settings import Dispatch

COUNTY_TIME = ZoneInfo("Asia/Shanghai")
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
HOURS = st.builds(
    Hours,
    quiet_from=st.times(time(17)),
    quiet_until=st.times(max_value=time(11)),
    lunch_from=st.times(time(11), time(13)),
    lunch_until=st.times(time(13), time(15)),
    holidays=st.sampled_from(["none", "all_day", "later_start"]),
    holiday_start=st.times(max_value=time(16)),
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=COUNTY_TIME)


def rests(now: datetime, hours: Hours) -> bool:
    """Said again, in the plainest words."""
    local = now.astimezone(COUNTY_TIME)
    clock = local.time()
    night = clock >= hours.quiet_from or clock < hours.quiet_until
    lunch = hours.lunch_from <= clock < hours.lunch_until
    holiday = is_day_off(local.date()) and (
        hours.holidays == "all_day" or (hours.holidays == "later_start" and clock < hours.holiday_start)
    )
    return night or lunch or holiday


@given(INSTANTS, HOURS, st.floats(0, 1, exclude_max=True))
def test_a_rest_ends_at_the_first_moment_that_is_open(now: datetime, hours: Hours, part: float) -> None:
    until = resting_until(now, hours)
    assert (until is not None) == rests(now, hours)
    if until is not None:
        assert until > now
        assert resting_until(until, hours) is None
        # Cut, not rounded: a microsecond before the end must not become the end.
        between = now + timedelta(microseconds=int((until - now) / timedelta(microseconds=1) * part))
        assert rests(between, hours)
        assert resting_until(between, hours) == until


HOLIDAYS = Hours(time(20, 30), time(8), time(12), time(14), "all_day")


@pytest.mark.parametrize(
    ("at", "hours", "until"),
    [
        ("2025-09-29 12:00", HOLIDAYS, "2025-09-29 14:00"),
        ("2025-09-29 14:00", HOLIDAYS, None),
        # National Day and Mid-Autumn 2025: from the first to the eighth of October, the weekend among them too.
        ("2025-09-30 20:30", HOLIDAYS, "2025-10-09 08:00"),
        ("2025-10-04 10:00", HOLIDAYS, "2025-10-09 08:00"),
        ("2025-10-04 10:00", Hours(time(20, 30), time(8), holidays="later_start", holiday_start=time(9, 30)), None),
        (
            "2025-10-03 22:00",
            Hours(time(20, 30), time(8), holidays="later_start", holiday_start=time(9, 30)),
            "2025-10-04 09:30",
        ),
        # Worked for it (调休), a Sunday and a Saturday: days as any other.
        ("2025-09-28 10:00", HOLIDAYS, None),
        ("2025-10-11 10:00", HOLIDAYS, None),
        # A weekend of its own is no holiday.
        ("2025-11-15 10:00", HOLIDAYS, None),
    ],
)
def test_days_that_are_known(at: str, hours: Hours, until: str | None) -> None:
    assert resting_until(moment(at), hours) == (moment(until) if until else None)


def test_hours_that_leave_no_moment_open_hold_back_and_do_not_hang() -> None:
    now = moment("2025-06-02 10:00")
    assert resting_until(now, Hours(time(20), time(12), time(12), time(20))) == now + timedelta(days=30)


def test_a_stretch_without_work_is_a_holiday_when_a_statutory_day_is_in_it() -> None:
    days = [date(2025, 10, day) for day in range(1, 13)]
    assert [is_day_off(day) for day in days] == [True] * 8 + [False] * 4


def test_each_kind_has_its_own_hours_and_an_emergency_none() -> None:
    settings = Dispatch(
        quiet_from=time(20, 30), quiet_until=time(8), payment_quiet_from=time(22), payment_quiet_until=time(7)
    )
    assert held_back(moment("2025-06-02 21:00"), settings) == {Lane.POLICY: moment("2025-06-03 08:00")}
    assert held_back(moment("2025-06-03 02:00"), settings) == {
        Lane.PAYMENT: moment("2025-06-03 07:00"),
        Lane.POLICY: moment("2025-06-03 08:00"),
    }
    assert held_back(moment("2025-06-03 10:00"), settings) == {}


@pytest.mark.parametrize(
    ("at", "lanes"),
    [("2025-10-02 10:00", {Lane.POLICY}), ("2025-10-02 12:30", {Lane.POLICY, Lane.PAYMENT})],
)
def test_payments_may_go_out_on_holidays_that_policies_keep(at: str, lanes: set[Lane]) -> None:
    settings = Dispatch(holidays="all_day", payment_holidays="none", lunch_from=time(12), lunch_until=time(13))
    assert held_back(moment(at), settings).keys() == lanes
