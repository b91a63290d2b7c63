"""Shares of gateways: always a whole, never negative, away from what is bad and back to rest."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.dispatch.balance import apportion, away, back
from notifier.dispatch.health import completed, judge
from notifier.domain.gateway_state import CallSample, GatewayState, is_route_error
from notifier.domain.messages import Medium
from notifier.domain.settings import Routing

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
RULES = Routing()
NAMES = ["a", "b", "c", "d"]
WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 1000), min_size=1)


@st.composite
def shares_and_rest(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, int]]:
    rest = apportion(draw(WEIGHTS))
    return apportion({name: draw(st.integers(0, 100)) for name in rest}), rest


def whole(shares: Mapping[str, int]) -> bool:
    return sum(shares.values()) == 100 and min(shares.values()) >= 0


@given(WEIGHTS, st.integers(0, 500))
def test_a_whole_is_split_by_weights_with_nothing_left(weights: dict[str, int], n: int) -> None:
    parts = apportion(weights, n)
    assert sum(parts.values()) == n
    total = sum(weights.values())
    if total:
        assert all(abs(parts[name] - weights[name] * n / total) < 1 for name in weights)


@given(shares_and_rest(), st.sets(st.sampled_from(NAMES)), st.integers(1, 100))
def test_points_leave_the_bad_and_nobody_else(
    given_: tuple[dict[str, int], dict[str, int]], bad: set[str], step: int
) -> None:
    shares, rest = given_
    bad &= set(shares)
    moved = away(shares, rest, bad, step)
    assert whole(moved)
    if bad != set(shares):
        assert all(moved[name] == shares[name] - min(step, shares[name]) for name in bad)
        assert all(moved[name] >= shares[name] for name in set(shares) - bad)
    else:
        assert moved == shares


@given(shares_and_rest(), st.integers(1, 100))
def test_shares_drift_back_to_rest_and_stay_there(given_: tuple[dict[str, int], dict[str, int]], step: int) -> None:
    shares, rest = given_
    for _ in range(100 // step + 1):
        nearer = back(shares, rest, step)
        assert whole(nearer)
        assert all(abs(nearer[name] - rest[name]) <= abs(shares[name] - rest[name]) for name in rest)
        shares = nearer
    assert shares == rest


def states(**shares: int) -> dict[str, GatewayState]:
    rest = apportion(dict.fromkeys(shares, 1))
    return {
        name: GatewayState(name, Medium.SMS, share, rest[name], NOW - timedelta(hours=1))
        for name, share in shares.items()
    }


def calls(gateway: str, n: int, *, ago_s: float = 10, took_s: float = 0.1, is_error: bool = False) -> list[CallSample]:
    at = NOW - timedelta(seconds=ago_s)
    took = timedelta(seconds=took_s)
    return [CallSample(gateway, at - took, at + timedelta(milliseconds=i), took, is_error) for i in range(n)]


def shares_after(samples: list[CallSample], held: dict[str, GatewayState], **rules: object) -> dict[str, int]:
    then = dict(held)
    for change in judge(samples, held, NOW, RULES.model_copy(update=rules)):
        then[change.state.gateway] = change.state
    return {name: state.share for name, state in then.items()}


def mixed(gateway: str, n_bad: int) -> list[CallSample]:
    """Failed calls, the last one good: no circuit opens."""
    return [*calls(gateway, n_bad, is_error=True), *calls(gateway, 1, ago_s=1)]


def test_more_errors_than_the_threshold_in_a_minute_move_ten_points() -> None:
    held = states(a=50, b=50)
    assert shares_after(mixed("a", 50), held) == {"a": 50, "b": 50}
    assert shares_after(mixed("a", 51), held) == {"a": 40, "b": 60}
    old = [*calls("a", 80, is_error=True, ago_s=70), *calls("a", 1)]
    assert shares_after(old, held) == {"a": 50, "b": 50}


def test_points_leave_at_most_once_a_minute() -> None:
    just = states(a=40, b=60)
    just["a"] = GatewayState("a", Medium.SMS, 40, 50, NOW - timedelta(seconds=59))
    assert shares_after(mixed("a", 60), just) == {"a": 40, "b": 60}
    just["a"] = GatewayState("a", Medium.SMS, 40, 50, NOW - timedelta(seconds=60))
    assert shares_after(mixed("a", 60), just) == {"a": 30, "b": 70}


def test_slow_calls_move_points_too_and_few_calls_say_nothing() -> None:
    held = states(a=50, b=50)
    slow = [*calls("a", 85), *calls("a", 15, took_s=5)]
    assert shares_after(slow, held) == {"a": 40, "b": 60}
    assert shares_after([*calls("a", 86), *calls("a", 14, took_s=5)], held) == {"a": 50, "b": 50}
    assert shares_after(calls("a", 9, took_s=60), held) == {"a": 50, "b": 50}


def test_nothing_moves_when_everybody_is_bad_or_there_is_only_one() -> None:
    assert judge([*mixed("a", 60), *mixed("b", 60)], states(a=50, b=50), NOW, RULES) == []
    assert judge(mixed("a", 60), states(a=100), NOW, RULES) == []


def test_they_drift_back_after_quiet_minutes_and_not_while_there_is_trouble() -> None:
    held = states(a=20, b=80)
    assert shares_after(calls("a", 5), held) == {"a": 30, "b": 70}
    fresh = {name: GatewayState(name, Medium.SMS, s.share, 50, NOW - timedelta(minutes=4)) for name, s in held.items()}
    assert shares_after([], fresh) == {"a": 20, "b": 80}
    assert shares_after(mixed("a", 60), fresh, step=30) == {"a": 0, "b": 100}
    gone = states(a=0, b=100)
    assert shares_after(mixed("a", 60), gone) == {"a": 0, "b": 100}


def test_failures_in_a_row_open_the_circuit_and_a_good_probe_closes_it() -> None:
    held = states(a=50, b=50)
    assert judge([*calls("a", 5, is_error=True), *calls("b", 9)], held, NOW, RULES) == []
    opened, *moved = judge([*calls("a", 10, is_error=True), *calls("b", 9)], held, NOW, RULES)
    assert (opened.state.gateway, opened.state.open_since, "连续 10 次" in opened.why) == ("a", NOW, True)
    assert {one.state.gateway: one.state.share for one in moved} == {"a": 40, "b": 60}
    shut = {**held, "a": GatewayState("a", Medium.SMS, 0, 50, NOW, NOW - timedelta(seconds=40), NOW)}
    assert judge(calls("a", 1, is_error=True), shut, NOW, RULES) == []
    under_way = [CallSample("a", NOW - timedelta(seconds=1), NOW, timedelta(seconds=1), False, is_over=False)]
    assert judge(under_way, shut, NOW, RULES) == []
    assert judge(calls("a", 1, ago_s=50), shut, NOW, RULES) == []
    (closed,) = judge(calls("a", 1), shut, NOW, RULES)
    assert (closed.state.open_since, closed.state.share) == (None, 0)


@pytest.mark.parametrize(
    ("outcome", "code", "is_error"),
    [
        ("unsure", "timeout", True),
        ("absent", "reset", True),
        ("unsure", "crash", False),
        ("postponed", "not_sent:refused", True),
        ("postponed", "isv.BUSINESS_LIMIT_CONTROL", False),
        ("refused", "isv.MOBILE_NUMBER_ILLEGAL", False),
        ("accepted", None, False),
        (None, None, False),
    ],
)
def test_only_what_the_route_did_counts_against_it(outcome: str | None, code: str | None, is_error: bool) -> None:
    assert is_route_error(outcome, code) is is_error


SAMPLES = st.lists(
    st.builds(
        lambda gateway, ago, took, bad: CallSample(
            gateway, NOW - timedelta(seconds=ago + took), NOW - timedelta(seconds=ago), timedelta(seconds=took), bad
        ),
        st.sampled_from(NAMES),
        st.integers(0, 200),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=60,
)


@given(SAMPLES, shares_and_rest())
def test_whatever_the_calls_say_the_shares_are_a_whole(
    samples: list[CallSample], given_: tuple[dict[str, int], dict[str, int]]
) -> None:
    shares, rest = given_
    held = {name: GatewayState(name, Medium.SMS, shares[name], rest[name], NOW - timedelta(hours=1)) for name in shares}
    assert whole(shares_after(samples, held, most_errors=3, circuit_failures=4, least_calls=2))


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    shares_and_rest(),
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9)),
)
def test_gateways_that_come_and_go_leave_a_whole(
    names: list[str], given_: tuple[dict[str, int], dict[str, int]], rest: dict[str, int]
) -> None:
    held = {name: GatewayState(name, Medium.SMS, share, given_[1][name], NOW) for name, share in given_[0].items()}
    found = completed(held, Medium.SMS, names, RULES.model_copy(update={"rest": rest}))
    assert set(found) == set(names)
    assert whole({name: state.share for name, state in found.items()})
