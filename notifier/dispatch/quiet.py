"""Quiet hours in Asia/Shanghai, with both ends and across midnight; pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_COUNTY_TIME = ZoneInfo("Asia/Shanghai")


def quiet_until(now: datetime, starts: time, ends: time) -> datetime | None:
    """When the quiet hours that `now` lies in end, or None when messages may go out; equal ends mean never quiet."""
    local = now.astimezone(_COUNTY_TIME)
    clock = local.time()
    if starts == ends:
        return None
    crosses = starts > ends
    inside = (clock >= starts or clock < ends) if crosses else (starts <= clock < ends)
    if not inside:
        return None
    day = local.date() + timedelta(days=1) if crosses and clock >= starts else local.date()
    return datetime.combine(day, ends, tzinfo=_COUNTY_TIME).astimezone(now.tzinfo)
