"""The tracking step: fold pushes and parked receipts, record silence, finish what is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from notifier.domain.contracts import Channel, Clock, KeepsReceipts
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, Inbound, Medium, Receipt
from notifier.domain.settings import Inquiries, Track
from notifier.store import folding, following, receipts
from notifier.store.campaigns import finish_done
from notifier.store.ledger import Ledger
from notifier.store.lost_answers import bind_lost_answers
from notifier.store.receipts import DuePush, Word
from notifier.store.verdicts import suppress_dead
from notifier.store.withdrawing import withdraw_stragglers
from notifier.track.hearing import Ear, HeardText, listen

_PUSHES_A_BATCH = 50


@dataclass(frozen=True, slots=True)
class TrackDesk:
    """What tracking works with. `channels` by gateway name, to read their pushes."""

    ledger: Ledger
    clock: Clock
    channels: Mapping[str, Channel]
    settings: Track
    inquiries: Inquiries = field(default_factory=Inquiries)
    same_content: int = 5
    """Recipients whose text the same code refuses before the campaign is paused."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a step did, in messages; `finished` are campaign ids."""

    n_pushes: int
    n_delivered: int
    n_failed: int
    n_parked: int
    n_silent: int
    finished: Sequence[int]


async def step(desk: TrackDesk) -> Tracked:
    """Every stored push is folded, every ended window recorded. Safe to repeat, to kill and to run twice at once."""
    n_pushes = n_delivered = n_failed = n_parked = 0
    while (folded := await _fold_batch(desk)) is not None:
        n_pushes += folded[0]
        n_delivered += folded[1].n_delivered
        n_failed += folded[1].n_failed
        n_parked += len(folded[1].unknown)
    retried = await _fold_parked(desk)
    await suppress_dead(desk.ledger, desk.settings.dead_days, desk.clock.now())
    n_silent = 0
    askable = [name for name, channel in desk.channels.items() if isinstance(channel, KeepsReceipts)]
    for medium, window in ((Medium.SMS, desk.settings.window), (Medium.WECHAT, desk.settings.wechat_window)):
        while n := await folding.fall_silent(desk.ledger, medium, window, desk.clock.now(), askable):
            n_silent += n
    await receipts.forget_parked(desk.ledger, desk.clock.now(), timedelta(days=desk.settings.parked_days))
    return Tracked(
        n_pushes,
        n_delivered + retried.n_delivered,
        n_failed + retried.n_failed,
        n_parked,
        n_silent,
        await _finish(desk),
    )


async def _finish(desk: TrackDesk) -> Sequence[int]:
    await withdraw_stragglers(desk.ledger, desk.clock.now())
    return await finish_done(desk.ledger)


async def _fold_batch(desk: TrackDesk) -> tuple[int, folding.FoldedWords] | None:
    async with desk.ledger.writing() as c:
        due = await receipts.take_due_pushes(c, desk.ledger, _PUSHES_A_BATCH)
        if not due:
            return None
        words: list[Word] = []
        texts: list[HeardText] = []
        for one in due:
            elements = _elements(desk, one)
            words += [_word(desk, element) for element in elements if isinstance(element, Receipt)]
            texts += [_text(desk, one, element) for element in elements if isinstance(element, Heard)]
            if _is_of_wechat(desk, one):
                await following.take_in(c, desk.ledger, elements)
            await receipts.mark_folded(c, one.push_id, sum(isinstance(element, Damaged) for element in elements))
        folded = await folding.fold_words(c, desk.ledger, words, desk.clock.now(), desk.same_content)
        await receipts.park(c, folded.unknown, desk.clock.now())
        # After the receipts: an answer is about what had arrived.
        await listen(c, _ear(desk), texts)
        return len(due), folded


def _text(desk: TrackDesk, due: DuePush, heard: Heard) -> HeardText:
    return HeardText(due.push_id, due.push.gateway, desk.channels[due.push.gateway].medium, heard)


def _is_of_wechat(desk: TrackDesk, due: DuePush) -> bool:
    channel = desk.channels.get(due.push.gateway)
    return channel is not None and channel.medium is Medium.WECHAT


def _elements(desk: TrackDesk, due: DuePush) -> Sequence[Inbound]:
    channel = desk.channels.get(due.push.gateway)
    if channel is None:
        return [Damaged("no such gateway is enabled")]
    try:
        return channel.read_push(due.push)
    except InputError:
        return [Damaged("the push is not the provider's")]


def _word(desk: TrackDesk, receipt: Receipt) -> Word:
    kind = "phone" if desk.channels[receipt.gateway].medium is Medium.SMS else "openid"
    return Word(
        receipt.gateway,
        receipt.out_id or "",
        receipt.provider_ref or "",
        desk.ledger.vault.blind(kind, receipt.address),
        receipt.delivered,
        receipt.code,
        receipt.reason.value if receipt.reason else None,
        receipt.at,
        receipt.template or "",
        receipt.submitted_at,
    )


async def _fold_parked(desk: TrackDesk) -> folding.FoldedWords:
    """Parked receipts whose call is known by now are folded.

    One that names a call but none of its addresses is nobody's and parked no more; its push is kept.
    """
    async with desk.ledger.writing() as c:
        words = await receipts.take_parked(c)
        if await bind_lost_answers(c, desk.ledger):
            words += await receipts.take_parked(c)
        # Also long texts of people of which a part never came.
        await listen(c, _ear(desk), ())
        return await folding.fold_words(c, desk.ledger, words, desk.clock.now(), desk.same_content)


def _ear(desk: TrackDesk) -> Ear:
    return Ear(desk.ledger, desk.settings.reply_window, desk.inquiries, desk.clock.now())
