"""What was understood of a policy, for the pages that show it (`_understanding.html`)."""

from typing import Any
from zoneinfo import ZoneInfo

from notifier.store.disclosure import filing_of
from notifier.store.policies import policy_of
from notifier.store.reporting import region_names
from notifier.store.understood import understanding_of
from notifier.web.desk import FrontDesk

SURE = 80
"""Below this confidence a suggestion is shown as one that a person must check."""
_COUNTY_TIME = ZoneInfo("Asia/Shanghai")


async def understood_block(desk: FrontDesk, campaign_id: int) -> dict[str, Any]:
    """What `_understanding.html` shows of a campaign's policy; `understood` is None where nobody read it."""
    paper = await policy_of(desk.ledger, campaign_id)
    return {
        "understood": await understanding_of(desk.ledger, campaign_id),
        "filing": None if paper is None else await filing_of(desk.ledger, paper.benefit_id),
        "today": desk.clock.now().astimezone(_COUNTY_TIME).date().isoformat(),
        "region_names": await region_names(desk.ledger),
        "sure": SURE,
    }
