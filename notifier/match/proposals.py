"""From a benefit to the campaign that it proposes, with whom it is for and why; pure."""

import json
from collections.abc import Mapping

from notifier.domain import settings
from notifier.domain.benefits import BenefitKind, PaymentState
from notifier.domain.lifecycle import CampaignState
from notifier.domain.rule_forms import explain, to_json
from notifier.domain.rules import AllOf, Within
from notifier.match.places import region_of_issuer
from notifier.match.summaries import summarise
from notifier.match.taxonomy import Taxonomy
from notifier.match.topics import Judgement, judge
from notifier.store.proposing import TELL, Proposal, UntoldLines, UntoldPolicy

_RETURNED = "退票"


def from_policy(
    policy: UntoldPolicy, taxonomy: Taxonomy, tree: Mapping[str, str], campaigns: settings.Campaigns
) -> Proposal:
    """A policy's campaign: in review with its rule and evidence, or a draft without a rule when no topic fits.

    With no review needed it is approved at once, but never without a rule.
    """
    judgement = judge(policy.title, policy.body, taxonomy)
    region_code = region_of_issuer(policy.issuer, policy.region_code, tree)
    rule = judgement.rule
    if rule is not None and region_code is not None:
        rule = AllOf((Within(region_code), rule))
    keywords = [one.phrase for one in judgement.evidence]
    reviews = campaigns.policy_reviews
    waiting = CampaignState.IN_REVIEW if reviews else CampaignState.APPROVED
    return Proposal(
        benefit_id=policy.benefit_id,
        version=policy.version,
        purpose=TELL,
        kind=BenefitKind.POLICY,
        title=policy.title,
        ladder=campaigns.policy_ladder,
        region_code=region_code,
        state=waiting if rule is not None else CampaignState.DRAFT,
        reviews_needed=reviews,
        topic=judgement.topic,
        rule=to_json(rule) if rule is not None else None,
        rule_text=explain(rule, tree) if rule is not None else None,
        evidence=_evidence(judgement),
        confidence=judgement.confidence,
        summary=summarise(policy.body, keywords),
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


def _evidence(judgement: Judgement) -> str:
    said = [
        {"phrase": one.phrase, "where": one.where, "context": one.context, "topic": one.topic}
        for one in judgement.evidence
    ]
    return json.dumps(said, ensure_ascii=False)


def describe(rule_text: str | None, evidence: str, confidence: int) -> list[str]:
    """Why a campaign is for whom it is for, in Chinese lines: the rule, how sure, and the words that triggered it."""
    lines = [f"通知对象：{rule_text}" if rule_text else "通知对象：尚未确定，需人工选定"]
    if confidence:
        lines.append(f"把握程度：{confidence}%")
    said = json.loads(evidence)
    return lines + [f"依据：{one['where']}“…{one['context']}…”中的“{one['phrase']}”" for one in said]
