"""What a file really says, for tests and the demo to check an import against; never put beside the files."""

import csv
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from notifier.sandbox.county.people import County


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that no import may let in. `row` counts from 1 as a spreadsheet does; a csv has the sheet ''."""

    file: str
    sheet: str
    row: int
    reason: str


@dataclass(slots=True)
class RosterTruth:
    """What the rosters hold. Every row that is not rejected belongs to one of `n_households`."""

    n_households: int
    n_people: int = 0
    # rows of people or households per file, the rejected and repeated ones among them
    n_rows: dict[str, int] = field(default_factory=dict)
    rejected: list[RejectedRow] = field(default_factory=list)
    # households written a second time, in the same file and in another township's file
    n_repeated_in_file: int = 0
    n_repeated_across_files: int = 0
    # households whose only phone is an impossible number, or a landline
    n_impossible_phone: int = 0
    n_landline: int = 0
    # people written with the 15-digit form of their id
    n_short_ids: int = 0
    # mobile numbers carried by more than twenty households
    n_cadre_phones: int = 0

    def to_json(self) -> str:
        """All of it as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


@dataclass(slots=True)
class BatchTruth:
    """What one payment file holds. `n_lines` = rejected + repeated + ambiguous + unknown + the matchable ones.

    `owed_households` are the numbers of households that a matcher can find without a person's help.
    """

    file: str
    item: str
    filing_number: str
    audited: bool
    failed: bool
    goods: bool
    n_lines: int = 0
    n_by_id: int = 0
    n_by_account: int = 0
    n_by_village: int = 0
    n_ambiguous: int = 0
    n_unknown: int = 0
    n_repeated: int = 0
    n_holder_differs: int = 0
    n_rounded: int = 0
    # money of the matchable lines, repeated ones not counted
    total_fen: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)
    owed_households: set[str] = field(default_factory=set)

    @property
    def n_matchable(self) -> int:
        """Lines that find exactly one person."""
        return self.n_by_id + self.n_by_account + self.n_by_village


@dataclass(slots=True)
class PaymentTruth:
    """What all payment files of one drop hold, in the order written."""

    batches: list[BatchTruth] = field(default_factory=list)

    def to_json(self) -> str:
        """All of it as one JSON object; household numbers sorted."""
        rows = [{**asdict(batch), "owed_households": sorted(batch.owed_households)} for batch in self.batches]
        return json.dumps({"batches": rows}, ensure_ascii=False, indent=1)


def write_household_truth(county: County, path: Path) -> int:
    """A csv with one row a household: number, village, householder's id, phone, openid. Gives their number."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("number", "village_code", "id_number", "phone", "openid"))
        for home in county.households():
            writer.writerow((home.number, home.village.code, home.householder.id_number, home.phone, home.openid))
    return county.n_households


def write_followers(county: County, path: Path) -> int:
    """The list `notifier import followers` takes: 身份证号,openid of every householder who follows. Gives n."""
    n = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("身份证号", "openid"))
        for home in county.households():
            if home.openid:
                writer.writerow((home.householder.id_number, home.openid))
                n += 1
    return n
