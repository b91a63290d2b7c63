"""What a run of the demo was asked for, and how it fails."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


class DemoError(Exception):
    """The demo cannot go on; the text is one Chinese sentence that says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was asked for on the command line."""

    n_households: int
    """Size of the synthetic county."""
    folder: Path
    """Where the ledger, keys, files and logs of this run lie."""
    headless: bool = False
    """Approve at once, end when all is accounted for, print one JSON line."""
    kills: bool = False
    """The service is killed once in mid-broadcast and started again."""
    window: timedelta = timedelta(seconds=20)
    """How long a receipt or a WeChat event may take."""
    patience: timedelta = timedelta(minutes=3)
    """How long nothing may move before the demo gives up; longer than two windows."""
    courtesy: timedelta = timedelta(seconds=90)
    """How long a person at the console may take to approve a policy before the demo does it."""
