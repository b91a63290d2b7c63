"""How much of a chunk may leave now: a gateway's budget, and the caps of its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter
from notifier.store.budget import Block, take_budget
from notifier.store.dispatching import Call
from notifier.store.ledger import Ledger, Transaction
from notifier.store.number_caps import note_sent

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
    turn = Turn([call for call in calls if call.gateway not in limits])
    # Budgets by name, and before numbers are noted: all processes lock them in one order.
    metered = [Metered(name, limits[name]) for name in sorted({call.gateway for call in calls} & limits.keys())]
    blocks = [
        await _take_block(c, one, [call for call in calls if call.gateway == one.gateway], turn, now) for one in metered
    ]
    for one, block in zip(metered, blocks, strict=True):
        over = await note_sent(c, ledger, one, [letter for call in block for letter in call.letters], now)
        turn.calls += _parted(block, over, is_over=False) if over else block
        turn.over += _parted(block, over, is_over=True) if over else []
    return turn


async def _take_block(
    c: Transaction, metered: Metered, calls: Sequence[Call], turn: Turn, now: datetime
) -> Sequence[Call]:
    """The gateway's first calls with their budget taken; the others, or all when it is used up, are held."""
    n_calls = first_block(calls, metered.limits)
    block = calls[:n_calls]
    wanted = Block(metered, sum(len(call.letters) for call in block), sum(map(_segments, block)))
    free_at = await take_budget(c, wanted, now)
    if free_at is not None:
        turn.free_at = min(free_at, turn.free_at or free_at)
        block = []
    turn.held += calls[len(block) :]
    return block


def _parted(calls: Sequence[Call], over: frozenset[int], *, is_over: bool) -> list[Call]:
    """The calls with those of their letters that are over, or are not; none that is empty."""
    parted = (
        replace(call, letters=[letter for letter in call.letters if (letter.message_id in over) is is_over])
        for call in calls
    )
    return [call for call in parted if call.letters]
