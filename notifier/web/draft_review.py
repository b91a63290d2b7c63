"""What a reviewer sees of a campaign that a person wrote: its words on a phone, what confirms it, whose turn it is."""

from typing import Any

from notifier.accounts.roles import User
from notifier.campaigns.drafting import typed_of
from notifier.campaigns.levels import LEVEL_TEXT, region_at
from notifier.domain.errors import InputError
from notifier.domain.messages import Medium
from notifier.store.campaigns import CampaignRow
from notifier.store.drafts import draft
from notifier.web.desk import FrontDesk


def is_due_to(user: User, row: CampaignRow) -> bool:
    """Whether the campaign waits for somebody of the user's level and region; any, where no level is named."""
    if row.next_level is None or row.region_code is None:
        return True
    return region_at(row.region_code, row.next_level) == user.region_code


async def seen_by_reviewer(desk: FrontDesk, row: CampaignRow) -> dict[str, Any]:
    """The campaign's versions by gateway and its level; nothing for one that tells payments."""
    found = await draft(desk.ledger, row.campaign_id)
    if found is None:
        return {}
    seen = desk.drafts.preview(typed_of(found))
    return {
        "draft": found,
        "seen": seen,
        "sms": seen.by(Medium.SMS),
        "wechat": seen.by(Medium.WECHAT),
        "level": LEVEL_TEXT.get(row.next_level or "", ""),
        "row": row,
    }


async def weighed_for_reviewer(desk: FrontDesk, campaign_id: int) -> dict[str, Any]:
    """How many households it would tell today, None without a whole rule; and what a reviewer is warned of."""
    try:
        n_households = await desk.campaigns.audience(campaign_id)
    except InputError:
        return {"n_households": None, "warnings": ()}
    found = await draft(desk.ledger, campaign_id)
    try:
        warnings = () if found is None else (await desk.drafts.weigh(found)).warnings
    except InputError:
        warnings = ()  # a rule that nobody typed yet
    return {"n_households": n_households, "warnings": warnings}
