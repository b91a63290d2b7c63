"""What the stand-in for MAS is told at the start."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from notifier.sandbox.frozen import Duration, Frozen, MountPath, no_repeats
from notifier.sandbox.mischief import MischiefPlan
from notifier.sandbox.numbered import NumberedTemplate


class MasSettings(Frozen):
    path: MountPath = "/mas/sms/"
    """Where norsubmit and tmpsubmit are mounted."""
    ec_name: str = "样例县农业农村局"
    """企业名称 of the account."""
    ap_id: str = "sandbox"
    """接口账号 of the account."""
    secret_key: str = "sandbox-dummy-secret"
    """Its secretKey; never in a request, only in the mac."""
    signs: dict[str, str] = Field(default_factory=lambda: {"DWItALe3A": "彭阳惠农"})
    """签名编码 -> the signature that a handset shows."""
    templates: tuple[NumberedTemplate, ...] = ()
    """Templates of the account, for tmpsubmit."""
    most_mobiles: int = Field(5000, ge=1)
    """Numbers a request may have."""
    report_marker: str = "CM:0000"
    """reportStatus of a delivered message; the other reading of the manual is DELIVRD."""
    report_type: str = "text/plain;charset=utf-8"
    """Content type of pushed reports, which is not JSON's."""
    service_code: str = Field("106575297722", pattern=r"^\d{1,20}$")
    """addSerial of a person's answer."""
    report_url: str = ""
    """Where reports and answers are pushed (POST, one JSON object each); empty pushes nothing."""
    receipt_delay: tuple[Duration, Duration] = (timedelta(seconds=0.3), timedelta(seconds=1.5))
    """A carrier reports this long after acceptance, between the two."""
    push_timeout: Duration = timedelta(seconds=5)
    """No answer within this counts as a failed push."""
    push_waits: tuple[Duration, ...] = (timedelta(minutes=1), timedelta(minutes=5))
    """Waits before each re-push (times time_factor); neither number nor waits are documented."""
    mischief: MischiefPlan = MischiefPlan()
    """Misbehaviour from the start."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        no_repeats("mas.templates", (t.template_id for t in self.templates))
        return self
