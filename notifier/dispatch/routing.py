"""Choosing a gateway for each message of a chunk by percentage; pure, and the same for the same chunk and shares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from notifier.domain.messages import Letter, Waiting
from notifier.domain.operators import Operator

_ONE = 1 << 64


class Circuit(StrEnum):
    """Whether a gateway is called at all."""

    CLOSED = "closed"
    """It works."""
    OPEN = "open"
    """It failed again and again: not called."""
    PROBE = "probe"
    """It failed, and this chunk tries it with one message."""


@dataclass(frozen=True, slots=True)
class Route:
    """A gateway that a chunk may leave by. `share` in per cent; `filed` with these operators (None: no such thing)."""

    gateway: str
    share: int
    filed: frozenset[Operator] | None = None
    circuit: Circuit = Circuit.CLOSED


@dataclass(slots=True)
class Routed:
    """What became of the messages of a chunk. The numbers are message ids; who is in none of the lists waits."""

    letters: dict[str, list[Letter]] = field(default_factory=dict)
    unsayable: list[int] = field(default_factory=list)
    """No gateway's text can say them."""
    unfiled: list[tuple[int, Operator | None]] = field(default_factory=list)
    """The signature is filed with their operator on no gateway."""
    elsewhere: list[int] = field(default_factory=list)
    """They must not leave by the only gateway there is."""
    n_waiting: int = 0
    """They wait for a circuit to close."""


Write = Callable[[str, Waiting], Letter | None]
"""A message in the words of a gateway, or None when it cannot say it."""


def route(waiting: Sequence[Waiting], routes: Sequence[Route], write: Write, seed: int) -> Routed:
    """Every message has its gateway, or is in the list that says why not.

    A gateway whose circuit is open gets nothing, one that is probed gets one message.
    """
    routed = Routed()
    to_probe = {one.gateway for one in routes if one.circuit is Circuit.PROBE}
    for one in waiting:
        fit = _fit(one, routes, routed)
        while fit:
            ready = [way for way in fit if way.gateway in to_probe] or [
                way for way in fit if way.circuit is Circuit.CLOSED
            ]
            if not ready:
                routed.n_waiting += 1
                break
            gateway = choose({way.gateway: way.share for way in ready}, seed ^ one.message_id)
            letter = write(gateway, one)
            if letter is not None:
                routed.letters.setdefault(gateway, []).append(letter)
                to_probe.discard(gateway)
                break
            fit = [way for way in fit if way.gateway != gateway]
            if not fit:
                routed.unsayable.append(one.message_id)
    return routed


def _fit(one: Waiting, routes: Sequence[Route], routed: Routed) -> Sequence[Route]:
    others = [way for way in routes if way.gateway != one.avoid]
    if not others:
        routed.elsewhere.append(one.message_id)
        return ()
    filed = [way for way in others if is_filed(way, one.operator)]
    if not filed:
        routed.unfiled.append((one.message_id, one.operator))
    return filed


def is_filed(way: Route, operator: Operator | None) -> bool:
    """Whether the gateway's signature may be used to that operator; to an unknown one, if it is filed with any."""
    if way.filed is None:
        return True
    return operator in way.filed if operator is not None else bool(way.filed)


def choose(shares: Mapping[str, int], seed: int) -> str:
    """One of the gateways, by their shares; evenly when all have none. The same for the same seed and shares."""
    if len(shares) == 1:
        return next(iter(shares))
    whole = sum(shares.values())
    weights = shares if whole else dict.fromkeys(shares, 1)
    whole = whole or len(shares)
    point = int.from_bytes(blake2b(seed.to_bytes(16, "big"), digest_size=8).digest(), "big") * whole // _ONE
    for gateway, weight in weights.items():
        if point < weight:
            return gateway
        point -= weight
    raise AssertionError("the weights add up to the whole")
