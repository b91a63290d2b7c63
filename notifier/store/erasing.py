"""What lines, notices and inquiries say of people whose data is erased (P6): who they are goes, sums and dates stay."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger

ERASED = "已删除"
_BATCH = 500
_WHO = ("name", "text")
"""Facts of a notice of one's own that can name its reader."""


async def erase_said(c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int]) -> None:
    """Nothing that was paid, told or asked says any more that it was one of these households' people. Repeatable."""
    homes = {"homes": ledger.listed(household_ids)}
    await _erase_lines(c, ledger, homes)
    await _erase_notices(c, ledger, homes)
    await _erase_texts(c, ledger, homes)


def nothing() -> bytes:
    """A hash by which nothing is found."""
    return secrets.token_bytes(16)


async def many(c: AsyncConnection, statement: str, rows: list[dict[str, Any]]) -> None:
    """The statement once for each of the rows; none is fine."""
    if rows:
        await c.execute(text(statement), rows)


async def _erase_lines(c: AsyncConnection, ledger: Ledger, homes: Mapping[str, object]) -> None:
    found = await c.execute(text(f"SELECT id FROM payment WHERE {ledger.among('household_id', 'homes')}"), homes)
    seal = ledger.vault.seal_text
    await many(
        c,
        "UPDATE payment SET beneficiary_sealed = :name, name_hash = :hash, holder_sealed = NULL, id_sealed = NULL, "
        "id_hash = NULL, account_hash = NULL WHERE id = :id",
        [
            {"id": n, "name": seal("payment.beneficiary_sealed", n, ERASED), "hash": nothing()}
            for n in found.scalars().all()
        ],
    )


async def _erase_notices(c: AsyncConnection, ledger: Ledger, homes: Mapping[str, object]) -> None:
    """Notices of one's own only: the one that a policy's messages share names nobody."""
    place, after = "notice.facts_sealed", 0
    query = text(
        "SELECT n.id, n.facts_sealed FROM owed o JOIN message m ON m.owed_id = o.id AND m.notice_id = m.id "
        f"JOIN notice n ON n.id = m.id WHERE {ledger.among('o.household_id', 'homes')} AND n.id > :after "
        f"ORDER BY n.id LIMIT {_BATCH}"
    )
    while rows := (await c.execute(query, {**homes, "after": after})).all():
        after, changed = int(rows[-1].id), []
        for row in rows:
            facts = json.loads(ledger.vault.open(place, row.id, bytes(row.facts_sealed)))
            facts |= {key: ERASED for key in _WHO if facts.get(key)}
            kept = json.dumps(facts, ensure_ascii=False).encode()
            changed.append({"id": row.id, "facts": ledger.vault.seal(place, row.id, kept)})
        await many(c, "UPDATE notice SET facts_sealed = :facts WHERE id = :id", changed)


async def _erase_texts(c: AsyncConnection, ledger: Ledger, homes: Mapping[str, object]) -> None:
    theirs = f"SELECT id FROM inquiry WHERE {ledger.among('household_id', 'homes')}"
    for table, query in (
        ("inquiry", theirs),
        ("inquiry_step", f"SELECT id FROM inquiry_step WHERE text_sealed IS NOT NULL AND inquiry_id IN ({theirs})"),
    ):
        found = (await c.execute(text(query), homes)).scalars().all()
        rows = [{"id": n, "text": ledger.vault.seal_text(f"{table}.text_sealed", n, ERASED)} for n in found]
        await many(c, f"UPDATE {table} SET text_sealed = :text WHERE id = :id", rows)
