"""The door for one text that a person waits for: a login code, an answer, a trial. It queues behind no broadcast."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from notifier.dispatch.health import completed
from notifier.dispatch.routing import Route, choose, is_filed
from notifier.dispatch.step import DispatchDesk
from notifier.domain.direct import Direct
from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter, Medium
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.domain.texts import Filled
from notifier.store import gateways
from notifier.store.budget import Block, take_budget
from notifier.store.direct import DirectCall, carried_by, record_direct, write_direct

_PATIENCE = timedelta(seconds=5)
"""How long a person is let wait for a gateway's budget before they are told to try again."""
_NOTHING_OPEN = timedelta(seconds=30)
_OF_THE_WAY = (Scope.TEMPLATE, Scope.ACCOUNT)
_FREE = Limits()


async def send_now(desk: DispatchDesk, direct: Direct) -> Outcome:
    """See `domain.direct.SendNow`: one call a gateway, the next gateway only where nothing can have arrived."""
    ways = await _ways(desk, direct)
    if isinstance(ways, Refused | Postponed):
        return ways
    outcome: Outcome = Postponed("no_gateway", _NOTHING_OPEN)
    for gateway, said in ways.items():
        outcome = await _by(desk, direct, Metered(gateway, desk.limits.get(gateway, _FREE)), said)
        if not _goes_on(outcome):
            break
    return outcome


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
        return Postponed("no_gateway", _NOTHING_OPEN)
    first = choose(open_now, int.from_bytes(desk.ledger.vault.blind("phone", direct.address)[:8]))
    return {name: said[name] for name in [first, *(n for n in open_now if n != first)]}


async def _by(desk: DispatchDesk, direct: Direct, metered: Metered, said: Filled) -> Outcome:
    call = await _written(desk, direct, metered, said)
    if isinstance(call, Postponed):
        return call
    letter = Letter(0, direct.address, said.template, said.parameters, by=said.by, n_segments=said.n_segments)
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


def is_sent(outcome: Outcome) -> bool:
    """Whether the person may be told to look at their phone: a gateway has it, or may have."""
    return isinstance(outcome, Accepted | Unsure)
