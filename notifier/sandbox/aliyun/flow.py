"""Flow control per number: how many messages of a kind one handset may be sent in a rolling window.

Counted on acceptance, whatever the receipt says later. It starts empty with the process.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from notifier.sandbox.aliyun.refusals import BusinessRefusal, flow_limited
from notifier.sandbox.settings import FlowLimits, SmsKind

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


class Window(NamedTuple):
    unit: str
    seconds: float
    permits: int


class FlowControl:
    """Remembers when each (scope of a kind, number) was sent to."""

    def __init__(self, limits: FlowLimits, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: dict[int, list[float]] = {}
        captcha = (
            Window("分钟", MINUTE, limits.captcha_per_minute),
            Window("小时", HOUR, limits.captcha_per_hour),
            Window("天", DAY, limits.captcha_per_day),
        )
        windows = {
            SmsKind.CAPTCHA: captcha,
            SmsKind.NOTICE: (Window("天", DAY, limits.notice_per_day),),
            SmsKind.PROMOTION: (Window("天", DAY, limits.promotion_per_day),),
            SmsKind.INTERNATIONAL: (),
        }
        self._windows = {kind: tuple(w for w in found if w.permits) for kind, found in windows.items()}

    def scope(self, kind: SmsKind, sign: str, template: str, phone: str) -> int:
        """The counter that a message belongs to; a 64-bit hash, so a county's year fits in memory."""
        if kind is SmsKind.CAPTCHA:
            return hash((kind, sign, phone))
        if kind is SmsKind.NOTICE:
            return hash((kind, sign, template, phone))
        return hash((kind, phone))

    def limit_of(self, kind: SmsKind, scope: int, n_more: int = 1) -> BusinessRefusal | None:
        """The refusal that `n_more` messages would meet now, or None. Counts nothing."""
        windows = self._windows[kind]
        sent = self._sent.get(scope)
        if not windows or (sent is None and n_more <= windows[0].permits):
            return None
        now = self._clock()
        for window in windows:
            n_recent = len(sent) - bisect_right(sent, now - window.seconds) if sent else 0
            if n_recent + n_more > window.permits:
                return flow_limited(window.unit, window.permits)
        return None

    def count(self, scopes: Sequence[int]) -> None:
        """One accepted message each."""
        now = self._clock()
        for scope in scopes:
            sent = self._sent.setdefault(scope, [])
            if sent and sent[0] <= now - DAY:
                del sent[: bisect_right(sent, now - DAY)]
            sent.append(now)

    def forget(self) -> None:
        """Every window starts empty."""
        self._sent.clear()
