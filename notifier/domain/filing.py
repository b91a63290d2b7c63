"""三级备案 三级审核: how far a project (a disbursement) has come, level by level, as one transition table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from notifier.domain.benefits import AuditState
from notifier.domain.errors import TransitionError
from notifier.domain.regions import level_of

LEVELS: Sequence[AuditState] = (AuditState.VILLAGE, AuditState.TOWNSHIP, AuditState.COUNTY)
"""Every level that can file and audit, from below; a county's own choice of them is `watch.levels`."""
LEVEL_TEXT: Mapping[AuditState, str] = {
    AuditState.VILLAGE: "村",
    AuditState.TOWNSHIP: "乡",
    AuditState.COUNTY: "县",
}
_RANKS: Mapping[str, int] = {"village": 1, "township": 2, "county": 3, "city": 3, "province": 3}


AUDIT_ORDER: Sequence[AuditState] = (
    AuditState.RETURNED,
    AuditState.NONE,
    AuditState.VILLAGE,
    AuditState.TOWNSHIP,
    AuditState.COUNTY,
)
"""From the one that lets nothing out upwards."""


def has_passed(audit: AuditState, final: AuditState) -> bool:
    """True when the audits have come to `final` or beyond; 待整改 never has."""
    return audit is not AuditState.RETURNED and AUDIT_ORDER.index(audit) >= AUDIT_ORDER.index(final)


class FilingDeed(StrEnum):
    """What a level does with a project."""

    FILE = "file"
    """备案: what, whom, how much and on which basis is on record at this level."""
    AUDIT = "audit"
    """审核通过 at this level."""
    RETURN = "return"
    """退回整改, with a remark; nothing goes out until it was filed and audited again."""


DEED_TEXT: Mapping[FilingDeed, str] = {
    FilingDeed.FILE: "备案",
    FilingDeed.AUDIT: "审核",
    FilingDeed.RETURN: "退回整改",
}


@dataclass(frozen=True, slots=True, order=True)
class Progress:
    """How many levels, from below, have filed and audited; `is_returned` is 待整改."""

    filed: int
    audited: int
    is_returned: bool = False


Table = Mapping[tuple[Progress, FilingDeed, int], Progress]
"""(where it stands, what is done, by which level from 1) -> where it stands then."""


@cache
def filing_table(n_levels: int) -> Table:
    """Every edge there is with so many levels; what is not in it does not exist.

    A level files after the one below it, and audits what it has filed after the one below audited. Any level that has
    not audited yet sends a filed project back. What was sent back is filed again from the lowest level, and audited
    again by all: it is not what they saw. After the last audit nothing is undone; then a correction is a re-issue.
    """
    edges: dict[tuple[Progress, FilingDeed, int], Progress] = {}
    for filed in range(n_levels + 1):
        for audited in range(filed + 1):
            here = Progress(filed, audited)
            if filed < n_levels:
                edges[here, FilingDeed.FILE, filed + 1] = Progress(filed + 1, audited)
            if audited < filed:
                edges[here, FilingDeed.AUDIT, audited + 1] = Progress(filed, audited + 1)
            if filed and audited < n_levels:
                sent_back = Progress(filed, 0, is_returned=True)
                edges |= {(here, FilingDeed.RETURN, level): sent_back for level in range(audited + 1, n_levels + 1)}
                edges[sent_back, FilingDeed.FILE, 1] = Progress(1, 0)
    return edges


def moved(here: Progress, deed: FilingDeed, level: int, n_levels: int) -> Progress:
    """Where the project stands after the deed. Raises TransitionError when the table has no such edge."""
    try:
        return filing_table(n_levels)[here, deed, level]
    except KeyError:
        raise TransitionError(f"{here} has no edge for {deed.value} by level {level}") from None


def next_level(here: Progress, deed: FilingDeed, rank: int, n_levels: int) -> int | None:
    """The level whose deed it would be now, done by somebody of `rank` or of a level above; None when nobody's.

    A higher level may do a lower one's work; a project goes back by the doer's own level.
    """
    levels = range(rank, 0, -1) if deed is FilingDeed.RETURN else range(1, rank + 1)
    return next((level for level in levels if (here, deed, level) in filing_table(n_levels)), None)


def rank_of(region_code: str, levels: Sequence[AuditState]) -> int:
    """Which of the levels somebody of this region can act for at most, from 1; 0 for none."""
    own = _RANKS[level_of(region_code)]
    return sum(1 for level in levels if LEVELS.index(level) < own)


def progress_of(filed: AuditState, audit: AuditState, levels: Sequence[AuditState]) -> Progress:
    """The progress that a benefit's two states mean. 待整改 stands where its filing stood, with no audit."""
    n_filed, n_audited = _passed(filed, levels), _passed(audit, levels)
    return Progress(max(n_filed, n_audited), n_audited, audit is AuditState.RETURNED)


def states_of(progress: Progress, levels: Sequence[AuditState]) -> tuple[AuditState, AuditState]:
    """(filed, audit) of a benefit with this progress."""
    filed = levels[progress.filed - 1] if progress.filed else AuditState.NONE
    audit = levels[progress.audited - 1] if progress.audited else AuditState.NONE
    return filed, AuditState.RETURNED if progress.is_returned else audit


def _passed(state: AuditState, levels: Sequence[AuditState]) -> int:
    if state not in LEVELS:
        return 0
    return sum(1 for level in levels if LEVELS.index(level) <= LEVELS.index(state))
