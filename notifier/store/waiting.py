"""The messages of a claimed chunk, opened for their letters."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import ContactKind, Notice, Waiting
from notifier.domain.operators import Operator, operator_of
from notifier.domain.shared_phones import shared_notice
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, move_messages
from notifier.store.notices import read_notice
from notifier.store.shared_phones import n_sharing

_CONTACT = "contact.value_sealed"


async def load_waiting(c: AsyncConnection, ledger: Ledger, chunk_id: int, now: datetime) -> list[Waiting]:
    """The chunk's messages that are ready or whose time has come, one a letter, each with what it says; in id order."""
    rows = (
        await c.execute(
            text(
                "SELECT m.id, m.state, m.contact_id, t.value_sealed, m.notice_id, n.kind, n.facts_sealed, "
                "t.kind AS contact_kind, m.avoid_gateway, h.phone_hash AS ported, h.operator "
                "FROM message m JOIN contact t ON t.id = m.contact_id JOIN notice n ON n.id = m.notice_id "
                "LEFT JOIN operator_hint h ON h.phone_hash = t.value_hash "
                "WHERE m.chunk_id = :chunk AND m.state IN ('ready', 'postponed') AND m.merged_into IS NULL "
                "ORDER BY m.id"
            ),
            {"chunk": chunk_id},
        )
    ).all()
    sharing = await n_sharing(c, chunk_id)
    postponed = [int(row.id) for row in rows if row.state == "postponed"]
    await move_messages(c, ledger, postponed, Cause(MessageEvent.RELEASE), now)
    shared: dict[int, Notice] = {}
    waiting = []
    for row in rows:
        if row.notice_id not in shared:
            shared[row.notice_id] = read_notice(ledger, row.notice_id, row.kind, row.facts_sealed)
        address = ledger.vault.open_text(_CONTACT, row.contact_id, row.value_sealed)
        notice = shared[row.notice_id]
        if row.id in sharing and row.notice_id == row.id:  # a notice of its own, which tells what others must not read
            notice = shared_notice(notice, sharing[row.id])
        waiting.append(Waiting(int(row.id), address, notice, _carried_by(row, address), row.avoid_gateway))
    return waiting


def _carried_by(row: Row[Any], address: str) -> Operator | None:
    if row.contact_kind != ContactKind.PHONE:
        return None
    if row.ported is not None:
        return Operator(row.operator) if row.operator else None
    return operator_of(address)
