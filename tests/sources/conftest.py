"""What the tests of sources share."""

from collections.abc import AsyncIterator

import pytest

from notifier.domain import settings
from notifier.wire import Wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """The real wire, open."""
    async with Wire(settings.Wire()) as opened:
        yield opened
