"""Flow control per number: how many messages one handset may be sent in a rolling window. Starts empty."""

from bisect import bisect_right
from collections.abc import Callable

from notifier.sandbox.tencent.settings import TencentFlow

_DAY = 86_400.0


class FlowControl:
    """Remembers when each number, and each (number, text), was sent to."""

    def __init__(self, limits: TencentFlow, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: dict[int, list[float]] = {}
        self._same = limits.same_content_per_30_seconds
        self._any = (
            (3_600.0, limits.per_hour, "LimitExceeded.PhoneNumberOneHourLimit"),
            (_DAY, limits.per_day, "LimitExceeded.PhoneNumberDailyLimit"),
        )

    def take(self, phone: str, text: str) -> str:
        """Empty, and the message is counted; or the Code of the limit that it meets, and it is not."""
        now = self._clock()
        if self._same and self._recent(hash((phone, text)), now, 30.0) >= self._same:
            return "LimitExceeded.PhoneNumberThirtySecondLimit"
        for seconds, most, code in self._any:
            if most and self._recent(hash(phone), now, seconds) >= most:
                return code
        for scope in (hash((phone, text)), hash(phone)):
            self._sent.setdefault(scope, []).append(now)
        return ""

    def _recent(self, scope: int, now: float, seconds: float) -> int:
        sent = self._sent.get(scope)
        if not sent:
            return 0
        if sent[0] <= now - _DAY:
            del sent[: bisect_right(sent, now - _DAY)]
        return len(sent) - bisect_right(sent, now - seconds)

    def forget(self) -> None:
        """Every window starts empty."""
        self._sent.clear()
