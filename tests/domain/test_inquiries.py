"""An inquiry's life, and deadlines across weekends, holidays and the weekends worked instead."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.inquiries import INQUIRY, INQUIRY_TEXT, InquiryEvent, InquiryState, deadline


def ends(received: str, n_days: int) -> str:
    at = datetime.fromisoformat(f"{received}:00+08:00")
    return f"{deadline(at, n_days):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("received", "n_days", "end"),
    [
        ("2026-11-24T10:00", 1, "2026-11-26 00:00"),  # Tuesday: to the end of Wednesday
        ("2026-11-20T10:00", 1, "2026-11-24 00:00"),  # Friday: Monday
        ("2026-11-21T10:00", 5, "2026-11-28 00:00"),  # Saturday: Friday
        ("2026-09-30T10:00", 1, "2026-10-09 00:00"),  # before National Day: the 8th
        ("2026-10-09T10:00", 1, "2026-10-11 00:00"),  # Saturday the 10th is worked instead
        ("2026-11-24T23:59", 0, "2026-11-25 00:00"),
    ],
)
def test_deadlines_count_working_days(received: str, n_days: int, end: str) -> None:
    assert ends(received, n_days) == end


def test_the_day_of_receipt_is_the_county_s() -> None:
    assert deadline(datetime(2026, 11, 23, 17, tzinfo=UTC), 1) == deadline(datetime(2026, 11, 24, 4, tzinfo=UTC), 1)


@given(st.integers(0, 6 * 365 * 24), st.integers(0, 15))
def test_a_deadline_is_never_before_the_day_is_over_and_never_far(n_hours: int, n_days: int) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n_hours)
    end = deadline(at, n_days)
    assert end > at
    assert end <= deadline(at, n_days + 1)
    assert end - at < timedelta(days=2 * n_days + 16)


def test_only_what_is_closed_reopens_and_nothing_leaves_closed_otherwise() -> None:
    for (state, event), then in INQUIRY.items():
        assert (event is InquiryEvent.REOPEN) == (state is InquiryState.CLOSED)
        assert (then is InquiryState.CLOSED) == (event is InquiryEvent.CLOSE)
    assert set(INQUIRY_TEXT) == set(InquiryState)
