"""What stands in for the neighbours of a channel: a clock that is told the time, a token store in memory."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from notifier.domain.messages import Letter

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten o'clock in Beijing."""


@dataclass
class FrozenClock:
    at: datetime = MORNING

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@dataclass
class MemoryTokens:
    """The contract of `TokenStore` in one process; `held_elsewhere` pretends that another process refreshes."""

    stored: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    held_elsewhere: bool = False
    n_refreshes: int = 0

    async def read(self, key: str) -> tuple[str, datetime] | None:
        return self.stored.get(key)

    async def replace(self, key: str, rejected: str | None, token: str, expires_at: datetime) -> str:
        now_stored = self.stored.get(key)
        if (now_stored[0] if now_stored else None) == rejected:
            self.stored[key] = (token, expires_at)
        return self.stored[key][0]

    @asynccontextmanager
    async def refreshing(self, key: str, patience: timedelta) -> AsyncIterator[bool]:
        assert patience > timedelta(0)
        self.n_refreshes += not self.held_elsewhere
        yield not self.held_elsewhere


def a_letter(
    n: int = 1, *, address: str | None = None, template: str = "SMS_1", parameters: Mapping[str, str] | None = None
) -> Letter:
    return Letter(n, address or f"199{n:08d}", template, parameters if parameters is not None else {"name": "样例甲"})
