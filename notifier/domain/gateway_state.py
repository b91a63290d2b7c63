"""What the ledger remembers of a gateway: how much of its medium's traffic it gets, and whether it is called at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.messages import Medium


@dataclass(frozen=True, slots=True)
class GatewayState:
    """Shares in per cent; those of a medium's gateways add up to 100, and so do their shares at rest.

    `open_since` None while the circuit is closed; else one message may probe it from `probe_at` on.
    """

    gateway: str
    medium: Medium
    share: int
    rest: int
    changed_at: datetime
    open_since: datetime | None = None
    probe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GatewayChange:
    """A gateway's state from now on, and why."""

    state: GatewayState
    why: str


@dataclass(frozen=True, slots=True)
class CallSample:
    """A call that ended at `at`, or is under way for `took` by then. `is_error`: the route failed, not the message."""

    gateway: str
    started_at: datetime
    at: datetime
    took: timedelta
    is_error: bool
    is_over: bool = True


def is_route_error(outcome: str | None, code: str | None) -> bool:
    """Whether an attempt's outcome says that the route failed: no answer, or no connection. Pure.

    A refusal, a limit and a crash of our own are no fault of the route.
    """
    if outcome in ("unsure", "absent"):
        return code != "crash"
    return outcome == "postponed" and (code or "").startswith("not_sent:")


def in_one_line(states: Iterable[GatewayState]) -> str:
    """Each medium's gateways with their shares, e.g. "短信:aliyun_sms 40%(常态 50%,已暂停)"; "" for none."""
    by_medium: dict[Medium, list[str]] = {}
    for state in states:
        notes = [f"常态 {state.rest}%"] if state.share != state.rest else []
        notes += ["已暂停"] if state.open_since is not None else []
        said = f"{state.gateway} {state.share}%" + (f"({','.join(notes)})" if notes else "")
        by_medium.setdefault(state.medium, []).append(said)
    names = {Medium.SMS: "短信", Medium.WECHAT: "微信"}
    return ";".join(f"{names[medium]}:{'、'.join(its)}" for medium, its in by_medium.items())
