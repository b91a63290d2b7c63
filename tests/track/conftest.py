"""A small county whose books are balanced when a test is over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.store import tally
from notifier.store.proof import prove
from tests.day.county import SmallCounty, small_county


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []
        found = await prove(opened.ledger, [])
        assert (found.n_lost_owed, found.n_unproved_owed) == (0, 0)
