"""What the stand-in for Tencent SMS is told at the start."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from notifier.sandbox.frozen import Duration, Frozen, MountPath, no_repeats
from notifier.sandbox.mischief import MischiefPlan
from notifier.sandbox.numbered import NumberedTemplate


class TencentFlow(Frozen):
    """Messages to one number in a rolling window; 0 switches a limit off."""

    same_content_per_30_seconds: int = Field(1, ge=0)
    """The same finished text."""
    per_hour: int = Field(0, ge=0)
    """Any text."""
    per_day: int = Field(10, ge=0)
    """Any text."""


class TencentSettings(Frozen):
    path: MountPath = "/tencent/"
    """Where the endpoint is mounted; "/" is what a signature covers, wherever that is."""
    at_root: bool = True
    """Also answer at "/" what carries X-TC-Action, for SDKs that can be given a host but no path."""
    secret_keys: dict[str, str] = Field(default_factory=lambda: {"AKIDsandbox640425": "sandbox-dummy-secret"})
    """SecretId -> SecretKey."""
    apps: frozenset[str] = frozenset(("1400640425",))
    """SmsSdkAppIds of the account."""
    clock_window: Duration = timedelta(minutes=5)
    """How far an X-TC-Timestamp may be from the server's clock."""
    qps: int = Field(3000, ge=0)
    """Requests a second and action before RequestLimitExceeded; 0 is no limit."""
    signs: dict[str, bool] = Field(default_factory=lambda: {"彭阳惠农": True})
    """Signature without 【】 -> whether it is approved."""
    templates: tuple[NumberedTemplate, ...] = ()
    """Templates of the account."""
    variable_most: int = Field(35, ge=1)
    """Longest value of a variable; newer accounts have 6."""
    session_context: bool = True
    """Whether support has switched on that callbacks and pulls echo the SessionContext."""
    flow: TencentFlow = TencentFlow()
    """Flow control per number."""
    report_url: str = ""
    """Where callbacks are pushed (POST, JSON); empty pushes nothing."""
    receipt_delay: tuple[Duration, Duration] = (timedelta(seconds=0.3), timedelta(seconds=1.5))
    """A carrier reports this long after acceptance, between the two."""
    push_size: int = Field(100, ge=1, le=100)
    """Most receipts in one callback."""
    push_timeout: Duration = timedelta(seconds=5)
    """No answer within this counts as a failed push."""
    push_waits: tuple[Duration, ...] = (timedelta(minutes=1), timedelta(minutes=5))
    """Waits before each re-push (times time_factor); the number is documented, the waits are not."""
    mischief: MischiefPlan = MischiefPlan()
    """Misbehaviour from the start."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        no_repeats("tencent.templates", (t.template_id for t in self.templates))
        return self
