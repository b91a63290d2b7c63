"""What policies were understood to say, and what people decided about the suggestions made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignEvent
from notifier.store import audit, campaigns
from notifier.store.ledger import Ledger, Transaction, take_ids
from notifier.store.reviews import hold
from notifier.store.tables.columns import instant, stamp


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody made of a suggestion. verdict: accepted, edited, refused; rules are JSON."""

    campaign_id: int
    title: str
    verdict: str
    topic: str | None
    confidence: int
    rule_before: str | None
    rule_after: str | None
    remark: str
    by_user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision to be; `rule` and `rule_text` only for an edited one. `by` is who decides."""

    verdict: str
    by: str
    remark: str = ""
    rule: str | None = None
    rule_text: str | None = None


async def keep_understanding(c: Transaction, benefit_id: int, version: int, said: str, now: datetime) -> None:
    """The version's understanding is this JSON. Safe to repeat."""
    await c.execute(
        text(
            "INSERT INTO understood (benefit_id, version, said, made_at) VALUES (:benefit, :version, :said, :now) "
            "ON CONFLICT (benefit_id, version) DO UPDATE SET said = excluded.said, made_at = excluded.made_at"
        ),
        {"benefit": benefit_id, "version": version, "said": said, "now": stamp(now)},
    )


async def understanding_of(ledger: Ledger, campaign_id: int) -> Mapping[str, Any] | None:
    """The understanding of the campaign's policy version (see `match.saying`); None where nobody read it."""
    async with ledger.reading() as c:
        said = (
            await c.execute(
                text(
                    "SELECT u.said FROM campaign k JOIN understood u "
                    "ON u.benefit_id = k.benefit_id AND u.version = k.benefit_version WHERE k.id = :id"
                ),
                {"id": campaign_id},
            )
        ).scalar()
    return None if said is None else json.loads(said)


_SUGGESTED = (
    "SELECT k.rule, k.topic, k.confidence, k.state, (SELECT COUNT(*) FROM review r WHERE r.campaign_id = k.id "
    "AND r.verdict = 'approve') AS n_approved FROM campaign k WHERE k.id = :id AND k.kind = 'policy'"
)


async def decide(ledger: Ledger, campaign_id: int, verdict: Verdict, now: datetime) -> None:
    """The decision is on record; an edited one changed the rule, a refused one ended the campaign.

    Whoever edits is its author from now on, so that somebody else reviews it. Raises InputError (Chinese): no such
    suggestion, or one that was reviewed, sent or cancelled already.
    """
    async with ledger.writing() as c:
        await hold(c, campaign_id)
        row = (await c.execute(text(_SUGGESTED), {"id": campaign_id})).first()
        if row is None:
            raise InputError(f"没有编号为 {campaign_id} 的政策通知任务")
        if row.state not in ("draft", "returned", "in_review") or row.n_approved:
            raise InputError("这个通知任务已经审核、发送或取消,不能再改名单规则;请退回后修改")
        if verdict.verdict == "refused":
            await campaigns.move(c, campaign_id, CampaignEvent.CANCEL, now)
        if verdict.verdict == "edited":
            await c.execute(
                text("UPDATE campaign SET rule = :rule, rule_text = :said, created_by = :by WHERE id = :id"),
                {"rule": verdict.rule, "said": verdict.rule_text, "by": verdict.by, "id": campaign_id},
            )
        await _keep(c, campaign_id, verdict, row, now)
        what = {"campaign": campaign_id, "verdict": verdict.verdict}
        await audit.append(c, verdict.by, "policy.decide", what, at=now)


async def _keep(c: Transaction, campaign_id: int, verdict: Verdict, row: Any, now: datetime) -> None:
    (decision_id,) = await take_ids(c, "decision", 1)
    await c.execute(
        text(
            "INSERT INTO decision (id, campaign_id, verdict, topic, confidence, rule_before, rule_after, remark, "
            "by_user, at) VALUES (:id, :campaign, :verdict, :topic, :confidence, :before, :after, :remark, :by, :at)"
        ),
        {
            "id": decision_id,
            "campaign": campaign_id,
            "verdict": verdict.verdict,
            "topic": row.topic,
            "confidence": row.confidence,
            "before": row.rule,
            "after": verdict.rule if verdict.verdict == "edited" else row.rule,
            "remark": verdict.remark,
            "by": verdict.by,
            "at": stamp(now),
        },
    )


async def decisions(ledger: Ledger, most: int = 100) -> Sequence[Decision]:
    """The newest decisions first: what a person may learn from, and no program does."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT d.campaign_id, k.title, d.verdict, d.topic, d.confidence, d.rule_before, d.rule_after, "
                "d.remark, d.by_user, d.at FROM decision d JOIN campaign k ON k.id = d.campaign_id "
                "ORDER BY d.id DESC LIMIT :most"
            ),
            {"most": most},
        )
        return [Decision(**{**row, "at": instant(int(row["at"]))}) for row in rows.mappings()]
