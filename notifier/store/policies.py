"""Policies with the campaigns that were suggested for them, as people judge them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, text

from notifier.domain.regions import CODE_LENGTH, span
from notifier.store.drafts import OWN_SOURCE
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant

PAGE = 30


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy's campaign in a list. `verdict` is what somebody decided last, None when nobody did."""

    campaign_id: int
    benefit_id: int
    version: int
    title: str
    state: str
    topic: str | None
    rule_text: str | None
    confidence: int
    source: str
    found_at: datetime
    region_code: str | None
    verdict: str | None


@dataclass(frozen=True, slots=True)
class PolicyPaper:
    """The published paper behind a campaign."""

    benefit_id: int
    version: int
    source: str
    title: str
    issuer: str | None
    document_number: str | None
    published_on: date | None
    url: str | None
    body: str
    rule: str | None
    """The suggested rule as JSON; None where there is none."""


_LINE = (
    "SELECT k.id AS campaign_id, k.benefit_id, k.benefit_version AS version, k.title, k.state, k.topic, k.rule_text, "
    "k.confidence, b.source, b.found_at, k.region_code, (SELECT d.verdict FROM decision d WHERE d.campaign_id = k.id "
    "ORDER BY d.id DESC LIMIT 1) AS verdict FROM campaign k JOIN benefit b ON b.id = k.benefit_id "
    "WHERE k.kind = 'policy' AND b.kind = 'policy' AND b.source <> :own AND "
)


async def list_policies(
    ledger: Ledger, region_code: str, *, waiting: bool, before: int | None = None
) -> list[PolicyLine]:
    """Up to PAGE published policies that reach into the region, newest first, from the one before `before`.

    `waiting` leaves those that nobody has decided about and that were not reviewed.
    """
    first, last = span(region_code)
    around = [region_code[:end].ljust(CODE_LENGTH, "0") for end in (2, 4, 6, 9)]
    only = "k.state IN ('draft', 'returned', 'in_review') AND " if waiting else ""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"{_LINE}{only}(k.region_code IS NULL OR k.region_code BETWEEN :first AND :last "
                "OR k.region_code IN :around) "
                "AND (CAST(:before AS BIGINT) IS NULL OR k.id < :before) ORDER BY k.id DESC LIMIT :most"
            ).bindparams(bindparam("around", expanding=True)),
            {"first": first, "last": last, "around": around, "before": before, "most": PAGE, "own": OWN_SOURCE},
        )
        return [PolicyLine(**{**row._mapping, "found_at": instant(row.found_at)}) for row in rows]


async def policy_of(ledger: Ledger, campaign_id: int) -> PolicyPaper | None:
    """The paper of the campaign; None when the campaign is for no policy."""
    async with ledger.reading() as c:
        row: Any = (
            await c.execute(
                text(
                    "SELECT b.id AS benefit_id, b.version, b.source, b.title, b.issuer, b.document_number, "
                    "b.published_on, b.url, b.body, k.rule FROM campaign k JOIN benefit b ON b.id = k.benefit_id "
                    "WHERE k.id = :id AND k.kind = 'policy' AND b.kind = 'policy'"
                ),
                {"id": campaign_id},
            )
        ).one_or_none()
    if row is None:
        return None
    told = dict(row._mapping)
    if isinstance(told["published_on"], str):
        told["published_on"] = date.fromisoformat(told["published_on"])
    return PolicyPaper(**told)
