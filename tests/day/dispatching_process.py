"""A process of its own that dispatches whatever is due until it is killed: LEDGER_URL KEY_FILE GATEWAYS_URL."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from notifier.channels import open_channels
from notifier.dispatch import step as dispatching
from notifier.dispatch.step import DispatchDesk
from notifier.domain import settings
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import LedgerTokens
from notifier.wire import Wire
from tests.day.county import NEVER_QUIET, WORDING, SteeredClock
from tests.day.gateways import channel_settings

LEASE = timedelta(seconds=0.8)


async def main(url: str, keys: str, gateways: str) -> None:
    clock = SteeredClock()
    ledger = await open_ledger(url, Vault(load_keys(Path(keys))), pool=4)
    async with Wire(settings.Wire(), timedelta(seconds=10)) as wire:
        channels = open_channels(channel_settings(gateways, False), wire, LedgerTokens(ledger, clock), clock)
        desk = DispatchDesk(
            ledger,
            clock,
            channels,
            WORDING,
            NEVER_QUIET.model_copy(update={"lease": LEASE}),
            asyncio.Semaphore(16),
        )
        while True:
            await dispatching.step(desk)
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
