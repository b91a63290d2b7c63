"""Carries chunk ids between processes: `memory` in one process, `jetstream` between several; and sealed raw pushes.

Takes: chunk ids; pushes as they came, sealed. Leaves: each offered to one taker, at least once while its carrier
lives. Invariant: the ledger is the truth; a lost id is offered again by the sweep within seconds, and a push leaves its
stream only when the ledger has it. Never: a personal value that is not sealed.
"""

from notifier.bus.jetstream import JetStreamBus
from notifier.bus.memory import MemoryBus
from notifier.bus.raw_pushes import JetStreamPushes
from notifier.domain.contracts import Bus, Postbox
from notifier.domain.errors import ConfigError
from notifier.domain.settings import BusSettings


async def open_bus(settings: BusSettings) -> Bus:
    """The bus that the settings name, connected. Raises ConfigError when its broker cannot be reached."""
    if settings.url == "memory://":
        return MemoryBus()
    if settings.url.startswith(("nats://", "tls://")):
        return await JetStreamBus.connect(settings.url, settings.stream)
    raise ConfigError("bus.url: must be memory:// or nats://host:port")


async def open_postbox(settings: BusSettings) -> Postbox | None:
    """Where pushes wait for the ledger; None in one process, which stores them itself. Raises ConfigError."""
    return None if settings.url == "memory://" else await JetStreamPushes.connect(settings)
