"""Lines that another batch of the same item and period has too: they wait until a person says what they are."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger

_SIBLINGS = text(
    "SELECT o.id, o.filing_number FROM benefit b JOIN benefit o ON o.item = b.item AND o.period = b.period "
    "AND o.id <> b.id WHERE b.id = :id AND b.period IS NOT NULL AND o.kind = 'disbursement' AND o.audit <> 'returned'"
)


async def hold_repeated(ledger: Ledger, c: AsyncConnection, benefit_id: int) -> int:
    """New lines that stand, figure for figure, in another batch of the item and period are held; how many.

    A batch without a period is not judged: the same sum every month is no repetition. A 待整改 one does not count.
    """
    siblings = [int(row.id) for row in await c.execute(_SIBLINGS, {"id": benefit_id})]
    if not siblings:
        return 0
    held = await c.execute(
        text(
            "UPDATE payment SET match_state = 'repeated', match_why = '另一批次中有完全相同的一笔，待人工核对' "
            "WHERE benefit_id = :id AND match_state = 'new' AND EXISTS (SELECT 1 FROM payment q "
            f"WHERE {ledger.among('q.benefit_id', 'siblings')} AND q.line_hash = payment.line_hash "
            "AND q.match_state NOT IN ('refused', 'repeated'))"
        ),
        {"id": benefit_id, "siblings": ledger.listed(siblings)},
    )
    return int(held.rowcount)


async def settle_repeated(c: AsyncConnection, benefit_id: int, who: str, *, tells: bool) -> int:
    """The held lines of a batch are payments of their own and will be matched, or nobody is told of them; how many."""
    then = (
        "match_state = 'new', match_why = NULL"
        if tells
        else "match_state = 'refused', match_why = '与另一批次重复，不再通知（' || CAST(:who AS TEXT) || '）'"
    )
    settled = await c.execute(
        text(f"UPDATE payment SET {then} WHERE benefit_id = :id AND match_state = 'repeated'"),
        {"id": benefit_id} | ({} if tells else {"who": who}),
    )
    return int(settled.rowcount)
