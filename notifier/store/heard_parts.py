"""Long texts that people write come in parts, in any order and more than once: kept sealed until they are whole."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import ContactKind, Heard
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_PLACE = "heard_part.sealed"
_GAP = "……"
"""What stands for a part that never came."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A long text as a whole, or what there is of it."""

    gateway: str
    push_id: int
    heard: Heard


async def keep_part(c: AsyncConnection, ledger: Ledger, gateway: str, push_id: int, heard: Heard) -> None:
    """The part waits for the others since `heard.at`. Safe to repeat, also after they were joined."""
    part = heard.part
    assert part is not None, "only parts of long texts are kept"
    [part_id] = await take_ids(c, "heard_part", 1)
    content = json.dumps([heard.address, heard.text], ensure_ascii=False).encode()
    await c.execute(
        text(
            "INSERT INTO heard_part (gateway, address_hash, reference, total, number, id, key, push_id, sealed, at) "
            "SELECT CAST(:gateway AS VARCHAR), CAST(:hash AS {bytes}), CAST(:reference AS INTEGER), "
            "CAST(:total AS INTEGER), CAST(:number AS INTEGER), CAST(:id AS BIGINT), CAST(:key AS VARCHAR), "
            "CAST(:push AS BIGINT), CAST(:sealed AS {bytes}), CAST(:at AS BIGINT) "
            "WHERE NOT EXISTS (SELECT 1 FROM heard_text h WHERE h.key = :key) "
            "ON CONFLICT (gateway, address_hash, reference, total, number) DO NOTHING".format(
                bytes="BLOB" if ledger.is_sqlite else "BYTEA"
            )
        ),
        {
            "gateway": gateway,
            "hash": ledger.vault.blind(ContactKind.PHONE.value, heard.address),
            "reference": part.reference,
            "total": part.total,
            "number": part.number,
            "id": part_id,
            "key": heard.key,
            "push": push_id,
            "sealed": ledger.vault.seal(_PLACE, part_id, content),
            "at": stamp(heard.at),
        },
    )


async def take_joined(c: AsyncConnection, ledger: Ledger, given_up: datetime, now: datetime) -> list[Joined]:
    """The texts that are whole by now, and what there is of those whose first part came before `given_up`.

    They wait no longer if the caller commits, and a repeat of any of their parts is known.
    """
    rows = (
        await c.execute(
            text(
                "SELECT p.* FROM heard_part p JOIN (SELECT gateway, address_hash, reference, total FROM heard_part "
                "GROUP BY gateway, address_hash, reference, total HAVING COUNT(*) = total OR MIN(at) < :before) w "
                "ON w.gateway = p.gateway AND w.address_hash = p.address_hash AND w.reference = p.reference "
                "AND w.total = p.total ORDER BY p.gateway, p.address_hash, p.reference, p.total, p.number"
            ),
            {"before": stamp(given_up)},
        )
    ).all()
    if not rows:
        return []
    taken = [{"id": row.id, "key": row.key, "push": row.push_id, "now": stamp(now)} for row in rows]
    await c.execute(text("DELETE FROM heard_part WHERE id = :id"), taken)
    await c.execute(
        text(
            "INSERT INTO heard_text (key, push_id, meanings, at) VALUES (:key, :push, 'part', :now) "
            "ON CONFLICT (key) DO NOTHING"
        ),
        taken,
    )
    groups = groupby(rows, key=lambda row: (row.gateway, bytes(row.address_hash), row.reference, row.total))
    return [_joined(ledger, list(group)) for _, group in groups]


def _joined(ledger: Ledger, rows: Sequence[Row[Any]]) -> Joined:
    opened = {row.number: json.loads(ledger.vault.open(_PLACE, row.id, bytes(row.sealed))) for row in rows}
    [address, _] = opened[rows[0].number]
    whole = "".join(opened[number][1] if number in opened else _GAP for number in range(1, rows[0].total + 1))
    at = min(row.at for row in rows)
    heard = Heard(address, whole, f"{rows[0].key}+{len(rows)}", instant(at))
    return Joined(rows[0].gateway, int(rows[0].push_id), heard)
