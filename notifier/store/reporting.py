"""What the report room reads: counts from the fact table, and masked drill-downs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from notifier.domain.identity import mask_name
from notifier.domain.regions import span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant

UNMATCHED = ("new", "ambiguous", "unknown")
"""The match states of a payment that still waits for a person."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A count of the fact table. subject "counted" is the number of owed rows themselves, to check the others by."""

    campaign_id: int
    region_code: str
    subject: str
    medium: str
    state: str
    detail: str
    n: int


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign as lists show it. `region_code` None means the whole county."""

    campaign_id: int
    title: str
    kind: str
    state: str
    region_code: str | None
    created_by: str
    created_at: datetime
    launched_at: datetime | None
    finished_at: datetime | None
    ladder: str
    summary: str
    rule_text: str | None
    evidence: str
    confidence: int
    reviews_needed: int
    paused_why: str | None


@dataclass(frozen=True, slots=True)
class UnreachedHousehold:
    """A household that was not reached; `householder` is masked. `visit_state` is None when no visit was opened."""

    owed_id: int
    region_code: str
    group_name: str | None
    householder: str = field(repr=False)
    reason: str | None
    visit_id: int | None
    visit_state: str | None


def _scope(alias: str, campaign_id: int | None, region_code: str | None) -> tuple[str, dict[str, Any]]:
    """The condition and parameters of a campaign and region on a table with both columns."""
    parts, params = ["true"], dict[str, Any]()
    if campaign_id is not None:
        parts.append(f"{alias}.campaign_id = :campaign_id")
        params["campaign_id"] = campaign_id
    if region_code is not None:
        parts.append(f"{alias}.region_code BETWEEN :first AND :last")
        params["first"], params["last"] = span(region_code)
    return " AND ".join(parts), params


async def facts(
    ledger: Ledger, campaign_id: int | None, region_code: str | None, *, counted: bool = True
) -> Sequence[Fact]:
    """The counts of a campaign (None: of all) in a region (None: everywhere), without zeros, all of one moment.

    With `counted`, the owed rows themselves are counted too.
    """
    where, params = _scope("t", campaign_id, region_code)
    columns = "campaign_id, region_code, subject, medium, state, detail"
    statement = f"SELECT {columns}, CAST(SUM(n) AS BIGINT) AS n FROM tally t WHERE {where} GROUP BY {columns}"
    if counted:
        rows, _ = _scope("o", campaign_id, region_code)
        # In the same statement, so that it sees the same rows as the counts do.
        statement += (
            " UNION ALL SELECT campaign_id, region_code, 'counted', '', '', '', COUNT(*) "
            f"FROM owed o WHERE {rows} GROUP BY campaign_id, region_code"
        )
    return await _facts(ledger, statement, params)


async def _facts(ledger: Ledger, statement: str, params: dict[str, Any]) -> Sequence[Fact]:
    async with ledger.reading() as c:
        return [Fact(**row) for row in (await c.execute(text(statement), params)).mappings() if row["n"]]


async def campaign_sums(ledger: Ledger, region_code: str | None) -> Sequence[Fact]:
    """The owed counts of every campaign in a region, villages added up (`region_code` ""); from the fact table."""
    where, params = _scope("t", None, region_code)
    statement = (
        "SELECT campaign_id, '' AS region_code, 'owed' AS subject, '' AS medium, state, detail, "
        # Grouped as `ix_tally_owed` is sorted.
        f"CAST(SUM(n) AS BIGINT) AS n FROM tally t WHERE subject = 'owed' AND {where} "
        "GROUP BY campaign_id, state, detail"
    )
    return await _facts(ledger, statement, params)


async def region_names(ledger: Ledger) -> Mapping[str, str]:
    """The name of every region by its code."""
    async with ledger.reading() as c:
        return {row.code: row.name for row in await c.execute(text("SELECT code, name FROM region ORDER BY code"))}


async def campaigns(ledger: Ledger, campaign_id: int | None = None) -> Sequence[CampaignLine]:
    """Every campaign, or the one; newest first."""
    where = "true" if campaign_id is None else "id = :id"
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT id AS campaign_id, title, kind, state, region_code, created_by, created_at, launched_at, "
                "finished_at, ladder, summary, rule_text, evidence, confidence, reviews_needed, paused_why "
                f"FROM campaign WHERE {where} ORDER BY created_at DESC, id DESC"
            ),
            {} if campaign_id is None else {"id": campaign_id},
        )
        return [_campaign_line(dict(row)) for row in rows.mappings()]


def _campaign_line(row: dict[str, Any]) -> CampaignLine:
    for column in ("created_at", "launched_at", "finished_at"):
        row[column] = None if row[column] is None else instant(int(row[column]))
    return CampaignLine(**row)


async def policy_text(ledger: Ledger, campaign_id: int) -> str:
    """The published text of the campaign's policy; empty for a disbursement."""
    statement = "SELECT b.body FROM campaign k JOIN benefit b ON b.id = k.benefit_id WHERE k.id = :id"
    async with ledger.reading() as c:
        return str((await c.execute(text(statement), {"id": campaign_id})).scalar() or "")


async def unmatched_payments(ledger: Ledger, campaign_id: int | None, region_code: str | None) -> int:
    """How many payment lines still wait for a person, of the campaign's benefit (None: of all).

    An unmatched line has no household and so no village: it belongs to the region of its whole file. A file of the
    whole county counts for the county only.
    """
    parts, params = ["p.match_state IN ('" + "', '".join(UNMATCHED) + "')"], dict[str, Any]()
    if campaign_id is not None:
        parts.append("p.benefit_id IN (SELECT benefit_id FROM campaign WHERE id = :campaign_id)")
        params["campaign_id"] = campaign_id
    if region_code is not None:
        first, last = span(region_code)
        is_county = last.endswith("999999")
        parts.append(f"({'b.region_code IS NULL OR ' if is_county else ''}b.region_code BETWEEN :first AND :last)")
        params |= {"first": first, "last": last}
    statement = f"SELECT COUNT(*) FROM payment p JOIN benefit b ON b.id = p.benefit_id WHERE {' AND '.join(parts)}"
    async with ledger.reading() as c:
        return int((await c.execute(text(statement), params)).scalar_one())


async def unreached_households(
    ledger: Ledger, campaign_id: int | None, region_code: str | None, most: int
) -> Sequence[UnreachedHousehold]:
    """Up to `most` unreached households by village, group and household, householders' names masked."""
    where, params = _scope("o", campaign_id, region_code)
    statement = (
        "SELECT o.id AS owed_id, o.region_code, h.group_name, p.id AS person_id, p.name_sealed, o.reason, "
        "v.id AS visit_id, v.state AS visit_state FROM owed o JOIN household h ON h.id = o.household_id "
        "LEFT JOIN person p ON p.id = h.householder_id LEFT JOIN visit v ON v.owed_id = o.id "
        f"WHERE o.state = 'unreached' AND {where} ORDER BY o.region_code, h.group_name, o.household_id, o.id "
        "LIMIT :most"
    )
    async with ledger.reading() as c:
        rows = (await c.execute(text(statement), {**params, "most": most})).all()
    return [
        UnreachedHousehold(
            owed_id=row.owed_id,
            region_code=row.region_code,
            group_name=row.group_name,
            householder=_masked(ledger, row.person_id, row.name_sealed),
            reason=row.reason,
            visit_id=row.visit_id,
            visit_state=row.visit_state,
        )
        for row in rows
    ]


def _masked(ledger: Ledger, person_id: int | None, sealed: bytes | None) -> str:
    if person_id is None or sealed is None:
        return "—"
    return mask_name(ledger.vault.open_text("person.name_sealed", person_id, bytes(sealed)))
