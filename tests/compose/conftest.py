"""A small county whose counts must add up when the test is over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.store import tally
from tests.day.county import SmallCounty, small_county

NOBODY_GOES = (
    "SELECT COUNT(*) FROM owed o WHERE o.state = 'unreached' AND NOT EXISTS "
    "(SELECT 1 FROM visit v WHERE v.owed_id = o.id AND v.state <> 'overtaken')"
)


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened
        assert await tally.check(opened.ledger) == []
        states = await opened.owed()
        assert sum(states.values()) == await opened.one("SELECT COUNT(*) FROM owed")
        assert await opened.one(NOBODY_GOES) == 0
