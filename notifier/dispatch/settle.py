"""Settling unsure attempts by asking the provider; what stays unsettled goes to a visit (P3)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from notifier.dispatch.step import DispatchDesk
from notifier.domain.messages import Letter, Medium, Waiting
from notifier.domain.outcomes import Absent, Found, Settlement
from notifier.domain.settings import Track
from notifier.store import settling
from notifier.store.settling import Settled, UnsureLetters

_MOST = 50
"""Attempts asked about together; few, so that what was said is recorded before another process asks again."""
_AT_ONCE = 8
"""Questions under way together: a provider that answers twenty a second must not keep the calls that send waiting."""


@dataclass(frozen=True, slots=True)
class SettledCounts:
    """What a round of asking settled, in messages."""

    n_found: int
    n_absent: int
    n_lost: int


async def settle(desk: DispatchDesk, track: Track) -> SettledCounts:
    """Every unsure attempt that was due has been asked about once; what the provider said is recorded.

    "No such message" counts as never sent only once the attempt is older than `absent_after`, since a provider's
    records lag; before, and when there is no answer, it is asked again later. When the receipt window is over and it
    is still unsure, its households go to a visit. Safe to repeat.
    """
    began = desk.clock.now()
    again_at = began + max(desk.settings.settle_after, timedelta(microseconds=1))
    counts: list[SettledCounts] = []
    asking = asyncio.Semaphore(_AT_ONCE)
    while due := await settling.due_unsure(desk.ledger, began, again_at, _MOST):
        counts += await asyncio.gather(*(_settle_one(desk, attempt, track, asking) for attempt in due))
    return SettledCounts(
        sum(one.n_found for one in counts), sum(one.n_absent for one in counts), sum(one.n_lost for one in counts)
    )


async def _settle_one(
    desk: DispatchDesk, attempt: UnsureLetters, track: Track, asking: asyncio.Semaphore
) -> SettledCounts:
    channel = desk.channels.get(attempt.gateway)
    lettering = desk.ways.lettering(attempt.medium)

    async def ask(one: Waiting) -> tuple[int, Settlement | None]:
        letter = lettering.letter(attempt.gateway, one)
        if letter is None or letter.template != attempt.template:
            letter = Letter(one.message_id, one.address, attempt.template, {})
        # Asking WeChat is sending it again: what config would say differently by now must not be.
        if channel is None or (attempt.medium is Medium.WECHAT and not letter.parameters):
            return one.message_id, None
        async with asking, desk.calls:
            return one.message_id, await channel.ask(letter, attempt.out_id, attempt.started_at)

    answers = await asyncio.gather(*(ask(one) for one in attempt.waiting))
    window = track.wechat_window if attempt.medium is Medium.WECHAT else track.window
    settled = judge(answers, desk.clock.now() - attempt.started_at, desk.settings.absent_after, window)
    await settling.record_settlement(desk.ledger, attempt, settled, desk.clock.now())
    return SettledCounts(len(settled.found), len(settled.gone), len(settled.lost))


def judge(
    answers: Sequence[tuple[int, Settlement | None]], age: timedelta, absent_after: timedelta, window: timedelta
) -> Settled:
    """What the answers settle of an attempt of that age; pure."""
    found: list[tuple[int, Found]] = []
    gone: list[int] = []
    lost: list[int] = []
    for message_id, answer in answers:
        if isinstance(answer, Found):
            found.append((message_id, answer))
        elif isinstance(answer, Absent) and age >= absent_after:
            gone.append(message_id)
        elif age >= window:
            lost.append(message_id)
    return Settled(found, gone, lost, is_over=len(found) + len(gone) + len(lost) == len(answers))
