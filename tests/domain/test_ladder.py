"""The presets as sequences of rungs."""

import pytest

from notifier.domain.benefits import BenefitKind
from notifier.domain.ladder import PRESETS, rungs
from notifier.domain.messages import Medium

SMS, WECHAT = Medium.SMS, Medium.WECHAT


def media(preset: str, kind: BenefitKind) -> list[list[Medium]]:
    return [[one.medium for one in rung] for rung in rungs(preset, kind)]


def test_the_three_presets_for_payments() -> None:
    paid = BenefitKind.DISBURSEMENT
    assert media("短信必达", paid) == [[SMS], [SMS]]
    assert media("微信优先", paid) == [[WECHAT], [SMS], [SMS]]
    assert media("双通道", paid) == [[WECHAT, SMS]]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_policy_has_sms_rungs_only_and_at_least_one(preset: str) -> None:
    found = media(preset, BenefitKind.POLICY)
    assert found
    assert all(rung and set(rung) == {SMS} for rung in found)


def test_another_preset_is_refused() -> None:
    with pytest.raises(KeyError):
        rungs("电话优先", BenefitKind.POLICY)
