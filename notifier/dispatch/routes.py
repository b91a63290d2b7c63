"""Which gateway the messages of a claimed chunk leave by, and what becomes of those that none may carry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notifier.dispatch.balance import apportion
from notifier.dispatch.health import completed, judge
from notifier.dispatch.lettering import Lettering
from notifier.dispatch.routing import Circuit, Route, Routed, route
from notifier.domain.contracts import Channel
from notifier.domain.errors import InputError
from notifier.domain.gateway_state import GatewayChange, GatewayState
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import Letter, Medium
from notifier.domain.operators import OPERATOR_TEXT, Operator
from notifier.domain.outcomes import Reason
from notifier.domain.settings import Routing
from notifier.domain.texts import Wording
from notifier.store import campaigns, gateways
from notifier.store.dispatching import Claim
from notifier.store.farmer_links import link_code
from notifier.store.ledger import Ledger, Transaction
from notifier.store.moving import Cause, fail_messages

_MOST_CALLS = 2_000
_SOON = timedelta(seconds=5)
"""For messages whose gateways are all shut: how soon they look again."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What choosing a gateway works with. `filed` is by gateway; one that is not in it needs no filing."""

    ledger: Ledger
    channels: Mapping[str, Channel]
    wording: Wording
    rules: Routing
    filed: Mapping[str, frozenset[Operator]]
    pages: str = ""
    """Where links to households' own pages lead, e.g. https://host/f/; letters carry none without."""

    def lettering(self, medium: Medium) -> Lettering:
        """What writes letters of a medium; only WeChat has a place for a link beside the text."""
        vault = self.ledger.vault
        pages = self.pages if medium is Medium.WECHAT else ""
        return Lettering(self.wording, lambda one: link_code(vault, one.message_id, medium, one.address), pages)

    def of(self, medium: Medium) -> list[str]:
        """The gateways of a medium, by name."""
        return [name for name, channel in self.channels.items() if channel.medium is medium]


@dataclass(frozen=True, slots=True)
class Departure:
    """The letters of a chunk by gateway; `again_at` when some wait: from then on the chunk is worth another look."""

    letters: Mapping[str, Sequence[Letter]] = field(repr=False)
    again_at: datetime | None = None


async def depart(c: Transaction, ways: Ways, held: Claim, usable: Iterable[str], now: datetime) -> Departure:
    """Every message of the chunk that may leave now has its gateway and its words.

    Who can be sent by none has failed with the reason, and goes the ladder's way; when that is everybody, or the
    texts are at fault, the campaign is paused for the administrator instead. `usable`: gateways this process may call.
    """
    names = ways.of(held.medium)
    if await _is_wordless(c, ways, held, names):
        return Departure({})
    states = completed(await gateways.states(c), held.medium, names, ways.rules)
    routes = [await _route(c, ways, state, name in set(usable), now) for name, state in states.items()]
    routed = route(held.waiting, routes, ways.lettering(held.medium).letter, held.chunk_id << 64)
    if await _pause_for_everybody(c, held, routed):
        return Departure({})
    await _fail(c, ways, routed, now)
    ours = {gateway: its for gateway, its in routed.letters.items() if gateway in set(usable)}
    waits = routed.n_waiting or len(ours) < len(routed.letters)
    return Departure(ours, now + _SOON if waits else None)


async def _is_wordless(c: Transaction, ways: Ways, held: Claim, names: Sequence[str]) -> bool:
    kinds = {one.notice.kind for one in held.waiting}
    wordless = sorted(kind for kind in kinds if not any(ways.wording.can_say(name, kind) for name in names))
    if wordless:
        why = f"没有通道能发送 {'、'.join(wordless)} 类通知的文案;请检查 config/texts.toml 和启用的通道后恢复"
        await campaigns.pause_for(c, held.campaign_id, why)
    return bool(wordless)


async def _route(c: Transaction, ways: Ways, state: GatewayState, is_usable: bool, now: datetime) -> Route:
    circuit = Circuit.CLOSED
    if state.open_since is not None:
        due = is_usable and state.probe_at is not None and state.probe_at <= now
        probes = due and await gateways.take_probe(c, state, now + ways.rules.probe_after)
        circuit = Circuit.PROBE if probes else Circuit.OPEN
    filed = ways.filed.get(state.gateway) if state.medium is Medium.SMS else None
    return Route(state.gateway, state.share, filed, circuit)


async def _pause_for_everybody(c: Transaction, held: Claim, routed: Routed) -> bool:
    """True, and the campaign is paused, when nobody at all could be told, or a text that all share cannot be said."""
    shared = {one.message_id for one in held.waiting if one.notice.notice_id != one.message_id}
    if shared.intersection(routed.unsayable):
        why = "文案不能由任何通道发送;请修改标题、摘要或 config/texts.toml 后恢复"
        return await campaigns.pause_for(c, held.campaign_id, why)
    everybody = len(routed.unfiled) == len(held.waiting) > 0
    if not everybody or await gateways.anything_left(c, held.campaign_id):
        return False
    operators = {operator for _, operator in routed.unfiled}
    names = "、".join(sorted(OPERATOR_TEXT[one] for one in operators if one)) or "任何运营商"
    why = f"签名没有在{names}报备,短信不能发送;报备后把运营商写入 channels 各通道的 filed,再恢复任务"
    return await campaigns.pause_for(c, held.campaign_id, why)


async def _fail(c: Transaction, ways: Ways, routed: Routed, now: datetime) -> None:
    unfiled: dict[str, list[int]] = {}
    for message_id, operator in routed.unfiled:
        unfiled.setdefault(f"unfiled:{operator or 'unknown'}", []).append(message_id)
    causes = [
        *((Cause(MessageEvent.REFUSE, code, Reason.UNFILED), ids) for code, ids in unfiled.items()),
        (Cause(MessageEvent.REFUSE, "lint", Reason.CONTENT), routed.unsayable),
        (Cause(MessageEvent.REFUSE, "no_other_gateway", Reason.GATEWAY), routed.elsewhere),
    ]
    for cause, ids in causes:
        await fail_messages(c, ways.ledger, ids, cause, now)


async def shut(c: Transaction, ways: Ways, refused: Mapping[str, str], now: datetime) -> frozenset[str]:
    """Gateways whose account was refused, by code, have an open circuit; all that have one now."""
    for gateway, code in refused.items():
        medium = ways.channels[gateway].medium
        state = completed(await gateways.states(c, to_change=True), medium, ways.of(medium), ways.rules)[gateway]
        why = f"{gateway} 的账号被拒绝:{code};请按代码表处理,恢复前由其他通道发送"
        await gateways.shut(c, state, why, now, now + ways.rules.probe_after)
    return frozenset(name for name, state in (await gateways.states(c)).items() if state.open_since is not None)


async def rebalance(ways: Ways, now: datetime) -> Sequence[GatewayChange]:
    """Shares and circuits have followed what recent calls say; the changes, which are kept with their reasons.

    Safe to repeat: the same calls move nothing twice within a minute.
    """
    since = now - max(ways.rules.slow_window, ways.rules.error_window, timedelta(minutes=5))
    async with ways.ledger.writing() as c:
        held = await gateways.states(c, to_change=True)
        calls = await gateways.recent_calls(c, now, since, _MOST_CALLS)
        changes: list[GatewayChange] = []
        for medium in Medium:
            states = completed(held, medium, ways.of(medium), ways.rules)
            changes += [
                GatewayChange(state, "通道有增减，按常态比例分配")
                for name, state in states.items()
                if held.get(name) != state
            ]
            changes += judge(calls, states, now, ways.rules)
        await gateways.save(c, changes, now)
    return changes


async def states(ways: Ways) -> list[GatewayState]:
    """Every enabled gateway as it stands now, by medium."""
    async with ways.ledger.reading() as c:
        held = await gateways.states(c)
    return [state for medium in Medium for state in completed(held, medium, ways.of(medium), ways.rules).values()]


async def set_rest(ways: Ways, parts: Mapping[str, int], now: datetime, by_user: str) -> None:
    """The gateways of a medium rest at these parts of the whole; shares that were at rest are so again at once.

    Others drift there. Raises InputError for gateways that are not all those of one medium, or for no parts at all.
    """
    medium = next((one for one in Medium if set(ways.of(one)) == set(parts)), None)
    if medium is None:
        groups = ";".join("、".join(names) for one in Medium if (names := ways.of(one)))
        raise InputError(f"要同时给出同一类通道的全部份额;已启用:{groups or '无'}")
    if not any(parts.values()):
        raise InputError("份额不能全部为 0;至少一个通道要大于 0")
    rest = apportion(parts)
    async with ways.ledger.writing() as c:
        held = completed(await gateways.states(c, to_change=True), medium, list(rest), ways.rules)
        at_rest = all(state.share == state.rest for state in held.values())
        changes = [
            GatewayChange(
                replace(state, rest=rest[name], share=rest[name] if at_rest else state.share, changed_at=now),
                f"常态比例设为 {rest[name]}%",
            )
            for name, state in held.items()
        ]
        await gateways.save(c, changes, now, by_user)
