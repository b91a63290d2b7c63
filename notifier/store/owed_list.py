"""The households of a campaign with the state of their telling, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from notifier.domain.identity import mask_name
from notifier.domain.regions import span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant

_SQL = """
SELECT o.id AS owed_id, o.household_id, o.region_code, h.group_name, p.id AS person_id, p.name_sealed, o.state,
  o.level, o.reason, o.why, o.state_at
FROM owed o JOIN household h ON h.id = o.household_id LEFT JOIN person p ON p.id = h.householder_id
WHERE o.campaign_id = :campaign AND o.household_id > :after AND o.region_code BETWEEN :first AND :last
AND (CAST(:state AS TEXT) = '' OR o.state = CAST(:state AS TEXT))
ORDER BY o.household_id LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A household as a campaign has it; `householder` is masked."""

    owed_id: int
    household_id: int
    region_code: str
    group_name: str | None
    householder: str = field(repr=False)
    state: str
    level: str | None
    reason: str | None
    why: str
    state_at: datetime


async def list_owed(
    ledger: Ledger, campaign_id: int, scope: tuple[str, str], after: int, most: int
) -> Sequence[OwedLine]:
    """Up to `most` households of the campaign in a (region, state), by household from the one behind `after`.

    State "" is any.
    """
    first, last = span(scope[0])
    bound = {"campaign": campaign_id, "after": after, "first": first, "last": last, "state": scope[1], "most": most}
    async with ledger.reading() as c:
        rows = (await c.execute(text(_SQL), bound)).all()
    return [_line(ledger, row) for row in rows]


def _line(ledger: Ledger, row: Any) -> OwedLine:
    sealed = row.name_sealed
    name = "" if sealed is None else ledger.vault.open_text("person.name_sealed", row.person_id, bytes(sealed))
    return OwedLine(
        owed_id=row.owed_id,
        household_id=row.household_id,
        region_code=row.region_code,
        group_name=row.group_name,
        householder=mask_name(name) if name else "—",
        state=row.state,
        level=row.level,
        reason=row.reason,
        why=row.why,
        state_at=instant(row.state_at),
    )
