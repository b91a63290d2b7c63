"""From a benefit to the campaign that it proposes, with whom it is for and why; pure."""

import json
from collections.abc import Mapping

from notifier.domain import settings
from notifier.domain.benefits import BenefitKind, PaymentState
from notifier.domain.lifecycle import CampaignState
from notifier.domain.rule_forms import explain, to_json
from notifier.match import saying
from notifier.match.understanding import Understanding
from notifier.store.disclosure import Listed
from notifier.store.proposing import TELL, Proposal, UntoldLines, UntoldPolicy

_RETURNED = "退票"
Names = Mapping[str, str]
"""Names of regions by code."""


def from_policy(
    policy: UntoldPolicy, one: Understanding, entry: Listed | None, campaigns: settings.Campaigns, names: Names
) -> Proposal:
    """A policy's campaign: in review with its rule and evidence, or a draft without a rule when no topic fits.

    With no review needed it is approved at once, but never without a rule. `entry` is where it would be filed.
    """
    reviews = campaigns.policy_reviews
    waiting = CampaignState.IN_REVIEW if reviews else CampaignState.APPROVED
    return Proposal(
        benefit_id=policy.benefit_id,
        version=policy.version,
        purpose=TELL,
        kind=BenefitKind.POLICY,
        title=policy.title,
        ladder=campaigns.policy_ladder,
        region_code=one.region_code,
        state=waiting if one.rule is not None else CampaignState.DRAFT,
        reviews_needed=reviews,
        topic=one.topic,
        rule=to_json(one.rule) if one.rule is not None else None,
        rule_text=explain(one.rule, names) if one.rule is not None else None,
        evidence=_evidence(one),
        confidence=one.confidence,
        summary=one.summary,
        understanding=saying.to_json(one),
        entry_id=None if entry is None else entry.entry_id,
    )


def from_lines(lines: UntoldLines, campaigns: settings.Campaigns) -> Proposal:
    """The campaign of an audited disbursement's lines of one state; its audits were the review unless configured."""
    reviews = campaigns.disbursement_reviews
    is_back = lines.purpose == PaymentState.RETURNED and not lines.title.endswith(_RETURNED)
    return Proposal(
        benefit_id=lines.benefit_id,
        version=lines.version,
        purpose=lines.purpose,
        kind=BenefitKind.DISBURSEMENT,
        title=lines.title + (_RETURNED if is_back else ""),
        ladder=campaigns.disbursement_ladder,
        region_code=lines.region_code,
        state=CampaignState.IN_REVIEW if reviews else CampaignState.APPROVED,
        reviews_needed=reviews,
    )


def from_corrections(lines: UntoldLines, campaigns: settings.Campaigns) -> Proposal:
    """The campaign that tells what a corrected list says instead: always reviewed, whatever is configured."""
    return Proposal(
        benefit_id=lines.benefit_id,
        version=lines.version,
        purpose=lines.purpose,
        kind=BenefitKind.DISBURSEMENT,
        title=f"{lines.title}更正",
        ladder=campaigns.disbursement_ladder,
        region_code=lines.region_code,
        state=CampaignState.IN_REVIEW,
        reviews_needed=max(1, campaigns.disbursement_reviews),
    )


def _evidence(understanding: Understanding) -> str:
    said = [
        {"phrase": one.phrase, "where": one.where, "context": one.context, "topic": one.topic}
        for one in understanding.evidence
    ]
    return json.dumps(said, ensure_ascii=False)


def describe(rule_text: str | None, evidence: str, confidence: int) -> list[str]:
    """Why a campaign is for whom it is for, in Chinese lines: the rule, how sure, and the words that triggered it."""
    lines = [f"通知对象：{rule_text}" if rule_text else "通知对象：尚未确定，需人工选定"]
    if confidence:
        lines.append(f"把握程度：{confidence}%")
    said = json.loads(evidence)
    return lines + [f"依据：{one['where']}“…{one['context']}…”中的“{one['phrase']}”" for one in said]
