"""What tests of dispatching share."""

import asyncio
from collections import Counter
from dataclasses import replace

from notifier.campaigns.deciding import CampaignDesk
from notifier.compose import step as composing
from notifier.sandbox import handsets
from tests.day.county import SmallCounty


def desk(county: SmallCounty) -> CampaignDesk:
    return CampaignDesk(county.ledger, county.clock, launches_approved=False)


def texts(county: SmallCounty) -> Counter[str]:
    return Counter(one.address for one in county.received())


async def compose_in_one_chunk(county: SmallCounty) -> None:
    await composing.step(replace(county.composing, chunk_size=1000))


async def compose_apart(county: SmallCounty) -> None:
    """Every message is a letter of its own, as those of two persons of a household are, whatever number they go to."""
    await compose_in_one_chunk(county)
    await county.do("UPDATE message SET merged_into = NULL WHERE state = 'ready'")


async def until(county: SmallCounty, n: int) -> None:
    async with asyncio.timeout(10):
        while handsets.count(county.record) < n:  # noqa: ASYNC110 - the record is a file of the sandbox
            await asyncio.sleep(0.01)
