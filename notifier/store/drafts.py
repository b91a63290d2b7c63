"""Drafts: campaigns that a person writes, step by step, until they are submitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.regions import span
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

OWN_SOURCE = "起草"
"""The source of a benefit that is nothing but what its campaign says."""
_EDITABLE = "state IN ('draft', 'returned')"
_COLUMNS = frozenset(
    {
        *("title", "summary", "notice_kind", "free_text", "rule", "rule_text", "ladder", "gateways", "scheduled_at"),
        *("created_by", "review_levels", "reviews_needed"),
    }
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign as its author sees it. `document` is the policy's number, "" for a text of its own."""

    campaign_id: int
    benefit_id: int
    purpose: str
    kind: str
    is_own: bool
    document: str
    title: str
    summary: str
    notice_kind: str
    free_text: str
    rule: str | None
    rule_text: str | None
    ladder: str
    gateways: tuple[str, ...]
    region_code: str | None
    scheduled_at: datetime | None
    state: str
    created_by: str
    created_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it may be edited."""
        return self.state in ("draft", "returned")


@dataclass(frozen=True, slots=True)
class Tellable:
    """A policy that can be told, or told again. `campaign_id` and `state` are those of its newest campaign, or None."""

    benefit_id: int
    title: str
    document: str
    published_on: str
    campaign_id: int | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Beginning:
    """A draft to be: whose, for which region, about which benefit (None: a text of its own)."""

    who: str
    region_code: str
    ladder: str
    title: str
    benefit_id: int | None = None


_DRAFT = (
    "SELECT k.id AS campaign_id, k.benefit_id, k.purpose, k.kind, k.title, k.summary, k.notice_kind, k.free_text, "
    "k.rule, k.rule_text, k.ladder, k.gateways, k.region_code, k.scheduled_at, k.state, k.created_by, k.created_at, "
    "coalesce(b.document_number, '') AS document, CASE WHEN b.source = :own THEN 1 ELSE 0 END AS is_own "
    "FROM campaign k LEFT JOIN benefit b ON b.id = k.benefit_id"
)


def _draft(row: RowMapping) -> Draft:
    said: dict[str, Any] = {**row}
    return Draft(
        **said
        | {
            "is_own": bool(row["is_own"]),
            "notice_kind": row["notice_kind"] or "policy",
            "free_text": row["free_text"] or "",
            "gateways": tuple((row["gateways"] or "").split(",")) if row["gateways"] else (),
            "scheduled_at": None if row["scheduled_at"] is None else instant(int(row["scheduled_at"])),
            "created_at": instant(int(row["created_at"])),
        }
    )


async def draft(ledger: Ledger, campaign_id: int) -> Draft | None:
    """The campaign as its author sees it, in whatever state; None when there is none, or it tells payments."""
    async with ledger.reading() as c:
        row = (
            (
                await c.execute(
                    text(f"{_DRAFT} WHERE k.id = :id AND k.kind = 'policy'"), {"id": campaign_id, "own": OWN_SOURCE}
                )
            )
            .mappings()
            .first()
        )
    return None if row is None else _draft(row)


async def drafts(ledger: Ledger, region_code: str, who: str) -> list[Draft]:
    """What the author is writing, and what waits for one in the region: the newest first."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"{_DRAFT} WHERE k.kind = 'policy' AND k.state IN ('draft', 'returned') AND (k.created_by = :who "
                "OR (k.created_by = 'system' AND k.region_code BETWEEN :first AND :last) "
                "OR (k.created_by = 'system' AND k.region_code IS NULL AND :first LIKE '%000000')) ORDER BY k.id DESC"
            ),
            {"who": who, "first": first, "last": last, "own": OWN_SOURCE},
        )
        return [_draft(row) for row in rows.mappings()]


async def tellable(ledger: Ledger, region_code: str, most: int) -> list[Tellable]:
    """The newest policies of the region's own, of those inside it and of those around it, with their last campaign."""
    first, last = span(region_code)
    around = [region_code[:digits].ljust(12, "0") for digits in (2, 4, 6, 9)]
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT b.id AS benefit_id, b.title, coalesce(b.document_number, '') AS document, b.published_on, "
                "k.id AS campaign_id, k.state FROM benefit b LEFT JOIN campaign k ON k.id = (SELECT MAX(n.id) FROM "
                "campaign n WHERE n.benefit_id = b.id AND n.benefit_version = b.version) "
                "WHERE b.kind = 'policy' AND b.source <> :own AND (b.region_code IS NULL "
                "OR b.region_code BETWEEN :first AND :last OR b.region_code IN (:a, :b, :c, :d)) "
                "ORDER BY b.id DESC LIMIT :most"
            ),
            {"own": OWN_SOURCE, "first": first, "last": last, "most": most}
            | dict(zip(("a", "b", "c", "d"), around, strict=True)),
        )
        return [
            Tellable(
                int(row.benefit_id), row.title, row.document, str(row.published_on or ""), row.campaign_id, row.state
            )
            for row in rows
        ]


async def insert_draft(c: AsyncConnection, one: Beginning, now: datetime) -> int:
    """The draft is there; its number. One of a benefit that was told already is a reminder with a purpose of its own.

    Raises InputError when the policy is none, or its campaign still waits to be told.
    """
    if one.benefit_id is None:
        benefit_id, version, purpose = await _own_benefit(c, one, now), 1, "tell"
        title, summary = one.title, ""
    else:
        benefit_id = one.benefit_id
        version, purpose, title, summary = await _of_policy(c, benefit_id)
    (campaign_id,) = await take_ids(c, "campaign", 1)
    await c.execute(
        text(
            "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, evidence, confidence, "
            "summary, ladder, region_code, state, reviews_needed, created_by, created_at) VALUES (:id, :benefit, "
            ":version, :purpose, 'policy', :title, '[]', 0, :summary, :ladder, :region, 'draft', 0, :who, :now)"
        ),
        {
            "id": campaign_id,
            "benefit": benefit_id,
            "version": version,
            "purpose": purpose,
            "title": title,
            "summary": summary,
            "ladder": one.ladder,
            "region": one.region_code,
            "who": one.who,
            "now": stamp(now),
        },
    )
    return int(campaign_id)


async def _own_benefit(c: AsyncConnection, one: Beginning, now: datetime) -> int:
    (benefit_id,) = await take_ids(c, "benefit", 1)
    await c.execute(
        text(
            "INSERT INTO benefit (id, kind, version, source, title, region_code, found_at, body, audit, n_lines, "
            "n_rejected) VALUES (:id, 'policy', 1, :own, :title, :region, :now, '', 'none', 0, 0)"
        ),
        {"id": benefit_id, "own": OWN_SOURCE, "title": one.title, "region": one.region_code, "now": stamp(now)},
    )
    return int(benefit_id)


async def _of_policy(c: AsyncConnection, benefit_id: int) -> tuple[int, str, str, str]:
    """(version, purpose, title, summary) of a new campaign of the policy."""
    row = (
        await c.execute(
            text(
                "SELECT b.version, b.title, (SELECT COUNT(*) FROM campaign k WHERE k.benefit_id = b.id "
                "AND k.benefit_version = b.version) AS n, (SELECT COUNT(*) FROM campaign k WHERE k.benefit_id = b.id "
                "AND k.benefit_version = b.version AND k.state IN ('draft', 'returned', 'in_review', 'approved')) "
                "AS n_waiting, coalesce((SELECT k.summary FROM campaign k WHERE k.benefit_id = b.id "
                "AND k.benefit_version = b.version ORDER BY k.id DESC LIMIT 1), '') AS summary "
                "FROM benefit b WHERE b.id = :id AND b.kind = 'policy' AND b.source <> :own"
            ),
            {"id": benefit_id, "own": OWN_SOURCE},
        )
    ).first()
    if row is None:
        raise InputError("没有这项政策;请从列表中选择")
    if row.n_waiting:
        raise InputError("这项政策已有一个尚未发出的通知任务;请修改或审核那一个")
    return int(row.version), "tell" if not row.n else f"remind{row.n}", str(row.title), str(row.summary)


async def save(c: AsyncConnection, campaign_id: int, said: Mapping[str, Any]) -> None:
    """The draft says so now. Raises InputError when it is a draft no more."""
    assert said, "something is said"
    assert not set(said) - _COLUMNS, "columns of a draft"
    changes = ", ".join(f"{column} = :{column}" for column in said)
    saved = await c.execute(
        text(f"UPDATE campaign SET {changes} WHERE id = :campaign AND {_EDITABLE} RETURNING benefit_id"),
        {**said, "campaign": campaign_id},
    )
    row = saved.first()
    if row is None:
        raise InputError("这个通知任务已经提交或取消,不能再修改;请刷新后再试")
    if "title" in said:
        await c.execute(
            text("UPDATE benefit SET title = :title WHERE id = :id AND source = :own"),
            {"title": said["title"], "id": row.benefit_id, "own": OWN_SOURCE},
        )
