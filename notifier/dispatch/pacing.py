"""How much of a chunk may leave now: a gateway's budget, and the caps of its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter
from notifier.store.budget import Block, take_budget
from notifier.store.dispatching import Call
from notifier.store.ledger import Ledger, Transaction
from notifier.store.number_caps import note_sent, postpone_over

_WAVES_A_SECOND = 4
"""A budget is taken in blocks of a quarter of a second: few enough to be cheap, small enough to be even."""


def call_size(most: int, letters: Sequence[Letter], limits: Limits) -> int:
    """The most letters in one call: no more than a gateway may have in a second; at least one. Pure."""
    if limits.messages_per_second:
        most = min(most, limits.messages_per_second)
    if limits.segments_per_second and letters:
        most = min(most, limits.segments_per_second // max(letter.n_segments for letter in letters))
    return max(most, 1)


def first_block(calls: Sequence[Call], limits: Limits) -> int:
    """How many of a gateway's first calls make a block of its budget: at least one, unless there is none. Pure."""
    n_messages = n_segments = n_calls = 0
    for call in calls:
        n_messages += len(call.letters)
        n_segments += _segments(call)
        if n_calls and not (
            _fits(n_messages, limits.messages_per_second) and _fits(n_segments, limits.segments_per_second)
        ):
            break
        n_calls += 1
    return n_calls


def _fits(n: int, per_second: int) -> bool:
    return not per_second or n * _WAVES_A_SECOND <= per_second


def _segments(call: Call) -> int:
    return sum(letter.n_segments for letter in call.letters)


@dataclass(slots=True)
class Turn:
    """What becomes of a wave: calls that may leave now, calls that wait for budget, letters over their numbers' caps.

    `free_at` is when the first budget may have room; None when no call waits for one.
    """

    calls: list[Call] = field(default_factory=list)
    held: list[Call] = field(default_factory=list)
    over: list[Call] = field(default_factory=list)
    free_at: datetime | None = None


async def take_turn(
    c: Transaction, ledger: Ledger, limits: Mapping[str, Limits], calls: Sequence[Call], now: datetime
) -> Turn:
    """The wave's turn, with budget taken and numbers noted for all processes if the transaction is committed."""
    turn = Turn()
    for gateway in dict.fromkeys(call.gateway for call in calls):
        its = [call for call in calls if call.gateway == gateway]
        if gateway in limits:
            await _take(c, ledger, Metered(gateway, limits[gateway]), turn, (its, now))
        else:
            turn.calls += its
    return turn


async def _take(
    c: Transaction, ledger: Ledger, metered: Metered, turn: Turn, wave: tuple[Sequence[Call], datetime]
) -> None:
    its, now = wave
    n_calls = first_block(its, metered.limits)
    block, rest = its[:n_calls], its[n_calls:]
    wanted = Block(metered, sum(len(call.letters) for call in block), sum(map(_segments, block)))
    if free_at := await take_budget(c, wanted, now):
        turn.held += its
        turn.free_at = min(free_at, turn.free_at or free_at)
        return
    turn.held += rest
    over = await note_sent(c, ledger, metered, [letter for call in block for letter in call.letters], now)
    if not over:
        turn.calls += block
        return
    for call in block:
        for side, is_over in ((turn.calls, False), (turn.over, True)):
            letters = [letter for letter in call.letters if (letter.message_id in over) is is_over]
            if letters:
                side.append(Call(call.gateway, letters))


async def postpone_capped(
    c: Transaction, ledger: Ledger, limits: Mapping[str, Limits], over: Sequence[Call], now: datetime
) -> None:
    """Letters over their numbers' caps wait in chunks of their own until they fit. Empty is fine.

    Call it in a transaction of its own, by the owner of their chunk.
    """
    for gateway in dict.fromkeys(call.gateway for call in over):
        letters = [letter for call in over if call.gateway == gateway for letter in call.letters]
        await postpone_over(c, ledger, Metered(gateway, limits[gateway]), letters, now)
