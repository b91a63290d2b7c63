"""The settings slice of routing; part of `notifier.domain.settings`, where it is used from."""

from datetime import timedelta

from pydantic import Field

from notifier.domain.slices import Slice


class Routing(Slice):
    """How messages are shared among the gateways of a medium."""

    rest: dict[str, int] = Field(
        {},
        description="a gateway's share at rest, in parts; empty shares evenly; `notifier gateways rest` overrules it",
    )
    step: int = Field(10, ge=1, le=100, description="points that move at a time")
    move_every: timedelta = Field(
        timedelta(minutes=1), description="how often points leave the same gateway at most; sooner would flap"
    )
    most_errors: int = Field(50, ge=0, description="failed calls in error_window above which points leave")
    error_window: timedelta = Field(timedelta(seconds=60), description="how far back failed calls are counted")
    slow_after: timedelta = Field(timedelta(seconds=5), description="a call that takes this long is slow")
    most_slow: int = Field(15, ge=1, le=100, description="per cent of slow calls from which on points leave")
    slow_window: timedelta = Field(timedelta(minutes=2), description="how far back slow calls are counted")
    least_calls: int = Field(10, ge=1, description="fewer calls than this in slow_window say nothing about slowness")
    drift_every: timedelta = Field(
        timedelta(minutes=5), description="after this long without a change points drift back to rest"
    )
    circuit_failures: int = Field(10, ge=1, description="failed calls in a row that open a gateway's circuit")
    probe_after: timedelta = Field(
        timedelta(seconds=30), description="how long an open circuit waits before one message tries it"
    )
    same_content: int = Field(
        5, ge=1, description="recipients whose text is refused by the same code before the campaign is paused"
    )
