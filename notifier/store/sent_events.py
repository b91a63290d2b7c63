"""Which call a subscription notice's event belongs to, since the call's own answer names no reference."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import ContactKind
from notifier.store.receipts import Word
from notifier.store.tables.columns import stamp

_ROUNDED_DOWN = timedelta(seconds=1)  # an event's time is a whole second
# From the address to its few messages to their calls, in this order: CROSS JOIN keeps SQLite to it, and the coalesce
# keeps both from beginning with the many calls that have no reference yet.
CANDIDATE = text(
    "SELECT a.id FROM contact t CROSS JOIN owed o CROSS JOIN message m CROSS JOIN attempt a "
    "WHERE t.value_hash = :hash AND t.kind = :kind AND o.household_id = t.household_id "
    "AND m.owed_id = o.id AND m.contact_id = t.id AND m.state NOT IN ('delivered', 'failed', 'withdrawn') "
    "AND a.chunk_id = m.chunk_id AND a.message_ids = '[' || CAST(m.id AS VARCHAR(20)) || ']' "
    "AND a.template = :template AND a.gateway = :gateway AND coalesce(a.provider_ref, '') = '' "
    "AND (a.outcome IS NULL OR a.outcome IN ('accepted', 'unsure')) "
    "ORDER BY CASE WHEN a.started_at <= CAST(:at AS BIGINT) THEN 0 ELSE 1 END, "
    "abs(a.started_at - CAST(:at AS BIGINT)), a.id LIMIT 1"
)


async def bind_sent_events(c: AsyncConnection, words: Sequence[Word]) -> None:
    """Each word that names a template has its call: the call has the word's reference from now on, as if answered.

    It is the call to that address with that template that is neither settled by an event nor refused and that began
    last before the event; with clocks apart, the one that began soonest after. So an event that never came leaves only
    its own call without one, and a repeat finds its call by the reference. Safe to repeat; empty is fine.
    """
    for word in words:
        if word.template and not await _is_bound(c, word):
            await _bind(c, word)


async def _is_bound(c: AsyncConnection, word: Word) -> bool:
    found = await c.execute(
        text("SELECT 1 FROM attempt WHERE provider_ref = :ref AND gateway = :gateway LIMIT 1"),
        {"ref": word.provider_ref, "gateway": word.gateway},
    )
    return found.first() is not None


async def _bind(c: AsyncConnection, word: Word) -> None:
    asked = {
        "template": word.template,
        "hash": word.address_hash,
        "kind": ContactKind.OPENID.value,
        "gateway": word.gateway,
        "at": stamp(word.at + _ROUNDED_DOWN),
    }
    while (row := (await c.execute(CANDIDATE, asked)).first()) is not None:
        bound = await c.execute(
            text("UPDATE attempt SET provider_ref = :ref WHERE id = :id AND provider_ref IS NULL"),
            {"ref": word.provider_ref, "id": row.id},
        )
        if bound.rowcount:  # else another process gave it to another event just now
            return
