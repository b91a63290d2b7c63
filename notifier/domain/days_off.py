"""China's days off: statutory holidays with the days moved for them (调休), as the State Council announced them."""

from datetime import date, timedelta
from functools import cache

import holidays

_DAY = timedelta(days=1)


@cache
def _calendar() -> "holidays.HolidayBase":
    return holidays.country_holidays("CN")


def is_day_off(day: date) -> bool:
    """Whether the day belongs to a holiday: a stretch of days without work that has a statutory one among them.

    A weekend worked instead (调休) does not, nor does a plain weekend. A year that is not announced yet has the fixed
    holidays and plain weekends.
    """
    return not _calendar().is_working_day(day) and any(_has_holiday(day, step) for step in (timedelta(0), _DAY, -_DAY))


def _has_holiday(day: date, step: timedelta) -> bool:
    while not _calendar().is_working_day(day):
        if day in _calendar():
            return True
        if not step:
            return False
        day += step
    return False
