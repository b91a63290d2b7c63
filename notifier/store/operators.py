"""Numbers whose prefix does not say any more who carries them: what a list says of them, or that nobody knows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import ContactKind
from notifier.domain.operators import Operator
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


async def set_operators(ledger: Ledger, known: Sequence[tuple[str, Operator]], now: datetime) -> None:
    """Each of these numbers is with its operator, whatever its prefix says. Empty is fine. Safe to repeat."""
    rows = [
        {
            "hash": ledger.vault.blind(ContactKind.PHONE.value, phone),
            "operator": operator.value,
            "now": stamp(now),
        }
        for phone, operator in known
    ]
    if rows:
        async with ledger.writing() as c:
            await c.execute(
                text(
                    "INSERT INTO operator_hint (phone_hash, operator, learned_at) VALUES (:hash, :operator, :now) "
                    "ON CONFLICT (phone_hash) DO UPDATE SET operator = excluded.operator, "
                    "learned_at = excluded.learned_at"
                ),
                rows,
            )
