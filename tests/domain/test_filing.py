"""三级备案 三级审核 as a machine: whatever is done in whatever order, nothing skips a level."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from notifier.domain.benefits import AuditState
from notifier.domain.errors import TransitionError
from notifier.domain.filing import (
    LEVELS,
    FilingDeed,
    Progress,
    filing_table,
    moved,
    next_level,
    progress_of,
    rank_of,
    states_of,
)

N = len(LEVELS)


class Filing(RuleBasedStateMachine):
    """Any deed by any level in any order; the journal remembers who did what since the last sending back."""

    def __init__(self) -> None:
        super().__init__()
        self.here = Progress(0, 0)
        self.journal: list[tuple[FilingDeed, int]] = []

    @rule(deed=st.sampled_from(FilingDeed), level=st.integers(0, N + 1))
    def try_it(self, deed: FilingDeed, level: int) -> None:
        try:
            then = moved(self.here, deed, level, N)
        except TransitionError:
            return
        if deed is FilingDeed.FILE and self.here.is_returned:
            self.journal = []
        if deed is not FilingDeed.RETURN:
            self.journal.append((deed, level))
        self.here = then

    @precondition(lambda self: not self.here.is_returned)
    @rule(deed=st.sampled_from((FilingDeed.FILE, FilingDeed.AUDIT)))
    def go_on(self, deed: FilingDeed) -> None:
        level = next_level(self.here, deed, N, N)
        if level is not None:
            self.try_it(deed, level)

    @invariant()
    def no_level_is_skipped(self) -> None:
        if not self.here.is_returned:
            for deed, n in ((FilingDeed.FILE, self.here.filed), (FilingDeed.AUDIT, self.here.audited)):
                assert [level for what, level in self.journal if what is deed] == list(range(1, n + 1))
        assert self.here.audited <= self.here.filed <= N

    @invariant()
    def what_waits_for_mending_is_not_audited_by_anybody(self) -> None:
        if self.here.is_returned:
            assert self.here.audited == 0
            assert {what for state, what, _ in filing_table(N) if state == self.here} == {FilingDeed.FILE}

    @invariant()
    def after_the_last_audit_nothing_is_undone(self) -> None:
        if self.here.audited == N:
            assert not [edge for edge in filing_table(N) if edge[0] == self.here]

    @invariant()
    def a_benefit_keeps_it(self) -> None:
        assert progress_of(*states_of(self.here, LEVELS), LEVELS) == self.here


TestFiling = Filing.TestCase


@given(st.integers(1, 3), st.integers(0, 3), st.sampled_from(FilingDeed))
def test_nobody_acts_above_their_own_level(n_levels: int, rank: int, deed: FilingDeed) -> None:
    for here, _, _ in filing_table(n_levels):
        level = next_level(here, deed, min(rank, n_levels), n_levels)
        assert level is None or level <= rank


@pytest.mark.parametrize(
    ("code", "levels", "rank"),
    [
        ("640425100201", LEVELS, 1),
        ("640425100000", LEVELS, 2),
        ("640425000000", LEVELS, 3),
        ("640400000000", LEVELS, 3),
        ("640425100201", LEVELS[1:], 0),
        ("640425100000", LEVELS[1:], 1),
        ("640425000000", LEVELS[2:], 1),
    ],
)
def test_a_region_acts_for_its_level_and_those_below(code: str, levels: tuple[AuditState, ...], rank: int) -> None:
    assert rank_of(code, levels) == rank
