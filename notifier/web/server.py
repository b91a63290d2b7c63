"""The front desk on its port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from notifier.domain.errors import ConfigError
from notifier.web.application import build_web
from notifier.web.desk import FrontDesk

_LAST_REQUESTS_S = 10


@asynccontextmanager
async def serve_web(desk: FrontDesk) -> AsyncIterator[str]:
    """The front desk listens while the block runs; gives its address with the port it really has.

    Leaving it takes no new request and lets those under way end, for ten seconds. Raises ConfigError when the address
    cannot be listened on.
    """
    # No access log: the path of a callback holds the secret.
    runner = web.AppRunner(build_web(desk), access_log=None, shutdown_timeout=_LAST_REQUESTS_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, desk.settings.host, desk.settings.port)
        try:
            await site.start()
        except OSError as error:
            place = f"{desk.settings.host}:{desk.settings.port}"
            mend = "stop what uses it or take another"
            raise ConfigError(f"web.host, web.port: {place} cannot be listened on ({error.strerror}); {mend}") from None
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()
