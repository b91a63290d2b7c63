"""The report of a campaign and region: figures in all, by township and by village, checked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from notifier.domain.regions import span
from notifier.domain.shares import floored
from notifier.report.rates import Figures, Telling, figures, tellings
from notifier.store.ledger import Ledger
from notifier.store.reporting import Fact, campaign_sums, campaigns, facts, region_names, unmatched_payments

_TOWNSHIP_DIGITS = 9
RATE_LEVEL = "handset"
"""The level of evidence of the headline rate (P4)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A township or village with its figures; `name` is its code when the registry has no name for it."""

    code: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """通知率 and what it is made of. `title` is None for all campaigns, `region` None for everywhere.

    `problems` holds a sentence for each sum that is not what it must be; it is empty unless counts are broken.
    """

    campaign_id: int | None
    title: str | None
    state: str | None
    region_code: str | None
    region: str | None
    total: Figures
    townships: Sequence[Place]
    villages: Sequence[Place]
    media: Mapping[str, Telling]
    unmatched: int
    problems: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values; keys are stable and counts are whole numbers."""
        return {
            "campaign_id": self.campaign_id,
            "title": self.title,
            "state": self.state,
            "region_code": self.region_code,
            "region": self.region,
            "rate_level": RATE_LEVEL,
            **_figures_json(self.total),
            "unmatched_payments": self.unmatched,
            "media": {medium: asdict(one) for medium, one in self.media.items()},
            "townships": [_place_json(place) for place in self.townships],
            "villages": [_place_json(place) for place in self.villages],
            "problems": list(self.problems),
        }


def _figures_json(of: Figures) -> dict[str, Any]:
    return {
        "owed": of.owed,
        "reached": of.reached,
        "unreached": of.unreached,
        "excused": of.excused,
        "pending": of.pending,
        "reached_by_level": dict(sorted(of.by_level.items())),
        "unreached_by_reason": dict(sorted(of.by_reason.items())),
        "excused_by_reason": dict(sorted(of.by_excuse.items())),
        "rate_handset": of.rate,
        "rate_acknowledged": of.acknowledged_rate,
        "excused_share": floored(of.excused, of.owed),
    }


def _place_json(place: Place) -> dict[str, Any]:
    return {"code": place.code, "name": place.name, **_figures_json(place.figures)}


async def rate_report(
    ledger: Ledger, campaign_id: int | None = None, region_code: str | None = None, *, counted: bool = True
) -> Report:
    """The report of a campaign (None: all) in a region (None: everywhere); empty figures when nothing is owed there.

    From the fact table. With `counted` the owed rows are counted beside it, so that the sum is checked against them
    and not against itself; leave it out only where the same figures are shown every few seconds.
    """
    found = await facts(ledger, campaign_id, region_code, counted=counted)
    names = await region_names(ledger)
    lines = await campaigns(ledger, campaign_id) if campaign_id is not None else []
    total = figures(found, counted=counted)
    villages = _places(found, names, counted=counted, digits=None)
    return Report(
        campaign_id=campaign_id,
        title=lines[0].title if lines else None,
        state=lines[0].state if lines else None,
        region_code=region_code,
        region=names.get(region_code, region_code) if region_code else None,
        total=total,
        townships=_places(found, names, counted=counted, digits=_TOWNSHIP_DIGITS),
        villages=villages,
        media=tellings(found),
        unmatched=await unmatched_payments(ledger, campaign_id, region_code),
        problems=_problems(total, villages),
    )


def with_counts(of: Report, found: Sequence[Fact], names: Mapping[str, str]) -> Report:
    """The report with these counts in place of its own: those of its region, not checked against the owed rows."""
    first, last = span(of.region_code) if of.region_code else ("", "9" * 12)
    inside = [one for one in found if first <= one.region_code <= last]
    return replace(
        of,
        total=figures(inside, counted=False),
        townships=_places(inside, names, counted=False, digits=_TOWNSHIP_DIGITS),
        villages=_places(inside, names, counted=False, digits=None),
        media=tellings(inside),
        problems=(),
    )


async def campaign_figures(ledger: Ledger, region_code: str | None) -> Mapping[int, Figures]:
    """The figures of every campaign that owes something in the region, by its id."""
    by_campaign: defaultdict[int, list[Fact]] = defaultdict(list)
    for fact in await campaign_sums(ledger, region_code):
        by_campaign[fact.campaign_id].append(fact)
    return {campaign_id: figures(found, counted=False) for campaign_id, found in by_campaign.items()}


def _places(found: Iterable[Fact], names: Mapping[str, str], *, counted: bool, digits: int | None) -> Sequence[Place]:
    """One place a code cut to `digits` (None: not cut), by code."""
    by_code: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in found:
        by_code[fact.region_code if digits is None else fact.region_code[:digits].ljust(12, "0")].append(fact)
    return [Place(code, names.get(code, code), figures(by_code[code], counted=counted)) for code in sorted(by_code)]


def _problems(total: Figures, villages: Sequence[Place]) -> Sequence[str]:
    wrong = [f"合计：{problem}" for problem in (total.problem(),) if problem]
    return wrong + [f"{place.name}：{problem}" for place in villages if (problem := place.figures.problem())]
