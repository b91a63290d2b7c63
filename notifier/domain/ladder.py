"""The ladder: what is tried next for a household, driven by confirmed states, never by submission.

A preset is a sequence of rungs; a rung is a set of tries made at once. When every try of a rung has ended without
evidence, the next rung begins; a rung for which the household has no contact is skipped. After the last: the visit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from notifier.domain.benefits import BenefitKind
from notifier.domain.messages import By, Medium
from notifier.domain.outcomes import Reason


@dataclass(frozen=True, slots=True)
class Try:
    """One way to tell a household.

    It addresses the best contact of that medium that was not tried: the person's own, else the householder's, else the
    next member's that holds another number.
    """

    medium: Medium
    elsewhere: bool = False
    """The contact that the rung before failed, by another gateway; only after a failure of the route (ROUTE_FAILED)."""
    by: By = By.TEMPLATE
    """By subscription, only a contact that accepted the notice's template counts."""


Rung = tuple[Try, ...]

ROUTE_FAILED = frozenset({Reason.GATEWAY, Reason.CONTENT, Reason.LIMITED, Reason.UNKNOWN})
"""Failures that say nothing of the number, so that another gateway may reach it. Silence is not among them (P3)."""

_ELSEWHERE: Rung = (Try(Medium.SMS, elsewhere=True),)

SMS_FIRST: Sequence[Rung] = ((Try(Medium.SMS),), _ELSEWHERE, (Try(Medium.SMS),))
"""短信必达: SMS, then by another gateway, then the next person's phone, then a visit."""
WECHAT_FIRST: Sequence[Rung] = ((Try(Medium.WECHAT),), *SMS_FIRST)
"""微信优先: WeChat, then SMS, then by another gateway, then the next person's phone, then a visit."""
BOTH: Sequence[Rung] = ((Try(Medium.WECHAT), Try(Medium.SMS)),)
"""双通道: both at once, then a visit."""

PRESETS: Mapping[str, Sequence[Rung]] = {"短信必达": SMS_FIRST, "微信优先": WECHAT_FIRST, "双通道": BOTH}
"""The presets by the name that people use for them in config, commands and the console."""


def rungs(preset: str, kind: BenefitKind) -> Sequence[Rung]:
    """The rungs of a preset as this kind of benefit may use them, in order.

    A WeChat template message is for payment results only: a policy's WeChat tries go by long-term subscription. Raises
    KeyError for a preset that is not in PRESETS (checked by settings and by the console before it gets here).
    """
    if kind is BenefitKind.DISBURSEMENT:
        return PRESETS[preset]
    return [
        tuple(replace(one, by=By.SUBSCRIPTION) if one.medium is Medium.WECHAT else one for one in rung)
        for rung in PRESETS[preset]
    ]
