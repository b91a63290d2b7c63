"""Settings of watching: where sources are, and which levels file and audit what they show."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from notifier.domain.benefits import AuditState
from notifier.domain.filing import LEVELS
from notifier.domain.slices import Slice


class Watch(Slice):
    """Sources."""

    folder: Path = Field(Path("config/sources"), description="one TOML file a source")
    every: timedelta = Field(
        timedelta(minutes=30), description="how often a source is looked at unless it says otherwise"
    )
    final_audit: Literal["village", "township", "county"] = Field(
        "county", description="the audit after which a disbursement may be told"
    )
    levels: tuple[Literal["village", "township", "county"], ...] = Field(
        ("village", "township", "county"),
        min_length=1,
        description="levels that file and audit a project (三级备案, 三级审核), from below, up to final_audit",
    )
    snapshot_days: int = Field(
        1095,
        ge=1,
        le=36500,
        description="days that what was found (pages, files, lists) is kept sealed as proof",
    )
    refused_days: int = Field(
        30, ge=1, le=3650, description="days that a payment list on a page is kept after a person refused it"
    )

    def filing_levels(self) -> tuple[AuditState, ...]:
        """The levels in force, from below; the last is the final audit, whether `levels` names it or not."""
        final = LEVELS.index(AuditState(self.final_audit))
        return tuple(level for n, level in enumerate(LEVELS) if n == final or (n < final and level in self.levels))
