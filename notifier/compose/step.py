"""The composing step: first rungs for what was planned, next rungs for what was set back, visits where none is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notifier.compose.facts import payment_facts, personal_facts, policy_facts
from notifier.domain.benefits import BenefitKind
from notifier.domain.contracts import Clock
from notifier.domain.ladder import Try, rungs
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import By, Medium, Notice
from notifier.domain.outcomes import Reason
from notifier.domain.texts import Text, Wording, may_carry
from notifier.store import assigning, campaigns, composing, consent, notices, setbacks, shared_phones
from notifier.store.composing import Chains, Rows, Rung, Told
from notifier.store.ledger import Ledger, Transaction, take_ids
from notifier.store.moving import Cause, fail_messages
from notifier.store.rerouting import avoid_what_failed

_POLICY_BATCH = 100_000
_PAYMENT_BATCH = 5_000
_SETBACK_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class ComposeDesk:
    """What composing works with. `gateways` names the enabled gateways of each medium."""

    ledger: Ledger
    clock: Clock
    wording: Wording
    gateways: Mapping[Medium, Sequence[str]]
    hotline: str
    chunk_size: int


@dataclass(frozen=True, slots=True)
class Composed:
    """What a step did: messages composed and visits opened."""

    n_messages: int
    n_visits: int


async def step(desk: ComposeDesk) -> Composed:
    """Every planned owed has its first message or a visit, every setback its next one or a visit.

    One transaction a batch; safe to repeat, to kill and to run twice at once: a chain past a rung is left out.
    """
    n_messages = n_visits = 0
    async with desk.ledger.reading() as c:
        due = await campaigns.to_compose(c)
    for told in due:
        done = await _compose_first(desk, told)
        n_messages, n_visits = n_messages + done.n_messages, n_visits + done.n_visits
    while (climbed := await _climb(desk)) is not None:
        n_messages, n_visits = n_messages + climbed.n_messages, n_visits + climbed.n_visits
    return Composed(n_messages, n_visits)


async def _compose_first(desk: ComposeDesk, told: Told) -> Composed:
    n_messages = n_visits = above = 0
    began = desk.clock.now()
    if not await _sendable(desk, told):
        return Composed(0, 0)
    batch = _PAYMENT_BATCH if told.is_personal else _POLICY_BATCH
    while True:
        async with desk.ledger.writing() as c:
            await campaigns.take_turn(c, told.campaign_id)
            part = await campaigns.uncomposed_range(c, told.campaign_id, above, batch)
            if part is None:
                await shared_phones.gather(c, told.campaign_id, desk.chunk_size)
                await campaigns.mark_all_composed(c, told.campaign_id, began)
                return Composed(n_messages, n_visits)
            first, above, n_owed = part
            n_lines = 0
            if told.kind is BenefitKind.DISBURSEMENT:
                await assigning.assign_lines(c, told, first, above)
                n_lines = await campaigns.n_lines(c, told)
            chains = composing.first_chains(told, first, above, n_owed + n_lines)
            n_composed, left = await _climb_rungs(desk, c, told, chains)
            n_messages += n_composed
            n_visits += await _give_up(desk, c, told, left)
            await composing.mark_composed(c, told, first, above)


async def _give_up(desk: ComposeDesk, c: Transaction, told: Told, owed_ids: Sequence[int]) -> int:
    """Visits are open for households that nobody can write to, or nobody who wants to be; how many."""
    is_policy = told.kind is BenefitKind.POLICY
    stopped = await consent.stopped_among(c, desk.ledger, owed_ids) if is_policy and owed_ids else set()
    n = 0
    for reason, ids in (
        (Reason.OPTED_OUT, [one for one in owed_ids if one in stopped]),
        (Reason.NO_CONTACT, [one for one in owed_ids if one not in stopped]),
    ):
        n += await setbacks.exhaust(c, desk.ledger, ids, reason, desk.clock.now())
    return n


async def _climb(desk: ComposeDesk) -> Composed | None:
    async with desk.ledger.writing() as c:
        due = await setbacks.take_setbacks(c, desk.ledger, _SETBACK_BATCH)
        if not due:
            return None
        told = await campaigns.told(c, [one.campaign_id for one in due], desk.ledger)
        for campaign_id in sorted(told):
            await campaigns.take_turn(c, campaign_id)
        n_messages = n_visits = 0
        for campaign_id, at_step in sorted({(one.campaign_id, one.step) for one in due}):
            group = [one for one in due if (one.campaign_id, one.step) == (campaign_id, at_step)]
            corrected = [one.message_id for one in group if one.is_corrected]
            n_messages += await _try_corrected(desk, c, told[campaign_id], corrected, at_step)
            chains = composing.setback_chains(desk.ledger, [one.message_id for one in group], at_step)
            n_composed, left = await _climb_rungs(desk, c, told[campaign_id], chains)
            n_messages, nobody = n_messages + n_composed, set(left)
            for reason in sorted({one.reason for one in group}):
                owed_ids = [one.owed_id for one in group if one.reason is reason and one.owed_id in nobody]
                n_visits += await setbacks.exhaust(c, desk.ledger, owed_ids, reason, desk.clock.now())
        return Composed(n_messages, n_visits)


async def _try_corrected(
    desk: ComposeDesk, c: Transaction, told: Told, message_ids: Sequence[int], at_step: int
) -> int:
    """Messages to a number that was corrected after these had failed, also where the ladder has come to its end."""
    if not message_ids:
        return 0
    chains = composing.setback_chains(desk.ledger, message_ids, at_step, corrected=True)
    return await _compose_try(desk, c, told, chains, (at_step + 1, Try(Medium.SMS)))


async def _climb_rungs(desk: ComposeDesk, c: Transaction, told: Told, chains: Chains) -> tuple[int, list[int]]:
    """Compose each rung above where the chains stand; a chain that got a message at one is left out of the higher.

    How many messages, and the owed ids of the chains that got none.
    """
    n, left = 0, None
    for number, rung in enumerate(rungs(told.ladder, told.kind)):
        if number > chains.stands_at and left != []:
            chains = chains if left is None else composing.only(desk.ledger, chains, left)
            for one in rung:
                n += await _compose_try(desk, c, told, chains, (number, one))
            left = await composing.chains_left(c, chains)
    if left is None:
        left = await composing.chains_left(c, chains)
    return n, [owed_id for owed_id, _ in left]


async def _compose_try(desk: ComposeDesk, c: Transaction, told: Told, chains: Chains, of: tuple[int, Try]) -> int:
    number, one = of
    able = [gateway for gateway in _able(desk, told, one.medium) if _text(desk, told, gateway).by is one.by]
    if not able or (one.elsewhere and (len(able) == 1 or chains.stands_at != number - 1)):
        return 0
    # A medium by which notices are subscribed to has one account, and its template is what was accepted.
    subscription = _text(desk, told, able[0]).template if one.by is By.SUBSCRIPTION else None
    shared = await notices.shared_notice(c, told)
    rows = await composing.insert_messages(
        c,
        told,
        chains,
        Rung(number, one.medium, shared, desk.chunk_size, subscription, one.elsewhere),
        desk.clock.now(),
    )
    if one.elsewhere and rows.n:
        await avoid_what_failed(c, desk.ledger, rows.first, rows.last, chains.stands_at)
    if shared is None and rows.n:
        await _own_notices(desk, c, told, rows, able)
    return rows.n


def _able(desk: ComposeDesk, told: Told, medium: Medium) -> Sequence[str]:
    may = [one for one in desk.gateways.get(medium, ()) if may_carry(one, told.gateways)]
    return [one for one in may if desk.wording.can_say(one, told.notice_kind)]


def _text(desk: ComposeDesk, told: Told, gateway: str) -> Text:
    return desk.wording.texts[told.notice_kind][gateway]


async def _sendable(desk: ComposeDesk, told: Told) -> bool:
    """A policy's shared notice is composed; False, and the campaign paused with the reason, if it cannot be sent."""
    media = {one.medium for rung in rungs(told.ladder, told.kind) for one in rung}
    able = {medium: gateways for medium in media if (gateways := _able(desk, told, medium))}
    async with desk.ledger.writing() as c:
        if not able:
            await campaigns.pause_for(
                c, told.campaign_id, "没有可用的通道或文案;请启用 channels 中的通道,并检查 config/texts.toml"
            )
            return False
        if told.is_personal or await notices.shared_notice(c, told) is not None:
            return True
        (notice_id,) = await take_ids(c, "message", 1)
        notice = Notice(notice_id, told.notice_kind, policy_facts(told, desk.hotline, desk.clock.now()))
        linted = {medium: _lint(desk, notice, gateways) for medium, gateways in able.items()}
        for lint in linted.values():
            if lint.problem:
                await campaigns.pause_for(
                    c, told.campaign_id, f"文案不能发送:{lint.problem};请修改标题、摘要或文案配置"
                )
                return False
        n_segments = linted[Medium.SMS].n_segments if Medium.SMS in linted else 1
        await notices.insert_notices(c, desk.ledger, told, [(notice, n_segments)])
    return True


@dataclass(frozen=True, slots=True)
class _Lint:
    """What the gateways of a medium make of a notice: the most segments, and the problem if all of them have one."""

    n_segments: int
    problem: str | None


def _lint(desk: ComposeDesk, notice: Notice, gateways: Sequence[str]) -> _Lint:
    said = [one for gateway in gateways if (one := desk.wording.said(gateway, notice.kind, notice.facts))]
    problems = [one.problem for one in said if one.problem]
    n_segments = max((one.n_segments for one in said), default=1)
    return _Lint(n_segments, problems[0] if len(problems) == len(said) else None)


async def _own_notices(desk: ComposeDesk, c: Transaction, told: Told, rows: Rows, gateways: Sequence[str]) -> None:
    now = desk.clock.now()
    composed, unsendable = [], []
    for message_id, said in await _own_facts(desk, c, told, rows):
        notice = Notice(message_id, told.notice_kind, said)
        lint = _lint(desk, notice, gateways)
        composed.append((notice, lint.n_segments))
        if lint.problem:
            unsendable.append(message_id)
    await notices.insert_notices(c, desk.ledger, told, composed)
    await fail_messages(c, desk.ledger, unsendable, Cause(MessageEvent.REFUSE, "lint", Reason.CONTENT), now)
    # A line can be taken back between two rungs; a message that has nothing to say must not wait for ever.
    empty = await notices.without_notice(c, rows)
    await fail_messages(c, desk.ledger, empty, Cause(MessageEvent.REFUSE, "nothing_to_tell", Reason.UNKNOWN), now)


async def _own_facts(
    desk: ComposeDesk, c: Transaction, told: Told, rows: Rows
) -> Sequence[tuple[int, Mapping[str, str]]]:
    now = desk.clock.now()
    if told.kind is BenefitKind.POLICY:
        facts = policy_facts(told, desk.hotline, now)
        return [(one.message_id, personal_facts(facts, one)) for one in await notices.readers(c, desk.ledger, rows)]
    benefit = await notices.benefit_facts(c, told.benefit_id)
    return [
        (one.message_id, payment_facts(one.name, one.lines, benefit, desk.hotline, now))
        for one in await notices.addressees(c, desk.ledger, told, rows)
    ]
