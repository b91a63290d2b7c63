"""Numbers that were ported: their prefix does not say any more who carries them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp


async def note_ported(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], now: datetime) -> None:
    """The numbers of these messages are with an operator that nobody knows. Safe to repeat."""
    await c.execute(
        text(
            "INSERT INTO operator_hint (phone_hash, operator, learned_at) "
            "SELECT DISTINCT t.value_hash, CAST(NULL AS VARCHAR), CAST(:now AS BIGINT) FROM message m "
            f"JOIN contact t ON t.id = m.contact_id WHERE {ledger.among('m.id', 'ids')} AND t.kind = 'phone' "
            "ON CONFLICT (phone_hash) DO UPDATE SET operator = NULL, learned_at = excluded.learned_at"
        ),
        {"ids": ledger.listed(message_ids), "now": stamp(now)},
    )
