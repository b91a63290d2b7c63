"""Campaigns that benefits propose: one a benefit version and purpose, never twice (P2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text

from notifier.domain.benefits import AuditState, BenefitKind
from notifier.domain.filing import AUDIT_ORDER, has_passed
from notifier.domain.lifecycle import CampaignState
from notifier.store.disclosure import suggest
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp
from notifier.store.told_lines import CORRECTION, DIFFERS
from notifier.store.understood import keep_understanding

TELL = "tell"
"""The purpose of a policy's campaign; a disbursement's is the state of its lines."""


@dataclass(frozen=True, slots=True)
class UntoldPolicy:
    """A policy without a campaign."""

    benefit_id: int
    version: int
    title: str
    issuer: str | None
    body: str
    region_code: str | None
    published_on: date | None = None


@dataclass(frozen=True, slots=True)
class UntoldLines:
    """Lines of one state (paid, goods, returned) of an audited disbursement, without a campaign."""

    benefit_id: int
    version: int
    title: str
    purpose: str
    region_code: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A campaign to be. `rule`, `evidence` and `understanding` are JSON; a disbursement has none.

    `entry_id` is the entry of the open list that the policy would be filed under.
    """

    benefit_id: int
    version: int
    purpose: str
    kind: BenefitKind
    title: str
    ladder: str
    region_code: str | None
    state: CampaignState
    reviews_needed: int
    topic: str | None = None
    rule: str | None = None
    rule_text: str | None = None
    evidence: str = "[]"
    confidence: int = 100
    summary: str = ""
    understanding: str | None = None
    entry_id: int | None = None


async def untold_policies(ledger: Ledger) -> list[UntoldPolicy]:
    """Every policy that has no campaign, oldest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT b.id AS benefit_id, b.version, b.title, b.issuer, b.body, b.region_code, b.published_on "
                "FROM benefit b "
                "WHERE b.kind = 'policy' AND NOT EXISTS (SELECT 1 FROM campaign k WHERE k.benefit_id = b.id "
                "AND k.benefit_version = b.version AND k.purpose = 'tell') ORDER BY b.id"
            )
        )
        return [UntoldPolicy(**{**row, "published_on": _day(row["published_on"])}) for row in rows.mappings()]


async def untold_lines(ledger: Ledger, final: AuditState) -> list[UntoldLines]:
    """Lines that nobody is told of yet though their audits are done, oldest first.

    Only benefits without any campaign or with lines not matched yet are looked through, so that a tick costs little:
    propose before matching. Lines added or corrected later belong to the campaign of the first version.
    """
    passed = ", ".join(f"'{audit.value}'" for audit in AUDIT_ORDER if has_passed(audit, final))
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "WITH due AS (SELECT b.id, 1 AS version, b.title, b.region_code FROM benefit b "
                f"WHERE b.kind = 'disbursement' AND b.audit IN ({passed}) "
                "AND (NOT EXISTS (SELECT 1 FROM campaign k WHERE k.benefit_id = b.id) "
                "OR EXISTS (SELECT 1 FROM payment p WHERE p.benefit_id = b.id AND p.match_state = 'new'))), "
                "said AS (SELECT DISTINCT due.id, due.version, due.title, p.state, due.region_code "
                "FROM due JOIN payment p ON p.benefit_id = due.id) "
                "SELECT said.* FROM said WHERE NOT EXISTS (SELECT 1 FROM campaign k WHERE k.benefit_id = said.id "
                "AND k.benefit_version = said.version AND k.purpose = said.state) ORDER BY said.id, said.state"
            )
        )
        return [UntoldLines(*row) for row in rows]


async def untold_corrections(ledger: Ledger, final: AuditState) -> list[UntoldLines]:
    """Versions of audited disbursements whose corrected lines say other than their households were told; oldest first.

    Only those without a campaign of their own; a benefit that was never issued again costs nothing.
    """
    passed = ", ".join(f"'{audit.value}'" for audit in AUDIT_ORDER if has_passed(audit, final))
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"SELECT b.id, b.version, b.title, '{CORRECTION}', b.region_code FROM benefit b "
                f"WHERE b.kind = 'disbursement' AND b.version > 1 AND b.audit IN ({passed}) "
                "AND NOT EXISTS (SELECT 1 FROM campaign k WHERE k.benefit_id = b.id "
                f"AND k.benefit_version = b.version AND k.purpose = '{CORRECTION}') "
                "AND EXISTS (SELECT 1 FROM payment_change x JOIN payment q ON q.id = x.payment_id "
                "WHERE x.benefit_id = b.id AND x.tell_version = b.version AND x.was_told = 1 "
                f"AND q.match_state = 'matched' AND {DIFFERS}) ORDER BY b.id"
            )
        )
        return [UntoldLines(*row) for row in rows]


async def propose(ledger: Ledger, proposals: Sequence[Proposal], now: datetime) -> int:
    """Each proposal is a campaign unless there is one already; gives how many are new. Safe to repeat."""
    if not proposals:
        return 0
    async with ledger.writing() as c:
        ids = await take_ids(c, "campaign", len(proposals))
        n_new = 0
        for campaign_id, one in zip(ids, proposals, strict=True):
            is_new = (await c.execute(_INSERT, _row(campaign_id, one, now))).rowcount
            n_new += is_new
            if is_new and one.understanding is not None:
                await keep_understanding(c, one.benefit_id, one.version, one.understanding, now)
            if is_new and one.entry_id is not None:
                await suggest(c, one.benefit_id, one.entry_id, now)
    return n_new


_COLUMNS = (
    *("id", "benefit_id", "benefit_version", "purpose", "kind", "title", "topic", "rule", "rule_text", "evidence"),
    *("confidence", "summary", "ladder", "region_code", "state", "reviews_needed", "created_by", "created_at"),
)
_INSERT = text(
    f"INSERT INTO campaign ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)}) "
    "ON CONFLICT (benefit_id, benefit_version, purpose) DO NOTHING"
)


def _row(campaign_id: int, one: Proposal, now: datetime) -> Mapping[str, object]:
    return {
        "id": campaign_id,
        "benefit_id": one.benefit_id,
        "benefit_version": one.version,
        "purpose": one.purpose,
        "kind": one.kind.value,
        "title": one.title,
        "topic": one.topic,
        "rule": one.rule,
        "rule_text": one.rule_text,
        "evidence": one.evidence,
        "confidence": one.confidence,
        "summary": one.summary,
        "ladder": one.ladder,
        "region_code": one.region_code,
        "state": one.state.value,
        "reviews_needed": one.reviews_needed,
        "created_by": "system",
        "created_at": stamp(now),
    }


def _day(value: date | str | None) -> date | None:
    """What the two databases give for a date in textual SQL."""
    return date.fromisoformat(value) if isinstance(value, str) else value
