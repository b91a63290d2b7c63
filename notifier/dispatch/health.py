"""What recent calls say of the gateways of one medium, and how their shares and circuits move for it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from notifier.dispatch.balance import WHOLE, apportion, away, back
from notifier.domain.gateway_state import CallSample, GatewayChange, GatewayState
from notifier.domain.messages import Medium
from notifier.domain.settings import Routing

States = Mapping[str, GatewayState]


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def completed(held: Mapping[str, GatewayState], medium: Medium, names: Sequence[str], rules: Routing) -> States:
    """The states of a medium's gateways as remembered; at rest when one is new or gone, or nothing is remembered."""
    known = {name: held[name] for name in names if name in held}
    if len(known) == len(names) and sum(state.share for state in known.values()) == WHOLE:
        return known
    evenly = WHOLE // max(1, len(names))
    rest = apportion({name: rules.rest.get(name, known[name].rest if name in known else evenly) for name in names})
    return {
        name: replace(
            known.get(name, GatewayState(name, medium, 0, 0, _LONG_AGO)),
            medium=medium,
            share=rest[name],
            rest=rest[name],
        )
        for name in names
    }


def judge(samples: Sequence[CallSample], states: States, now: datetime, rules: Routing) -> Sequence[GatewayChange]:
    """The changes that the samples (of any order) ask for; empty when nothing moves. States are one medium's."""
    circuits = [change for state in states.values() if (change := _circuit(samples, state, now, rules))]
    then = dict(states) | {change.state.gateway: change.state for change in circuits}
    return [*circuits, *_shares(samples, then, now, rules)]


def _circuit(samples: Sequence[CallSample], state: GatewayState, now: datetime, rules: Routing) -> GatewayChange | None:
    own = sorted(
        (one for one in samples if one.gateway == state.gateway and one.is_over), key=lambda one: one.at, reverse=True
    )
    if state.open_since is not None:
        probes = [one for one in own if one.started_at > state.open_since]
        if probes and not probes[0].is_error:
            return GatewayChange(replace(state, open_since=None, probe_at=None), "探测成功，恢复使用")
        return None
    streak = own[: rules.circuit_failures]
    if len(streak) < rules.circuit_failures or not all(one.is_error for one in streak):
        return None
    why = f"连续 {rules.circuit_failures} 次调用失败，暂停使用"
    return GatewayChange(replace(state, open_since=now, probe_at=now + rules.probe_after), why)


def _shares(samples: Sequence[CallSample], states: States, now: datetime, rules: Routing) -> Sequence[GatewayChange]:
    if len(states) < 2:
        return []
    shares = {name: state.share for name, state in states.items()}
    rest = {name: state.rest for name, state in states.items()}
    whys = {name: why for name, state in states.items() if (why := _trouble(samples, state, now, rules))}
    if len(whys) == len(states):
        return []  # nobody is better: moving would only be noise
    due = [name for name in whys if now - states[name].changed_at >= rules.move_every and shares[name] > 0]
    if due:
        return _moved(states, away(shares, rest, due, rules.step), now, "；".join(whys[name] for name in due))
    last = max(state.changed_at for state in states.values())
    if whys or shares == rest or now - last < rules.drift_every:
        return []
    return _moved(states, back(shares, rest, rules.step), now, "一段时间没有异常，向常态比例回调")


def _moved(states: States, shares: Mapping[str, int], now: datetime, why: str) -> Sequence[GatewayChange]:
    return [
        GatewayChange(replace(state, share=shares[name], changed_at=now), why)
        for name, state in states.items()
        if state.share != shares[name]
    ]


def _trouble(samples: Sequence[CallSample], state: GatewayState, now: datetime, rules: Routing) -> str | None:
    """Why the gateway is to be spared, in Chinese; None when it is well."""
    name = state.gateway
    own = [one for one in samples if one.gateway == name]
    if state.open_since is not None:
        return f"{name} 已暂停使用"
    n_errors = sum(one.is_error for one in own if one.at > now - rules.error_window)
    if n_errors > rules.most_errors:
        return f"{name} 在 {rules.error_window.total_seconds():.0f} 秒内失败 {n_errors} 次"
    recent = [one for one in own if one.at > now - rules.slow_window]
    n_slow = sum(one.took >= rules.slow_after for one in recent)
    if len(recent) >= rules.least_calls and n_slow * 100 >= rules.most_slow * len(recent):
        return f"{name} 有 {n_slow * 100 // len(recent)}% 的调用超过 {rules.slow_after.total_seconds():g} 秒"
    return None
