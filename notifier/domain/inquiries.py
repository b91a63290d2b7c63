"""The life of an inquiry (咨询 投诉 建议), and the day by which it is to be settled."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays

_COUNTY_TIME = ZoneInfo("Asia/Shanghai")


class InquiryState(StrEnum):
    """Where an inquiry is."""

    OPEN = "open"
    """Nobody has answered it."""
    ANSWERED = "answered"
    """Somebody answered; it is not settled yet."""
    CLOSED = "closed"
    """Settled (办结)."""
    REOPENED = "reopened"
    """It was settled, and is not after all."""


class InquiryEvent(StrEnum):
    """What can happen to an inquiry."""

    ANSWER = "answer"
    """A person answered it."""
    CLOSE = "close"
    """A person settled it."""
    REOPEN = "reopen"
    """A person found it unsettled."""
    ASSIGN = "assign"
    """Another region answers for it."""


_S, _E = InquiryState, InquiryEvent

INQUIRY: Mapping[tuple[InquiryState, InquiryEvent], InquiryState] = {
    (_S.OPEN, _E.ANSWER): _S.ANSWERED,
    # One question can take several answers.
    (_S.ANSWERED, _E.ANSWER): _S.ANSWERED,
    (_S.REOPENED, _E.ANSWER): _S.ANSWERED,
    # Settled without an answer: nonsense, a repeat, told in person. The remark says which.
    (_S.OPEN, _E.CLOSE): _S.CLOSED,
    (_S.ANSWERED, _E.CLOSE): _S.CLOSED,
    (_S.REOPENED, _E.CLOSE): _S.CLOSED,
    (_S.CLOSED, _E.REOPEN): _S.REOPENED,
    # Whoever is to settle it may change until it is settled.
    (_S.OPEN, _E.ASSIGN): _S.OPEN,
    (_S.ANSWERED, _E.ASSIGN): _S.ANSWERED,
    (_S.REOPENED, _E.ASSIGN): _S.REOPENED,
}

INQUIRY_TEXT: Mapping[InquiryState, str] = {
    InquiryState.OPEN: "待答复",
    InquiryState.ANSWERED: "已答复",
    InquiryState.CLOSED: "已办结",
    InquiryState.REOPENED: "重新办理",
}


@cache
def _calendar() -> "holidays.HolidayBase":
    """China's holidays with the weekends worked instead; years are filled in as they are asked for."""
    return holidays.country_holidays("CN")


def deadline(received_at: datetime, n_days: int) -> datetime:
    """The end of the n-th working day after the day of receipt, in the county's time.

    A year whose holidays are not announced yet has the fixed ones and plain weekends.
    """
    day = received_at.astimezone(_COUNTY_TIME).date()
    return datetime.combine(_working_day(day, n_days) + timedelta(days=1), time(), _COUNTY_TIME)


def _working_day(day: date, n_days: int) -> date:
    while n_days:
        day += timedelta(days=1)
        n_days -= _calendar().is_working_day(day)
    return day
