"""The door for one text that a person waits for: a login code, an answer, a trial. It queues behind no broadcast."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from notifier.dispatch.health import completed
from notifier.dispatch.routing import Route, choose, is_filed
from notifier.dispatch.step import DispatchDesk
from notifier.domain.contracts import Connected
from notifier.domain.direct import Direct
from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter, Medium
from notifier.domain.outcomes import Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.domain.texts import Filled
from notifier.store import gateways
from notifier.store.budget import Block, take_budget
from notifier.store.direct import DirectCall, carried_by, record_direct, write_direct
from notifier.store.direct_left import answer_left, leave_direct, outcome_of, take_back, take_left

_PATIENCE = timedelta(seconds=5)
"""How long a person is let wait for a gateway's budget before they are told to try again."""
_NOTHING_OPEN = timedelta(seconds=30)
_OF_THE_WAY = (Scope.TEMPLATE, Scope.ACCOUNT)
_FREE = Limits()
_ELSEWHERE = "elsewhere"
"""The only gateways that may send it are connections of another process."""
_LOOK_EVERY_S = 0.1
_TAKEN_WITHIN = timedelta(seconds=10)


async def send_now(desk: DispatchDesk, direct: Direct) -> Outcome:
    """See `domain.direct.SendNow`: one call a gateway, the next gateway only where nothing can have arrived."""
    ways = await _ways(desk, direct)
    if isinstance(ways, Postponed) and ways.code == _ELSEWHERE:
        return await _handed_over(desk, direct)
    if isinstance(ways, Refused | Postponed):
        return ways
    outcome: Outcome = Postponed("no_gateway", _NOTHING_OPEN)
    for gateway, said in ways.items():
        outcome = await _by(desk, direct, Metered(gateway, desk.limits.get(gateway, _FREE)), said)
        if not _goes_on(outcome):
            break
    return outcome


async def _handed_over(desk: DispatchDesk, direct: Direct) -> Outcome:
    """What the process that has the gateway made of it; nothing will be sent any more if that took it too late."""
    until = desk.clock.now() + _TAKEN_WITHIN
    left = await leave_direct(desk.ledger, direct, desk.clock.now())
    while (outcome := await outcome_of(desk.ledger, left)) is None:
        if desk.clock.now() > until:
            if await take_back(desk.ledger, left, desk.clock.now()):
                return Postponed("no_gateway", _NOTHING_OPEN)
            if desk.clock.now() > until + desk.settings.call_timeout + _PATIENCE:
                return Unsure("lost")
        await asyncio.sleep(_LOOK_EVERY_S)
    return outcome


async def send_left(desk: DispatchDesk) -> int:
    """What other processes left for this one's gateways was sent; how many texts. Does nothing without such."""
    if not any(isinstance(one, Connected) and desk.may_send(name) for name, one in desk.channels.items()):
        return 0
    n = 0
    while (left := await take_left(desk.ledger)) is not None:
        outcome = await send_now(desk, left.direct)
        await answer_left(desk.ledger, left.left_id, outcome, desk.clock.now())
        n += 1
    return n


def _goes_on(outcome: Outcome) -> bool:
    """Whether another gateway may be tried: nothing left, or this one has a fault of its own."""
    return isinstance(outcome, Postponed) or (isinstance(outcome, Refused) and outcome.scope in _OF_THE_WAY)


async def _ways(desk: DispatchDesk, direct: Direct) -> Mapping[str, Filled] | Refused | Postponed:
    """The gateways to try in their order with what each says; or why there is none."""
    names = desk.ways.of(direct.medium)
    said = {name: words for name in names if (words := desk.wording.said(name, direct.kind, direct.facts)) is not None}
    if not said:
        return Refused("no_text", Scope.TEMPLATE, Reason.CONTENT)
    said = {name: words for name, words in said.items() if words.problem is None}
    if not said:
        return Refused("lint", Scope.MESSAGE, Reason.CONTENT)
    async with desk.ledger.reading() as c:
        operator = await carried_by(c, desk.ledger, direct)
        states = completed(await gateways.states(c), direct.medium, names, desk.rules)
    needs_filing = direct.medium is Medium.SMS
    filed = [n for n in said if is_filed(Route(n, 0, desk.filed.get(n) if needs_filing else None), operator)]
    if not filed:
        return Refused("unfiled", Scope.NUMBER, Reason.UNFILED)
    open_now = {n: states[n].share for n in filed if desk.may_send(n) and states[n].open_since is None}
    if not open_now:
        is_elsewhere = any(states[n].open_since is None and not desk.may_send(n) for n in filed)
        return Postponed(_ELSEWHERE if is_elsewhere else "no_gateway", _NOTHING_OPEN)
    first = choose(open_now, int.from_bytes(desk.ledger.vault.blind("phone", direct.address)[:8]))
    return {name: said[name] for name in [first, *(n for n in open_now if n != first)]}


async def _by(desk: DispatchDesk, direct: Direct, metered: Metered, said: Filled) -> Outcome:
    call = await _written(desk, direct, metered, said)
    if isinstance(call, Postponed):
        return call
    letter = Letter(
        0, direct.address, said.template, said.parameters, by=said.by, n_segments=said.n_segments, is_awaited=True
    )
    # Not through the semaphore of the broadcasts: they have all of it for minutes.
    outcome: Outcome = Unsure("lost")
    try:
        [outcome] = await desk.channels[metered.gateway].send([letter], call.out_id)
    finally:
        await asyncio.shield(record_direct(desk.ledger, call, outcome, desk.clock.now()))
    return outcome


async def _written(desk: DispatchDesk, direct: Direct, metered: Metered, said: Filled) -> DirectCall | Postponed:
    """The call is written ahead once the gateway's budget has room; else nothing is written."""
    patient_until = desk.clock.now() + _PATIENCE
    while True:
        async with desk.ledger.writing() as c:
            now = desk.clock.now()
            free_at = await take_budget(c, Block(metered, 1, said.n_segments), now)
            if free_at is None:
                call = await write_direct(c, desk.ledger, direct, (metered, said), now)
                return call if isinstance(call, DirectCall) else Postponed("number_cap", call - now)
        if free_at > patient_until:
            return Postponed("busy", free_at - now)
        await asyncio.sleep(max(0.0, (free_at - desk.clock.now()).total_seconds()))
