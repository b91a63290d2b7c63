"""Connecting to the broker, in a time that a person would wait."""

import asyncio

import nats
from nats.aio.client import Client
from nats.errors import Error, NoServersError

from notifier.domain.errors import ConfigError

_CONNECT_S = 5.0


async def _quietly(_: Exception) -> None:
    """The library would print what its callers already live with."""


async def connected(url: str) -> Client:
    """A connection that comes back by itself whenever it breaks. Raises ConfigError when no server answers now."""
    try:
        # The library itself would try for ever: right for a bus that was up, wrong for a misspelt address.
        async with asyncio.timeout(_CONNECT_S):
            return await nats.connect(url, max_reconnect_attempts=-1, allow_reconnect=True, error_cb=_quietly)
    except (OSError, NoServersError, Error, ValueError, TimeoutError):
        raise ConfigError("bus.url: no NATS server answers there; start one or use memory://") from None
