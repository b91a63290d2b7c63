"""A roster in batches of some thousand rows, as an import takes them and a preview looks at them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from notifier.domain.contracts import Clock
from notifier.registry.drafts import Draft, Drafting, Remark
from notifier.registry.entries import by_household
from notifier.registry.places import Gazetteer
from notifier.sources.workbook import Reading

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_ROWS_A_BATCH = 5000


@dataclass(slots=True)
class Batch:
    """Households up to about 5,000 rows, and the remarks made while reading them, in the order of the file."""

    n_rows: int = 0
    drafts: list[Draft] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def batches_of(reading: Reading, gazetteer: Gazetteer, stem: str, clock: Clock) -> Iterator[Batch]:
    """The households of the roster, each whole in one batch unless its rows stand apart in the file."""
    drafting = Drafting(gazetteer, (stem,), clock.now().astimezone(_SHANGHAI).date())
    batch = Batch()
    for lines in by_household(reading):
        draft, remarks = drafting.draft(lines)
        batch.n_rows += len(lines)
        batch.remarks += remarks
        if draft:
            batch.drafts.append(draft)
        if batch.n_rows >= _ROWS_A_BATCH:
            yield batch
            batch = Batch()
    yield batch


def in_order(remarks: list[Remark]) -> list[Remark]:
    """One remark a row, in the order of the rows; several reasons for one row are joined."""
    rows: dict[int, Remark] = {}
    for one in remarks:
        held = rows.get(id(one.line))
        if held is None:
            rows[id(one.line)] = Remark(one.line, one.reason, one.is_rejection)
        else:
            held.reason += f";{one.reason}"
            held.is_rejection |= one.is_rejection
    return sorted(rows.values(), key=lambda one: (one.line.row.sheet, one.line.row.number))
