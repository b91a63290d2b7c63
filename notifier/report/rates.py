"""The arithmetic of the rate: what is counted as what. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from notifier.domain.lifecycle import Level, MessageState, OwedState
from notifier.domain.outcomes import Reason
from notifier.domain.shares import floored
from notifier.store.reporting import Fact

ACKNOWLEDGED = Level.ACKNOWLEDGED.value
_KNOWN = frozenset(state.value for state in OwedState)


@dataclass(slots=True)
class Telling:
    """The messages of one medium by what became of them.

    `accepted` counts those that the gateway certainly took: waiting for a receipt, delivered, or without one.
    """

    made: int = 0
    accepted: int = 0
    delivered: int = 0
    failed: int = 0
    silent: int = 0
    unsure: int = 0

    def add(self, state: str, detail: str, n: int) -> None:
        """`n` messages in that state are counted."""
        is_unsettled = state == MessageState.SILENT and detail == Reason.UNSETTLED
        self.made += n
        if state in (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.SILENT) and not is_unsettled:
            self.accepted += n
        self.delivered += n * (state == MessageState.DELIVERED)
        self.failed += n * (state == MessageState.FAILED)
        self.silent += n * (state == MessageState.SILENT and not is_unsettled)
        self.unsure += n * (state == MessageState.UNSURE or is_unsettled)


@dataclass(slots=True)
class Figures:
    """What is known of a set of owed households: how many in which state, and why."""

    owed: int = 0
    reached: int = 0
    unreached: int = 0
    excused: int = 0
    pending: int = 0
    by_level: dict[str, int] = field(default_factory=dict)
    by_reason: dict[str, int] = field(default_factory=dict)
    by_excuse: dict[str, int] = field(default_factory=dict)
    strays: dict[str, int] = field(default_factory=dict)
    """Counts of states that are none of the four; always empty unless something is broken."""

    @property
    def due(self) -> int:
        """The denominator: owed without the excused."""
        return self.owed - self.excused

    @property
    def acknowledged(self) -> int:
        """Reached with a person's own word."""
        return self.by_level.get(ACKNOWLEDGED, 0)

    @property
    def rate(self) -> str:
        """通知率 at level handset or better."""
        return floored(self.reached, self.due)

    @property
    def acknowledged_rate(self) -> str:
        """通知率 at level acknowledged."""
        return floored(self.acknowledged, self.due)

    def add(self, state: str, detail: str, n: int) -> None:
        """`n` owed households in that state are counted; how many are owed is counted apart."""
        if state not in _KNOWN:
            self.strays[state] = self.strays.get(state, 0) + n
            return
        setattr(self, state, getattr(self, state) + n)
        parts = {"reached": self.by_level, "unreached": self.by_reason, "excused": self.by_excuse}.get(state)
        if parts is not None:
            parts[detail] = parts.get(detail, 0) + n

    def problem(self) -> str | None:
        """None when reached + unreached + excused + pending = owed; else a sentence in Chinese with the figures."""
        total = self.reached + self.unreached + self.excused + self.pending
        negative = any(n < 0 for n in (self.reached, self.unreached, self.excused, self.pending))
        if total == self.owed and not self.strays and not negative:
            return None
        strays = "".join(f" + 不明状态 {state} {n}" for state, n in sorted(self.strays.items()))
        return (
            f"已通知 {self.reached} + 未通知 {self.unreached} + 免予通知 {self.excused} + 进行中 {self.pending}{strays}"
            f" ≠ 应通知 {self.owed}"
        )


def figures(facts: Iterable[Fact], *, counted: bool) -> Figures:
    """The owed facts added up. Owed is the count of the rows themselves, or without it the sum of the states."""
    total = Figures()
    for fact in facts:
        if fact.subject == "owed":
            total.add(fact.state, fact.detail, fact.n)
        elif fact.subject == "counted":
            total.owed += fact.n
    if not counted:
        total.owed = total.reached + total.unreached + total.excused + total.pending
    return total


def tellings(facts: Iterable[Fact]) -> Mapping[str, Telling]:
    """The message facts added up by medium."""
    total: dict[str, Telling] = {}
    for fact in facts:
        if fact.subject == "message":
            total.setdefault(fact.medium, Telling()).add(fact.state, fact.detail, fact.n)
    return dict(sorted(total.items()))
