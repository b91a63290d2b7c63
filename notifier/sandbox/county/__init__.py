"""A county that does not exist: its land, its people, the files its offices keep, and what those files really say.

Takes: a seed and a number of households. Leaves: rosters, a follower list and payment workbooks as messy as real
ones, in folders of the caller's choice, and a truth beside each to check an import against.
Invariant: the same seed and number give the same people and the same cells; ids are valid, phones are 199….
Never: a real person, a real village, a file in the watched folder that is only half written.
"""

from notifier.sandbox.county.batches import BASELINE_BATCHES, NEW_BATCHES, Batch
from notifier.sandbox.county.payments import write_payments
from notifier.sandbox.county.people import County, Household, Person, build_county
from notifier.sandbox.county.regions import Township, Village, write_regions
from notifier.sandbox.county.rosters import write_rosters
from notifier.sandbox.county.truth import (
    BatchTruth,
    PaymentTruth,
    RejectedRow,
    RosterTruth,
    write_followers,
    write_household_truth,
)

__all__ = [
    "BASELINE_BATCHES",
    "NEW_BATCHES",
    "Batch",
    "BatchTruth",
    "County",
    "Household",
    "PaymentTruth",
    "Person",
    "RejectedRow",
    "RosterTruth",
    "Township",
    "Village",
    "build_county",
    "write_followers",
    "write_household_truth",
    "write_payments",
    "write_regions",
    "write_rosters",
]
