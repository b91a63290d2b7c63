"""What processes share: a provider's token, refreshed by one of them at a time, on both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import LedgerTokens
from tests.day.county import SteeredClock

HOURS = timedelta(hours=2)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def test_a_token_is_kept_sealed_and_read_by_others(ledger: Ledger) -> None:
    clock = SteeredClock()
    one, other = LedgerTokens(ledger, clock), LedgerTokens(ledger, clock)
    assert await one.read("wechat") is None
    ends = clock.now() + HOURS
    assert await one.replace("wechat", None, "token-1", ends) == "token-1"
    assert await other.read("wechat") == ("token-1", ends)
    async with ledger.reading() as c:
        sealed = (await c.execute(text("SELECT sealed FROM token"))).scalar_one()
    assert b"token-1" not in bytes(sealed)


async def test_a_newer_token_is_not_replaced_by_one_who_was_slower(ledger: Ledger) -> None:
    clock = SteeredClock()
    tokens = LedgerTokens(ledger, clock)
    ends = clock.now() + HOURS
    await tokens.replace("wechat", None, "old", ends)
    assert await tokens.replace("wechat", "old", "new", ends) == "new"
    assert await tokens.replace("wechat", "old", "slower", ends) == "new"
    clock.ahead = HOURS
    assert await tokens.replace("wechat", "old", "later", clock.now() + HOURS) == "later"


async def test_one_refreshes_at_a_time_and_frees_itself_by_patience(ledger: Ledger) -> None:
    clock = SteeredClock()
    tokens = LedgerTokens(ledger, clock)
    patience = timedelta(seconds=10)
    async with tokens.refreshing("wechat", patience) as first:
        async with tokens.refreshing("wechat", patience) as second:
            assert (first, second) == (True, False)
        async with tokens.refreshing("wechat", patience) as third:
            assert not third, "who was refused must not free the one who refreshes"
    async with tokens.refreshing("wechat", patience) as after:
        assert after


async def test_one_who_was_too_slow_does_not_free_the_next(ledger: Ledger) -> None:
    clock = SteeredClock()
    tokens = LedgerTokens(ledger, clock)
    slow = tokens.refreshing("wechat", timedelta(seconds=10))
    assert await slow.__aenter__()
    clock.ahead = timedelta(seconds=11)
    async with tokens.refreshing("wechat", timedelta(seconds=10)) as next_one:
        assert next_one
        await slow.__aexit__(None, None, None)
        async with tokens.refreshing("wechat", timedelta(seconds=10)) as third:
            assert not third
