"""The rung "by another gateway": which contacts it is for, and which gateway its messages must avoid."""

import json
from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ladder import ROUTE_FAILED
from notifier.store.ledger import Ledger

_REASONS = ", ".join(f"'{reason.value}'" for reason in sorted(ROUTE_FAILED))
FAILED_CONTACT = (
    "(SELECT MIN(t.contact_id) FROM message t JOIN contact c ON c.id = t.contact_id AND c.state = 'usable' "
    "WHERE t.owed_id = s.owed_id AND t.person_id = s.person_id AND t.retry = s.retry AND t.step = :stands_at "
    f"AND t.medium = :medium AND c.kind = :kind AND t.state = 'failed' AND t.reason IN ({_REASONS}) "
    # What never left by any gateway is not mended by another.
    "AND EXISTS (SELECT 1 FROM attempt a WHERE a.chunk_id = t.chunk_id) "
    "AND t.code NOT IN ('lint', 'no_other_gateway', 'nothing_to_tell'))"
)
"""SQL: the contact that chain `s` failed to reach where it stands, for a reason of the route; else null."""


async def avoid_what_failed(c: AsyncConnection, ledger: Ledger, first: int, last: int, stood_at: int) -> None:
    """The messages of an id range avoid the gateway that their contact was last tried by. Safe to repeat."""
    rows = (
        await c.execute(
            text(
                "SELECT n.id, t.id AS failed, t.chunk_id FROM message n JOIN message t ON t.owed_id = n.owed_id "
                "AND t.person_id = n.person_id AND t.retry = n.retry AND t.contact_id = n.contact_id "
                "AND t.step = :stood_at WHERE n.id BETWEEN :first AND :last"
            ),
            {"first": first, "last": last, "stood_at": stood_at},
        )
    ).all()
    tried = await _tried_by(c, ledger, sorted({int(row.chunk_id) for row in rows}))
    avoiding: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if gateway := tried.get(int(row.failed)):
            avoiding[gateway].append(int(row.id))
    for gateway, ids in avoiding.items():
        await c.execute(
            text(f"UPDATE message SET avoid_gateway = :gateway WHERE {ledger.among('id', 'ids')}"),
            {"gateway": gateway, "ids": ledger.listed(ids)},
        )


async def _tried_by(c: AsyncConnection, ledger: Ledger, chunk_ids: list[int]) -> dict[int, str]:
    """The gateway of each message's last attempt, by message id."""
    rows = await c.execute(
        text(f"SELECT gateway, message_ids FROM attempt WHERE {ledger.among('chunk_id', 'chunks')} ORDER BY id"),
        {"chunks": ledger.listed(chunk_ids)},
    )
    return {message_id: row.gateway for row in rows for message_id in json.loads(row.message_ids)}
