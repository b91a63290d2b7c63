"""One process at a time has an account; a dead one's lease runs out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import LedgerLeases
from tests.registered import FrozenClock

LASTS = timedelta(seconds=60)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def test_the_first_has_it_and_keeps_it_while_it_lives(ledger: Ledger) -> None:
    clock = FrozenClock()
    leases = LedgerLeases(ledger, clock)
    assert await leases.hold("cmpp", "one", LASTS)
    assert not await leases.hold("cmpp", "two", LASTS)
    assert await leases.hold("other", "two", LASTS)
    clock.move(timedelta(seconds=50))
    assert await leases.hold("cmpp", "one", LASTS)
    clock.move(timedelta(seconds=50))
    assert not await leases.hold("cmpp", "two", LASTS)
    clock.move(timedelta(seconds=11))
    assert await leases.hold("cmpp", "two", LASTS)
    assert not await leases.hold("cmpp", "one", LASTS)


async def test_who_lets_go_frees_it_and_who_has_it_not_does_not(ledger: Ledger) -> None:
    leases = LedgerLeases(ledger, FrozenClock())
    await leases.hold("cmpp", "one", LASTS)
    await leases.let_go("cmpp", "two")
    assert not await leases.hold("cmpp", "two", LASTS)
    await leases.let_go("cmpp", "one")
    await leases.let_go("cmpp", "one")
    assert await leases.hold("cmpp", "two", LASTS)


async def test_of_many_who_ask_at_once_one_gets_it(ledger: Ledger) -> None:
    leases = LedgerLeases(ledger, FrozenClock())
    got = await asyncio.gather(*(leases.hold("cmpp", f"p{n}", LASTS) for n in range(8)))
    assert sum(got) == 1
