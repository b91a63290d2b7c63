"""What a Finding became, and on which terms it is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.benefits import AuditState, Finding
from notifier.store.benefits import Origin
from notifier.store.ledger import Ledger, Transaction
from notifier.store.watching import Seen, keep_snapshot


class Became(StrEnum):
    """What a Finding turned out to be."""

    NEW = "new"
    """A new benefit."""
    MORE = "more"
    """A known batch with more lines, or a higher audit."""
    KNOWN = "known"
    """Nothing new."""
    CHANGED = "changed"
    """A known policy whose text changed (更正): a version that waits until a person tells it."""
    UNDATED = "undated"
    """A policy without a date: it waits until a person dates or refuses it."""
    BASELINE = "baseline"
    """There before watching began: it tells nobody."""
    BEFORE = "before"
    """Another copy or part of a batch that the baseline swallowed; told to nobody unless somebody imports it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a Finding. `n_new` counts payment lines that the ledger did not have.

    `n_changed` counts lines that a re-issued list corrected, `n_absent` those of a corrected batch that the list does
    not have (they stay as they are), `n_repeated` new ones that another batch has too (they wait).
    """

    became: Became
    benefit_id: int | None
    n_new: int = 0
    n_changed: int = 0
    n_absent: int = 0
    n_repeated: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """How findings are taken: the source's region, whether this is its baseline, and which audit is the last one.

    `is_asked`: a person handed the file in, so that even what a baseline swallowed is taken.
    """

    region_code: str | None
    is_baseline: bool
    final_audit: AuditState
    is_asked: bool = False


def seen(finding: Finding, identities: Sequence[str] | None = None) -> Seen:
    """The finding's identities, or those of them that are given, as the source showed them."""
    return Seen(finding.source, finding.identities if identities is None else identities, finding.found_at)


async def origin(ledger: Ledger, c: Transaction, finding: Finding, terms: Terms) -> Origin:
    """Where the finding's benefit comes from, its snapshot kept."""
    snapshot_id = await keep_snapshot(ledger, c, finding.source, finding.raw, finding.found_at)
    return Origin(finding.source, terms.region_code, snapshot_id, finding.found_at)
