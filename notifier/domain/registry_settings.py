"""The settings slice of the register."""

from pathlib import Path

from pydantic import Field

from notifier.domain.slices import Slice


class Registry(Slice):
    """Importing households."""

    shared_above: int = Field(
        3, ge=1, description="households; a phone carried by more than these is flagged as shared"
    )
    regions_file: Path = Field(Path("config/regions.csv"), description="行政区划 tree to load when the ledger has none")
    headers_file: Path = Field(
        Path("config/headers.toml"), description="header aliases of rosters and payment workbooks"
    )
    rejected_days: int = Field(30, ge=1, le=365, description="days that an uploader's rejected rows are kept sealed")
    upload_mb: int = Field(64, ge=1, le=512, description="MB; the largest file that a browser may hand in")
    upload_days: int = Field(3, ge=1, le=30, description="days that a file waits for its uploader to save it")
    departed_days: int = Field(
        1095, ge=30, le=3650, description="days after which the personal data of a household that left is erased"
    )
