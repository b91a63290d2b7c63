"""The hours in which nobody is woken: nights, lunch, holidays; by what a campaign is about. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from notifier.dispatch.quiet import quiet_until
from notifier.domain.days_off import is_day_off
from notifier.domain.lanes import Lane
from notifier.domain.settings import Dispatch

_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_MIDNIGHT = time()
_MOST_STEPS = 200
"""More than the longest holiday has ends of nights and lunches; hours that leave no moment open end here."""
_LONG = timedelta(days=30)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When messages of one kind wait, in Asia/Shanghai. Windows with equal ends do not exist."""

    quiet_from: time
    quiet_until: time
    lunch_from: time = _MIDNIGHT
    lunch_until: time = _MIDNIGHT
    holidays: Literal["none", "all_day", "later_start"] = "none"
    holiday_start: time = _MIDNIGHT


def resting_until(now: datetime, hours: Hours) -> datetime | None:
    """The next moment at which messages may go out, or None when `now` is one.

    Windows that touch are one rest: a night before a holiday ends when the holiday lets it. Hours that leave no moment
    open give a month from `now`, and so on.
    """
    moment = now
    for _ in range(_MOST_STEPS):
        end = _end_of_window(moment, hours)
        if end is None:
            return None if moment == now else moment
        moment = end
    return now + _LONG


def _end_of_window(now: datetime, hours: Hours) -> datetime | None:
    night = quiet_until(now, hours.quiet_from, hours.quiet_until)
    return night or quiet_until(now, hours.lunch_from, hours.lunch_until) or _end_of_holiday(now, hours)


def _end_of_holiday(now: datetime, hours: Hours) -> datetime | None:
    local = now.astimezone(_COUNTY_TIME)
    if hours.holidays == "none" or not is_day_off(local.date()):
        return None
    if hours.holidays == "all_day":
        return datetime.combine(local.date() + _DAY, _MIDNIGHT, tzinfo=_COUNTY_TIME).astimezone(now.tzinfo)
    return quiet_until(now, _MIDNIGHT, hours.holiday_start)


def hours_of(lane: Lane, settings: Dispatch) -> Hours | None:
    """The hours that hold back the chunks of a lane; None for an emergency, which nothing holds back."""
    if lane is Lane.URGENT:
        return None
    night = (settings.quiet_from, settings.quiet_until)
    holidays = settings.holidays
    if lane is Lane.PAYMENT:
        night = (settings.payment_quiet_from or night[0], settings.payment_quiet_until or night[1])
        holidays = settings.payment_holidays or holidays
    return Hours(*night, settings.lunch_from, settings.lunch_until, holidays, settings.holiday_start)


def held_back(now: datetime, settings: Dispatch) -> dict[Lane, datetime]:
    """The lanes whose chunks wait now, each with the moment until which; empty in the daytime."""
    held = {}
    for lane in Lane:
        hours = hours_of(lane, settings)
        until = hours and resting_until(now, hours)
        if until:
            held[lane] = until
    return held
