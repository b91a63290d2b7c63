"""Carries chunk ids between processes, never a personal value: `memory` in one process, `jetstream` between several.

Takes: chunk ids. Leaves: each offered to one worker, at least once while its carrier lives. Invariant: the ledger is
the truth; a lost id is offered again by the sweep within seconds. Never: anything but whole numbers.
"""

from notifier.bus.jetstream import JetStreamBus
from notifier.bus.memory import MemoryBus
from notifier.domain.contracts import Bus
from notifier.domain.errors import ConfigError
from notifier.domain.settings import BusSettings


async def open_bus(settings: BusSettings) -> Bus:
    """The bus that the settings name, connected. Raises ConfigError when its broker cannot be reached."""
    if settings.url == "memory://":
        return MemoryBus()
    if settings.url.startswith(("nats://", "tls://")):
        return await JetStreamBus.connect(settings.url, settings.stream)
    raise ConfigError("bus.url: must be memory:// or nats://host:port")
