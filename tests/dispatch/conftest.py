"""A small county in which no handset may have a message twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.sandbox import handsets
from notifier.store import tally
from tests.day.county import SmallCounty, small_county


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []
        assert handsets.duplicates(opened.record) == 0
