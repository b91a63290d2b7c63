"""Reviews of campaigns: verdicts, who has given one, and who could."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.free_text import masked_or_none
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_SINCE_RETURN = "at > coalesce((SELECT MAX(b.at) FROM review b WHERE b.campaign_id = :id AND b.verdict = 'return'), 0)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer decided, and for which level. `approves` False sends it back, with a remark."""

    reviewer: str
    approves: bool
    remark: str | None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class PastReview:
    """A verdict on record."""

    reviewer: str
    approves: bool
    remark: str | None
    level: str | None
    at: datetime


async def hold(c: AsyncConnection, campaign_id: int) -> None:
    """Nobody else decides on the campaign until this transaction ends."""
    await c.execute(text("UPDATE campaign SET state = state WHERE id = :id"), {"id": campaign_id})


async def add_review(c: AsyncConnection, campaign_id: int, verdict: Verdict, now: datetime) -> None:
    """The verdict is on record."""
    (review_id,) = await take_ids(c, "review", 1)
    await c.execute(
        text(
            "INSERT INTO review (id, campaign_id, reviewer, verdict, remark, at, level) "
            "VALUES (:id, :campaign, :reviewer, :verdict, :remark, :now, :level)"
        ),
        {
            "id": review_id,
            "campaign": campaign_id,
            "reviewer": verdict.reviewer,
            "verdict": "approve" if verdict.approves else "return",
            "remark": masked_or_none(verdict.remark),
            "now": stamp(now),
            "level": verdict.level,
        },
    )


async def has_approved(c: AsyncConnection, campaign_id: int, reviewer: str) -> bool:
    """True when this reviewer approved the campaign since it was last sent back."""
    found = await c.execute(
        text(
            "SELECT 1 FROM review WHERE campaign_id = :id AND reviewer = :who AND verdict = 'approve' "
            f"AND {_SINCE_RETURN}"
        ),
        {"id": campaign_id, "who": reviewer},
    )
    return found.first() is not None


async def past_reviews(ledger: Ledger, campaign_id: int) -> list[PastReview]:
    """Every verdict on the campaign, the oldest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text("SELECT reviewer, verdict, remark, level, at FROM review WHERE campaign_id = :id ORDER BY at, id"),
            {"id": campaign_id},
        )
        return [
            PastReview(row.reviewer, row.verdict == "approve", row.remark, row.level, instant(row.at)) for row in rows
        ]


async def reviewers(ledger: Ledger, regions: Sequence[str], roles: Sequence[str]) -> dict[str, list[str]]:
    """The users of exactly these regions who may review, by region."""
    found: dict[str, list[str]] = {region: [] for region in regions}
    named = {f"region{n}": region for n, region in enumerate(found)} | {
        f"role{n}": role for n, role in enumerate(roles)
    }
    among = ", ".join(f":region{n}" for n in range(len(found)))
    those = ", ".join(f":role{n}" for n in range(len(roles)))
    if not found:
        return found
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"SELECT name, region_code FROM account WHERE region_code IN ({among}) AND is_disabled = 0 "
                f"AND role IN ({those}) ORDER BY name"
            ),
            named,
        )
        for row in rows:
            found[row.region_code].append(row.name)
    return found
