"""Opening the ledger that the settings name, with its keys, its schema current."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from notifier.domain import settings
from notifier.domain.errors import ConfigError
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.migrate import is_current, upgrade
from notifier.store.sealing import Vault, load_keys


@asynccontextmanager
async def current_ledger(ledger: settings.Ledger, seal: settings.Seal) -> AsyncIterator[Ledger]:
    """The ledger while the block runs: upgraded when it is the embedded default, else only checked.

    Raises ConfigError when its schema is not the newest, or its key file is none.
    """
    if ledger.url.startswith("sqlite"):
        await upgrade(ledger.url)
    elif not await is_current(ledger.url):
        raise ConfigError("ledger.url: the schema is not the newest; run `notifier db upgrade` first")
    vault = Vault(load_keys(seal.key_file), seal.cipher, reread=partial(load_keys, seal.key_file))
    opened = await open_ledger(ledger.url, vault, pool=ledger.pool)
    try:
        yield opened
    finally:
        await opened.close()
