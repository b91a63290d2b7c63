"""The composing step: first rungs for what was planned, next rungs for what was set back, visits where none is left."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifier.compose.facts import payment_facts, policy_facts
from notifier.compose.texts import Filled, Text, Texts, fill
from notifier.domain.benefits import BenefitKind
from notifier.domain.contracts import Clock
from notifier.domain.ladder import Try, rungs
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import By, Medium
from notifier.domain.outcomes import Reason
from notifier.store import campaigns, composing, notices, setbacks
from notifier.store.composing import Chains, Rows, Rung, Told
from notifier.store.ledger import Ledger, Transaction, take_ids
from notifier.store.moving import Cause, fail_messages

_POLICY_BATCH = 100_000
_PAYMENT_BATCH = 5_000
_SETBACK_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class ComposeDesk:
    """What composing works with. `gateways` names the enabled gateway of each medium, `sign` its SMS signature."""

    ledger: Ledger
    clock: Clock
    texts: Texts
    gateways: Mapping[Medium, str]
    sign: str
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
    batch = _POLICY_BATCH if told.kind is BenefitKind.POLICY else _PAYMENT_BATCH
    while True:
        async with desk.ledger.writing() as c:
            await campaigns.take_turn(c, told.campaign_id)
            part = await campaigns.uncomposed_range(c, told.campaign_id, above, batch)
            if part is None:
                await campaigns.mark_all_composed(c, told.campaign_id, began)
                return Composed(n_messages, n_visits)
            first, above, n_owed = part
            n_lines = 0
            if told.kind is BenefitKind.DISBURSEMENT:
                await composing.assign_lines(c, told, first, above)
                n_lines = await campaigns.n_lines(c, told)
            chains = composing.first_chains(told, first, above, n_owed + n_lines)
            n_composed, left = await _climb_rungs(desk, c, told, chains)
            n_messages += n_composed
            n_visits += await setbacks.exhaust(c, desk.ledger, left, Reason.NO_CONTACT, desk.clock.now())
            await composing.mark_composed(c, told, first, above)


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
            chains = composing.setback_chains(desk.ledger, [one.message_id for one in group], at_step)
            n_composed, left = await _climb_rungs(desk, c, told[campaign_id], chains)
            n_messages, nobody = n_messages + n_composed, set(left)
            for reason in sorted({one.reason for one in group}):
                owed_ids = [one.owed_id for one in group if one.reason is reason and one.owed_id in nobody]
                n_visits += await setbacks.exhaust(c, desk.ledger, owed_ids, reason, desk.clock.now())
        return Composed(n_messages, n_visits)


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
    gateway = desk.gateways.get(one.medium)
    kind = "policy" if told.kind is BenefitKind.POLICY else told.purpose
    words = desk.texts.get(kind, {}).get(gateway or "")
    if gateway is None or words is None or words.by is not one.by:
        return 0
    subscription = words.template if one.by is By.SUBSCRIPTION else None
    shared = await notices.shared_notice(c, told, gateway)
    rows = await composing.insert_messages(
        c, told, chains, Rung(number, one.medium, shared, desk.chunk_size, subscription), desk.clock.now()
    )
    if shared is None and rows.n:
        await _own_notices(desk, c, told, rows, gateway)
    return rows.n


def _texts(desk: ComposeDesk, told: Told) -> Mapping[str, Text]:
    return desk.texts.get("policy" if told.kind is BenefitKind.POLICY else told.purpose, {})


async def _sendable(desk: ComposeDesk, told: Told) -> bool:
    """A policy's shared notices are composed; False, and the campaign paused with the reason, if it cannot be sent."""
    texts = _texts(desk, told)
    media = {one.medium for rung in rungs(told.ladder, told.kind) for one in rung}
    gateways = [gateway for medium, gateway in desk.gateways.items() if medium in media and gateway in texts]
    async with desk.ledger.writing() as c:
        if not gateways:
            await campaigns.pause_for(
                c, told.campaign_id, "没有可用的通道或文案;请启用 channels 中的通道,并检查 config/texts.toml"
            )
            return False
        if told.kind is BenefitKind.DISBURSEMENT:
            return True
        for gateway in gateways:
            filled = fill(texts[gateway], policy_facts(told.title, told.summary, desk.hotline), desk.sign)
            if filled.problem:
                await campaigns.pause_for(
                    c, told.campaign_id, f"文案不能发送:{filled.problem};请修改标题、摘要或文案配置"
                )
                return False
            if await notices.shared_notice(c, told, gateway) is None:
                (notice_id,) = await take_ids(c, "message", 1)
                await notices.insert_notices(c, desk.ledger, told, [_notice(notice_id, gateway, filled)])
    return True


async def _own_notices(desk: ComposeDesk, c: Transaction, told: Told, rows: Rows, gateway: str) -> None:
    words = _texts(desk, told)[gateway]
    facts = await notices.benefit_facts(c, told.benefit_id)
    now = desk.clock.now()
    composed, unsendable = [], []
    for who in await notices.addressees(c, desk.ledger, told, rows):
        filled = fill(words, payment_facts(who.name, who.lines, facts, desk.hotline, now), desk.sign)
        composed.append(_notice(who.message_id, gateway, filled))
        if filled.problem:
            unsendable.append(who.message_id)
    await notices.insert_notices(c, desk.ledger, told, composed)
    await fail_messages(c, desk.ledger, unsendable, Cause(MessageEvent.REFUSE, "lint", Reason.CONTENT), now)
    # A line can be taken back between two rungs; a message that has nothing to say must not wait for ever.
    empty = await notices.without_notice(c, rows)
    await fail_messages(c, desk.ledger, empty, Cause(MessageEvent.REFUSE, "nothing_to_tell", Reason.UNKNOWN), now)


def _notice(notice_id: int, gateway: str, filled: Filled) -> notices.ComposedNotice:
    return notices.ComposedNotice(notice_id, gateway, filled.template, filled.parameters, filled.n_segments, filled.by)
