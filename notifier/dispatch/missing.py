"""Asking for receipts that never came: a provider pushes three times, then falls silent, but still knows."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from notifier.dispatch.step import DispatchDesk
from notifier.domain.contracts import KeepsReceipts
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Found, NoAnswer, Settlement
from notifier.domain.settings import Track
from notifier.store import missing
from notifier.store.folding import fold_words
from notifier.store.missing import Missing, Patience
from notifier.store.receipts import Word

_MOST_CHUNKS = 20
"""In one round; the next goes on."""
_TOGETHER = 100
"""Messages asked about before what was said is recorded."""
_AT_ONCE = 8
"""Questions under way together: they must not keep the calls that send waiting."""


async def ask_missing(desk: DispatchDesk, track: Track) -> int:
    """Missing receipts that were due to be asked for were asked for; how many the providers knew.

    What a provider knows is folded as a receipt, with its evidence; what it does not know, or waits for itself, is
    silent at the end of the window. A provider that does not answer is asked again in the next round. Safe to repeat.
    """
    gateways = [
        name for name, channel in desk.channels.items() if isinstance(channel, KeepsReceipts) and desk.may_send(name)
    ]
    patience = Patience(track.ask_after, track.window)
    n_found = chunk_id = 0
    for _ in range(_MOST_CHUNKS if gateways else 0):
        due = await missing.due_chunk(desk.ledger, gateways, patience, chunk_id, desk.clock.now())
        if due is None:
            break
        chunk_id = due
        n_found += await _ask_chunk(desk, chunk_id, gateways)
    return n_found


async def _ask_chunk(desk: DispatchDesk, chunk_id: int, gateways: Sequence[str]) -> int:
    lacking = await missing.missing_receipts(desk.ledger, chunk_id, gateways)
    asking = asyncio.Semaphore(_AT_ONCE)
    n_found, is_answered = 0, True
    for start in range(0, len(lacking), _TOGETHER):
        some = lacking[start : start + _TOGETHER]
        answers = await asyncio.gather(*(_ask(desk, asking, one) for one in some))
        words = [_word(desk, one, said) for one, said in zip(some, answers, strict=True) if _is_final(said)]
        n_found += await _record(desk, some, words)
        is_answered = is_answered and not any(isinstance(said, NoAnswer) for said in answers)
        if all(isinstance(said, NoAnswer) for said in answers):
            return n_found
    if is_answered:
        async with desk.ledger.writing() as c:
            await missing.mark_asked(c, chunk_id, desk.clock.now())
    return n_found


async def _ask(desk: DispatchDesk, asking: asyncio.Semaphore, one: Missing) -> Settlement:
    letter = Letter(one.message_id, one.address, one.template, {})
    async with asking, desk.calls:
        return await desk.channels[one.gateway].ask(letter, one.out_id, one.sent_at)


def _is_final(said: Settlement) -> bool:
    return isinstance(said, Found) and said.delivered is not None


def _word(desk: DispatchDesk, one: Missing, said: Settlement) -> Word:
    assert isinstance(said, Found)
    return Word(
        one.gateway,
        one.out_id,
        said.provider_ref,
        desk.ledger.vault.blind("phone", one.address),
        bool(said.delivered),
        said.code,
        said.reason.value if said.reason else None,
        said.at or desk.clock.now(),
    )


async def _record(desk: DispatchDesk, asked: Sequence[Missing], words: Sequence[Word]) -> int:
    attempt_of = {one.out_id: one.attempt_id for one in asked}
    async with desk.ledger.writing() as c:
        folded = await fold_words(c, desk.ledger, words, desk.clock.now())
        found = Counter(attempt_of[word.out_id] for word in words)
        await missing.note_asked(c, Counter(one.attempt_id for one in asked), found)
    return folded.n_delivered + folded.n_failed
