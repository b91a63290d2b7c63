"""Region codes say their level and what lies inside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.regions import level_of, span

CODES = st.from_regex(r"\A[1-9][0-9]{11}\Z")


@pytest.mark.parametrize(
    ("code", "level", "last"),
    [
        ("640000000000", "province", "649999999999"),
        ("640400000000", "city", "640499999999"),
        ("640425000000", "county", "640425999999"),
        ("640425100000", "township", "640425100999"),
        ("640425100201", "village", "640425100201"),
    ],
)
def test_each_level_spans_what_begins_like_it(code: str, level: str, last: str) -> None:
    assert (level_of(code), span(code)) == (level, (code, last))


@given(CODES)
def test_a_region_lies_in_its_own_span_and_in_those_above_it(code: str) -> None:
    for end in (2, 4, 6, 9, 12):
        first, last = span(code[:end].ljust(12, "0"))
        assert first <= code <= last


@pytest.mark.parametrize("code", ["", "640425", "6404251002011", "64042510020x", "６４０４２５１００２０１"])
def test_another_text_is_no_code(code: str) -> None:
    with pytest.raises(ValueError, match="12 digits"):
        level_of(code)
