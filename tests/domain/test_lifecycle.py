"""The life cycles as machines: what is absorbing, what always wins, and that no edge is there by accident."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from notifier.domain.errors import TransitionError
from notifier.domain.lifecycle import (
    CAMPAIGN,
    MESSAGE,
    OWED,
    CampaignEvent,
    CampaignState,
    MessageEvent,
    MessageState,
    OwedEvent,
    OwedState,
    after,
    sources_of,
)

M, E = MessageState, MessageEvent
RECEIPTS = (E.DELIVER, E.FAIL)


def moved(state: MessageState, event: MessageEvent) -> MessageState:
    """As the ledger does it: an event without an edge changes nothing."""
    return MESSAGE.get((state, event), state)


class MessageLife(RuleBasedStateMachine):
    """Any events in any order and number."""

    def __init__(self) -> None:
        super().__init__()
        self.state = M.READY
        self.was_delivered = False

    @rule(event=st.sampled_from(MessageEvent))
    def happen(self, event: MessageEvent) -> None:
        before, self.state = self.state, moved(self.state, event)
        if event is E.DELIVER and before is not M.WITHDRAWN and before is not M.POSTPONED:
            assert self.state is M.DELIVERED, f"a late delivered lost against {before}"
        self.was_delivered |= self.state is M.DELIVERED
        assert moved(self.state, event) is self.state or event in (E.RELEASE, E.POSTPONE, E.FALL_SILENT)

    @invariant()
    def delivered_is_for_good(self) -> None:
        assert self.state is M.DELIVERED or not self.was_delivered


TestMessageLife = MessageLife.TestCase


@given(st.sampled_from(MessageState), st.lists(st.sampled_from(MessageEvent)))
def test_delivered_is_absorbing(state: MessageState, events: list[MessageEvent]) -> None:
    state = M.DELIVERED
    for event in events:
        state = moved(state, event)
    assert state is M.DELIVERED


@pytest.mark.parametrize("start", [M.READY, M.ACCEPTED, M.UNSURE])
@pytest.mark.parametrize("words", [(E.DELIVER,), (E.FAIL,), (E.DELIVER, E.FAIL), (E.DELIVER, E.FAIL, E.FAIL)])
def test_receipts_end_the_same_in_any_order_around_the_answer(
    start: MessageState, words: tuple[MessageEvent, ...]
) -> None:
    ends = set()
    for order in permutations((*words, E.ACCEPT)):
        state = start
        for event in order:
            state = moved(state, event)
        ends.add(state)
    assert ends == {M.DELIVERED if E.DELIVER in words else M.FAILED}


def test_nothing_that_a_gateway_may_have_becomes_ready_again_unless_it_was_asked() -> None:
    released = {before for before, then in sources_of(MESSAGE, E.RELEASE).items() if then is M.READY}
    assert released == {M.POSTPONED, M.UNSURE}
    to_ready = {(before, event) for (before, event), then in MESSAGE.items() if then is M.READY}
    assert {event for _, event in to_ready} == {E.RELEASE}


def test_withdrawn_is_only_what_no_gateway_has_and_stays_so() -> None:
    assert set(sources_of(MESSAGE, E.WITHDRAW)) == {M.READY, M.POSTPONED}
    assert not [edge for edge in MESSAGE if edge[0] is M.WITHDRAWN]


def test_an_event_that_moves_leads_to_one_state_so_that_one_statement_can_do_it() -> None:
    for event in MessageEvent:
        assert len(set(sources_of(MESSAGE, event).values())) <= 1, event


@pytest.mark.parametrize("event", [E.ACCEPT, E.REFUSE, E.POSTPONE, E.LOSE, *RECEIPTS])
def test_a_message_in_a_call_has_an_edge_for_whatever_the_call_brings(event: MessageEvent) -> None:
    for state in (M.READY, M.UNSURE):
        assert (state, event) in MESSAGE


def test_every_decided_state_stays_for_every_word_that_comes_late() -> None:
    for state in (M.FAILED, M.SILENT, M.DELIVERED):
        for event in (E.ACCEPT, E.LOSE, E.FALL_SILENT):
            assert moved(state, event) is state
    assert moved(M.FAILED, E.FAIL) is moved(M.SILENT, E.FAIL) is M.FAILED


def test_unreached_to_reached_is_always_open_and_evidence_outlives_what_comes_after() -> None:
    for state in OwedState:
        assert after(OWED, state, OwedEvent.REACH) is OwedState.REACHED
    assert after(OWED, OwedState.REACHED, OwedEvent.EXHAUST) is OwedState.REACHED
    with pytest.raises(TransitionError):
        after(OWED, OwedState.REACHED, OwedEvent.EXCUSE)


def test_only_another_line_or_a_stranger_s_number_makes_a_reached_household_wait_again() -> None:
    back = {event for (before, event), then in OWED.items() if then is OwedState.PENDING and before is not then}
    assert back == {OwedEvent.REOPEN, OwedEvent.DISOWN}
    assert after(OWED, OwedState.UNREACHED, OwedEvent.REOPEN) is OwedState.UNREACHED


def test_a_cancelled_campaign_is_cancelled_for_good_and_a_finished_one_can_run_again() -> None:
    assert not [edge for edge in CAMPAIGN if edge[0] is CampaignState.CANCELLED]
    assert after(CAMPAIGN, CampaignState.FINISHED, CampaignEvent.REOPEN) is CampaignState.RUNNING
    for state in (CampaignState.FINISHED, CampaignState.CANCELLED):
        with pytest.raises(TransitionError, match=f"{state.value} has no edge for cancel"):
            after(CAMPAIGN, state, CampaignEvent.CANCEL)


def test_nothing_runs_that_was_not_approved() -> None:
    assert sources_of(CAMPAIGN, CampaignEvent.LAUNCH) == {CampaignState.APPROVED: CampaignState.RUNNING}


@pytest.mark.parametrize(
    ("table", "states", "events"),
    [
        (MESSAGE, list(MessageState), list(MessageEvent)),
        (OWED, list(OwedState), list(OwedEvent)),
        (CAMPAIGN, list(CampaignState), list(CampaignEvent)),
    ],
)
def test_every_state_can_be_reached_and_every_event_happens(
    table: Mapping[tuple[Any, Any], Any], states: list[Any], events: list[Any]
) -> None:
    first = states[0]
    assert {*table.values(), first} == set(states)
    assert {event for _, event in table} == set(events)
