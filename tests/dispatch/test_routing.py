"""Each message has the gateway that its share, its operator and its past allow."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.dispatch.routing import Circuit, Route, choose, route
from notifier.domain.messages import Letter, Notice, Waiting
from notifier.domain.operators import Operator, operator_of, says_ported

NOTICE = Notice(1, "policy", {})


def waiting(n: int, operator: Operator | None = Operator.MOBILE, avoid: str | None = None) -> list[Waiting]:
    return [Waiting(i, f"199{i:08d}", NOTICE, operator, avoid) for i in range(n)]


def write(gateway: str, one: Waiting) -> Letter | None:
    return Letter(one.message_id, one.address, gateway, {"title": "惠农"})


def n_each(ways: Sequence[Route], n: int = 2000, **of: object) -> dict[str, int]:
    routed = route(waiting(n, **of), ways, write, 7)  # type: ignore[arg-type]
    return {gateway: len(letters) for gateway, letters in routed.letters.items()}


def test_messages_are_shared_by_percentage_and_the_same_for_the_same_seed() -> None:
    ways = [Route("a", 70), Route("b", 30)]
    first = n_each(ways)
    assert first == n_each(ways)
    assert 1300 < first["a"] < 1500
    assert n_each([Route("a", 100), Route("b", 0)]) == {"a": 2000}
    assert set(n_each([Route("a", 0), Route("b", 0)])) == {"a", "b"}


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(0, 100), min_size=1), st.integers(0, 1 << 90))
def test_whoever_has_no_share_is_not_chosen_beside_one_who_has(shares: dict[str, int], seed: int) -> None:
    chosen = choose(shares, seed)
    assert chosen == choose(shares, seed)
    assert shares[chosen] > 0 or not any(shares.values())


def test_a_signature_goes_only_to_operators_it_is_filed_with() -> None:
    ways = [Route("a", 50, frozenset({Operator.MOBILE})), Route("b", 50, frozenset({Operator.TELECOM}))]
    assert n_each(ways, 50) == {"a": 50}
    assert n_each(ways, 50, operator=Operator.TELECOM) == {"b": 50}
    assert set(n_each(ways, 50, operator=None)) == {"a", "b"}
    routed = route(waiting(3, Operator.UNICOM), ways, write, 7)
    assert (routed.letters, routed.unfiled) == ({}, [(i, Operator.UNICOM) for i in range(3)])
    assert route(waiting(1, None), [Route("a", 100, frozenset())], write, 7).unfiled == [(0, None)]


def test_a_message_avoids_the_gateway_that_failed_it() -> None:
    assert n_each([Route("a", 90), Route("b", 10)], 50, avoid="a") == {"b": 50}
    assert route(waiting(2, avoid="a"), [Route("a", 100)], write, 7).elsewhere == [0, 1]


def test_an_open_circuit_gets_nothing_and_a_probed_one_a_single_message() -> None:
    assert n_each([Route("a", 90, circuit=Circuit.OPEN), Route("b", 10)], 50) == {"b": 50}
    assert n_each([Route("a", 0, circuit=Circuit.PROBE), Route("b", 100)], 50) == {"a": 1, "b": 49}
    alone = route(waiting(50), [Route("a", 100, circuit=Circuit.PROBE)], write, 7)
    assert (len(alone.letters["a"]), alone.n_waiting) == (1, 49)
    assert route(waiting(5), [Route("a", 100, circuit=Circuit.OPEN)], write, 7).n_waiting == 5


def test_what_one_gateway_cannot_say_another_does() -> None:
    def only_b(gateway: str, one: Waiting) -> Letter | None:
        return write(gateway, one) if gateway == "b" else None

    assert len(route(waiting(50), [Route("a", 99), Route("b", 1)], only_b, 7).letters["b"]) == 50
    assert route(waiting(2), [Route("a", 100)], only_b, 7).unsayable == [0, 1]


WAYS = st.lists(
    st.builds(
        Route,
        st.sampled_from("abc"),
        st.integers(0, 100),
        st.one_of(st.none(), st.frozensets(st.sampled_from(Operator))),
        st.sampled_from(Circuit),
    ),
    unique_by=lambda way: way.gateway,
)
WAITING = st.lists(
    st.builds(
        lambda i, operator, avoid: Waiting(i, f"199{i:08d}", NOTICE, operator, avoid),
        st.integers(0, 10**8 - 1),
        st.one_of(st.none(), st.sampled_from(Operator)),
        st.one_of(st.none(), st.sampled_from("abc")),
    ),
    unique_by=lambda one: one.message_id,
)


@given(WAITING, WAYS)
def test_every_message_has_exactly_one_fate_and_never_one_it_must_not_have(
    messages: list[Waiting], ways: list[Route]
) -> None:
    routed = route(messages, ways, write, 3)
    by_name = {way.gateway: way for way in ways}
    by_id = {one.message_id: one for one in messages}
    sent = [(gateway, letter.message_id) for gateway, letters in routed.letters.items() for letter in letters]
    fates = Counter([i for _, i in sent] + [i for i, _ in routed.unfiled] + routed.elsewhere + routed.unsayable)
    assert sum(fates.values()) + routed.n_waiting == len(messages)
    assert max(fates.values(), default=1) == 1
    for gateway, message_id in sent:
        way, one = by_name[gateway], by_id[message_id]
        assert one.avoid != gateway
        assert way.circuit is not Circuit.OPEN
        assert way.filed is None or one.operator is None or one.operator in way.filed
    for way in ways:
        assert way.circuit is not Circuit.PROBE or len(routed.letters.get(way.gateway, [])) <= 1


@pytest.mark.parametrize(
    ("number", "operator"),
    [
        ("19900001234", Operator.TELECOM),
        ("13900001234", Operator.MOBILE),
        ("18600001234", Operator.UNICOM),
        ("19200001234", Operator.BROADNET),
        ("", None),
        ("oSample", None),
    ],
)
def test_a_prefix_hints_at_the_operator(number: str, operator: Operator | None) -> None:
    assert operator_of(number) is operator


def test_a_ported_number_is_told_by_its_receipt() -> None:
    assert says_ported("NP:1243")
    assert not says_ported("MK:0001")
    assert not says_ported(None)
