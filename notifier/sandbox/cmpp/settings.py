"""What the stand-in for a CMPP gateway is told at the start."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from notifier.sandbox.frozen import Duration, Frozen
from notifier.sandbox.mischief import MischiefPlan


class CmppSettings(Frozen):
    enabled: bool = False
    """Whether it listens at all."""
    host: str = "127.0.0.1"
    """Address to listen on; a sandbox is for one machine."""
    port: int = Field(7890, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    source_addr: str = Field("640425", min_length=1, max_length=6)
    """企业代码 of the account."""
    secret: str = "sandbox-dummy-secret"
    """Its shared secret."""
    version: Literal["2.0", "3.0"] = "3.0"
    """The highest version it speaks; a higher one is answered with status 4."""
    src_id: str = Field("10690640425", pattern=r"^\d{1,21}$")
    """What Src_Id must begin with."""
    service_id: str = Field("NOTICE", max_length=10)
    """业务代码 of the account."""
    sign: str = "彭阳惠农"
    """A text must begin with 【it】, else its report says XA:0003 (签名未报备); empty asks for none."""
    gateway_id: int = Field(640425, ge=0, lt=2**22)
    """Gateway part of every Msg_Id."""
    clock_window: Duration = timedelta(minutes=15)
    """How far the timestamp of CONNECT may be from the server's clock."""
    most_connections: int = Field(1, ge=1)
    """Of the account at once; one more is answered with status 5."""
    window: int = Field(16, ge=1)
    """Unanswered SUBMITs of a connection; one more has result 8."""
    submits_per_second: int = Field(0, ge=0)
    """SUBMITs a second before result 8; 0 is no limit."""
    idle: Duration = timedelta(seconds=60)
    """A connection on which nothing comes for so long is sent ACTIVE_TEST, and after three in vain closed."""
    receipt_delay: tuple[Duration, Duration] = (timedelta(seconds=0.3), timedelta(seconds=1.5))
    """A carrier reports this long after acceptance, between the two."""
    narrow_reports: bool = False
    """Reports of 60 bytes on a 3.0 session too, as some real gateways write them."""
    deliver_timeout: Duration = timedelta(seconds=5)
    """A DELIVER that is not answered within this comes again."""
    deliver_waits: tuple[Duration, ...] = (timedelta(seconds=60),) * 9
    """Waits before each redelivery (times time_factor), also while nobody is connected; then it is dropped."""
    mischief: MischiefPlan = MischiefPlan()
    """Misbehaviour from the start."""
