"""Misbehaviour on demand: what a gateway does wrong, how often, and to whom.

Rates are drawn from a seeded generator, so a run can be repeated; a script is played first, one entry a send
request, so a test says exactly which request goes wrong. A failing handset fails every time, whatever the order.
"""

import random
import zlib
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Mishap(StrEnum):
    """One way to misbehave; the first group is drawn per send request, the second per message."""

    THROTTLE = "throttle"  # refused for flow control (Throttling.User; 45011), nothing is accepted
    HTTP_500 = "http_500"  # an HTML page with status 500, nothing is accepted
    HTTP_502 = "http_502"  # an HTML page with status 502, nothing is accepted
    RESET_BEFORE = "reset_before"  # the connection is reset, nothing is accepted
    HTTP_502_AFTER = "http_502_after"  # accepted, but a proxy answers with an HTML page
    RESET_AFTER = "reset_after"  # accepted, then the connection is reset without an answer
    RESET_MID_BODY = "reset_mid_body"  # accepted, half of the answer, then a reset
    SLOW_BODY = "slow_body"  # accepted, the second half of the answer comes after `slow_for`
    GARBAGE_BODY = "garbage_body"  # accepted, status 200, a body that is no JSON
    NO_ANSWER = "no_answer"  # CMPP only: accepted, and never answered
    FRAMES_TORN = "frames_torn"  # CMPP only: the answer leaves byte by byte
    FRAMES_GLUED = "frames_glued"  # CMPP only: the answer waits a little and leaves with what comes next
    REVOKE_TOKEN = "revoke_token"  # WeChat only: the token dies while the request is under way (40001)

    RECEIPT_EARLY = "receipt_early"  # the receipt is pushed before the send is answered
    RECEIPT_LATE = "receipt_late"  # the receipt is held back by `late_by`
    RECEIPT_LOST = "receipt_lost"  # the push is lost; the query still knows the result
    RECEIPT_SILENT = "receipt_silent"  # the carrier never reports: no push, the query says "waiting"
    RECEIPT_DOUBLED = "receipt_doubled"  # the receipt is pushed twice
    RECEIPT_SHUFFLED = "receipt_shuffled"  # the receipt changes places with others of its push
    RECEIPT_UNKNOWN = "receipt_unknown"  # a receipt of a message that nobody sent comes with it
    RECEIPT_GARBLED = "receipt_garbled"  # before it comes a push whose body is no receipt at all


RECEIPT_MISHAPS = frozenset(mishap for mishap in Mishap if mishap.startswith("receipt_"))
NONE: frozenset[Mishap] = frozenset()

Share = Annotated[float, Field(ge=0, le=1)]
Wait = Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=1))]


class MischiefPlan(BaseModel):
    """What one gateway does wrong. The default does nothing wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 640425
    """Seed of every draw; the same seed and the same order of requests repeat the same run."""
    rates: dict[Mishap, Share] = Field(default_factory=dict)
    """Share of send requests (or of messages, for receipt_*) that meet each mishap."""
    script: tuple[tuple[Mishap, ...], ...] = ()
    """Played before any rate: entry n belongs to the n-th send request; an empty entry behaves."""
    latency: tuple[Wait, Wait] = (timedelta(0), timedelta(0))
    """Every send waits this long before its answer, between the two (seconds)."""
    late_by: Wait = timedelta(minutes=1)
    """How long receipt_late holds a receipt back (seconds, before the time factor)."""
    slow_for: Wait = timedelta(seconds=10)
    """How long slow_body stops in mid-answer (seconds)."""
    failing: dict[str, str] = Field(default_factory=dict)
    """Handsets that fail: phone or openid -> carrier code or event status."""
    failing_share: Share = 0.0
    """Share of all other handsets that fail too; which ones follows from the seed and the number alone."""
    failing_codes: tuple[str, ...] = ("MK:0001", "MK:0005", "MK:0010", "MOBILE_NOT_ON_SERVICE")
    """What a handset of failing_share fails with: 空号, 停机, 关机, 停机或空号."""

    @model_validator(mode="after")
    def _codes_for_share(self) -> "MischiefPlan":
        if self.failing_share and not self.failing_codes:
            raise ValueError("failing_share 大于 0 时 failing_codes 不能为空")
        if self.latency[0] > self.latency[1]:
            raise ValueError("latency 的第一个值不能大于第二个值")
        return self


class EventMischiefPlan(MischiefPlan):
    """The same for the official account, whose handsets fail with an event status."""

    failing_codes: tuple[str, ...] = ("failed:user block", "failed: system failed")
    """What a follower of failing_share fails with: rejected by the follower, failed in the platform."""


class Mischief:
    """The plan at work: draws, plays the script, and can be changed while the gateway runs."""

    def __init__(self, plan: MischiefPlan) -> None:
        self.plan = plan
        self._load(plan, reseed=True)

    def _load(self, plan: MischiefPlan, *, reseed: bool) -> None:
        self.plan = plan
        self._script = deque(frozenset(entry) for entry in plan.script)
        self._request_rates = [(m, rate) for m, rate in plan.rates.items() if rate and m not in RECEIPT_MISHAPS]
        self._receipt_rates = [(m, rate) for m, rate in plan.rates.items() if rate and m in RECEIPT_MISHAPS]
        if reseed:
            self._random = random.Random(plan.seed)

    def change(self, changes: Mapping[str, Any], *, afresh: bool = False) -> None:
        """The named fields are replaced, the others stay; what is left of the old script stays unless named.

        `afresh` begins with a gateway that behaves, and with the seed.
        Raises pydantic.ValidationError (the caller's fault) and then nothing has changed.
        """
        left = tuple(tuple(entry) for entry in self._script)
        kept = {"seed": self.plan.seed} if afresh else {**self.plan.model_dump(), "script": left}
        plan = type(self.plan).model_validate({**kept, **changes})
        self._load(plan, reseed=afresh or "seed" in changes)

    def clear(self) -> None:
        """The gateway behaves from now on."""
        self.change({}, afresh=True)

    @property
    def n_scripted(self) -> int:
        return len(self._script)

    def draw(self) -> frozenset[Mishap]:
        """What goes wrong with the next send request."""
        if self._script:
            return self._script.popleft()
        if not self._request_rates:
            return NONE
        return frozenset(mishap for mishap, rate in self._request_rates if self._random.random() < rate)

    def draw_receipt(self, drawn: frozenset[Mishap]) -> frozenset[Mishap]:
        """What goes wrong with one message's receipt; `drawn` is what its request drew."""
        scripted = drawn & RECEIPT_MISHAPS if drawn else NONE
        if not self._receipt_rates:
            return scripted
        return scripted | {mishap for mishap, rate in self._receipt_rates if self._random.random() < rate}

    def latency_s(self) -> float:
        low, high = self.plan.latency
        return self._random.uniform(low.total_seconds(), high.total_seconds()) if high else 0.0

    def failure_of(self, address: str) -> str | None:
        """The code with which this handset fails, or None for a good one; the same answer every time."""
        plan = self.plan
        if plan.failing and (code := plan.failing.get(address)):
            return code
        if not plan.failing_share:
            return None
        point = zlib.crc32(f"{plan.seed}:{address}".encode())
        if point % 1_000_000 >= plan.failing_share * 1_000_000:
            return None
        return plan.failing_codes[(point // 1_000_000) % len(plan.failing_codes)]
