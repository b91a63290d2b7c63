"""How a look is judged: whole or not, drifted or not, and whether a source is due for the next; pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from notifier.domain.errors import NeedsPerson, SourceError
from notifier.domain.watched import SourceState
from notifier.sources.looking import LeftOut
from notifier.store.watching import Looked, SourceHealth

_MOST_ERROR = 500
_LEAST_LOOKS = 3
"""Looks before which a shorter list proves nothing; an empty one always does."""
_SHRUNK_TO = 0.2
_JITTER = 0.1
_HOW_TO_MEND = "请检查来源定义；确实只有这么多时，在来源页（或用 notifier source accept）确认"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look came to: how it failed, what it left out, how many items the list had (None: not counted)."""

    failure: SourceError | None
    left_out: Sequence[LeftOut]
    n_listed: int | None
    n_new: int
    memory: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Nothing of it would be lost if the next look went on from here."""
        return self.failure is None and not any(one.again and not one.identities for one in self.left_out)


def judge(seen: Seen, before: SourceHealth, counts: Sequence[int], at: datetime) -> Looked:
    """The look as the ledger keeps it; `counts` are those of earlier normal looks, the newest first."""
    drift = before.drift if seen.n_listed is None else drift_of(seen.n_listed, counts)
    said = [str(seen.failure)] if seen.failure else [f"{one.what}：{one.why}" for one in seen.left_out]
    patience = seen.failure.retry_after if seen.failure else None
    return Looked(
        at=at,
        is_complete=seen.is_whole,
        n_new=seen.n_new,
        error="；".join(said)[:_MOST_ERROR] or None,
        memory=(seen.memory or None) if seen.is_whole else None,
        state=_state(seen, drift),
        n_listed=seen.n_listed if seen.failure is None else None,
        drift=drift,
        not_before=None if patience is None else at + patience,
    )


def drift_of(n_listed: int, counts: Sequence[int]) -> str | None:
    """How a list shrank against the median of its earlier looks (Chinese, with the mend), or None when it did not."""
    if not counts:
        return None
    usual = median(counts)
    if n_listed == 0 and usual >= 1:
        return f"列表上一个条目也没有了（以前约 {usual:g} 条），可能已改版；{_HOW_TO_MEND}"
    if len(counts) >= _LEAST_LOOKS and n_listed <= usual * _SHRUNK_TO:
        return f"列表只剩 {n_listed} 条（以前约 {usual:g} 条），可能已改版；{_HOW_TO_MEND}"
    return None


def is_due(health: SourceHealth, every: timedelta, now: datetime) -> bool:
    """True when the last look is `every` ago, or up to a tenth less so that not all sources are asked at once.

    A site that asked to be left alone for a while is.
    """
    if health.not_before is not None and now < health.not_before:
        return False
    return health.looked_at is None or now - health.looked_at >= every * (1 - _jitter(health))


def _jitter(health: SourceHealth) -> float:
    """From nothing to a tenth, another one after each look, the same on every node."""
    digest = hashlib.blake2b(f"{health.name} {health.looked_at}".encode(), digest_size=2).digest()
    return _JITTER * int.from_bytes(digest, "big") / 0x10000


def _state(seen: Seen, drift: str | None) -> SourceState:
    if drift is not None:
        return SourceState.DRIFT
    if isinstance(seen.failure, NeedsPerson) or any(one.for_person for one in seen.left_out):
        return SourceState.PERSON
    is_failing = seen.failure is not None or any(one.again for one in seen.left_out)
    return SourceState.FAILING if is_failing else SourceState.WELL
