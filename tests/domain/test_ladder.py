"""The presets as sequences of rungs."""

import pytest

from notifier.domain.benefits import BenefitKind
from notifier.domain.ladder import PRESETS, rungs
from notifier.domain.messages import By, Medium

SMS, WECHAT = Medium.SMS, Medium.WECHAT


def media(preset: str, kind: BenefitKind) -> list[list[Medium]]:
    return [[one.medium for one in rung] for rung in rungs(preset, kind)]


def test_the_three_presets_for_payments() -> None:
    paid = BenefitKind.DISBURSEMENT
    assert media("短信必达", paid) == [[SMS], [SMS], [SMS]]
    assert media("微信优先", paid) == [[WECHAT], [SMS], [SMS], [SMS]]
    assert media("双通道", paid) == [[WECHAT, SMS]]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", BenefitKind)
def test_a_policy_goes_by_wechat_subscription_only_and_a_payment_by_template_only(
    preset: str, kind: BenefitKind
) -> None:
    assert media(preset, kind) == media(preset, BenefitKind.DISBURSEMENT)
    by = By.SUBSCRIPTION if kind is BenefitKind.POLICY else By.TEMPLATE
    assert all(one.by is (by if one.medium is WECHAT else By.TEMPLATE) for rung in rungs(preset, kind) for one in rung)


def test_another_preset_is_refused() -> None:
    with pytest.raises(KeyError):
        rungs("电话优先", BenefitKind.POLICY)
