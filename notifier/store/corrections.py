"""Correction tasks: numbers that are wrong or dead, for the village that owns the record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.identity import mask_name, mask_phone
from notifier.domain.outcomes import Reason
from notifier.domain.regions import span
from notifier.store import audit
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

DISOWNED = (
    "(SELECT wrong.contact_id FROM correction_task wrong WHERE wrong.reason = 'wrong_number' "
    "AND wrong.state <> 'dismissed')"
)
"""SQL for the contacts whose holders say that they are not whom we mean: what arrives there is no evidence."""

_OPENED = (
    "INSERT INTO correction_task (id, contact_id, person_id, household_id, region_code, reason, state, opened_at) "
    "VALUES (:id, :contact, :person, :household, :region, :reason, 'open', :now) "
    "ON CONFLICT (contact_id) DO UPDATE SET state = 'open', reason = excluded.reason, "
    "opened_at = excluded.opened_at, closed_at = NULL WHERE correction_task.state <> 'open' "
    "OR (correction_task.reason = 'dead_number' AND excluded.reason = 'wrong_number')"
)


async def open_corrections(
    c: AsyncConnection, ledger: Ledger, contact_ids: Sequence[int], reason: Reason, now: datetime
) -> int:
    """Each of the contacts has an open task for the village of its household; how many were opened.

    `reason` is WRONG_NUMBER or DEAD_NUMBER. Empty is fine. Safe to repeat: an open one stays as it is, except that a
    wrong number is more than a dead one.
    """
    if not contact_ids:
        return 0
    rows = (
        await c.execute(
            text(
                "SELECT t.id, t.person_id, t.household_id, h.region_code FROM contact t "
                f"JOIN household h ON h.id = t.household_id WHERE {ledger.among('t.id', 'ids')} ORDER BY t.id"
            ),
            {"ids": ledger.listed(contact_ids)},
        )
    ).all()
    ids = await take_ids(c, "correction_task", len(rows))
    opened = 0
    for task_id, row in zip(ids, rows, strict=True):
        made = await c.execute(
            text(_OPENED),
            {
                "id": task_id,
                "contact": row.id,
                "person": row.person_id,
                "household": row.household_id,
                "region": row.region_code,
                "reason": reason.value,
                "now": stamp(now),
            },
        )
        opened += made.rowcount
    return opened


async def close_corrections(c: AsyncConnection, ledger: Ledger, person_ids: Sequence[int], now: datetime) -> int:
    """The open tasks of the persons' numbers are closed, since those were corrected; how many. Safe to repeat."""
    closed = await c.execute(
        text(
            "UPDATE correction_task SET state = 'closed', closed_at = :now WHERE state = 'open' "
            f"AND {ledger.among('person_id', 'persons')}"
        ),
        {"now": stamp(now), "persons": ledger.listed(person_ids)},
    )
    return int(closed.rowcount)


async def dismiss_correction(ledger: Ledger, task_id: int, who: str, now: datetime) -> None:
    """The number is right after all, says a person: it is usable again. Raises InputError when nothing is open."""
    async with ledger.writing() as c:
        contact_id = (
            await c.execute(
                text(
                    "UPDATE correction_task SET state = 'dismissed', closed_at = :now WHERE id = :id "
                    "AND state = 'open' RETURNING contact_id"
                ),
                {"now": stamp(now), "id": task_id},
            )
        ).scalar_one_or_none()
        if contact_id is None:
            raise InputError(f"没有编号为 {task_id} 的待更正号码,或已处理过;请刷新后再试")
        await c.execute(
            text("UPDATE contact SET state = 'usable' WHERE id = :id AND state = 'wrong'"), {"id": contact_id}
        )
        await c.execute(
            text("DELETE FROM number_verdict WHERE address_hash IN (SELECT value_hash FROM contact WHERE id = :id)"),
            {"id": contact_id},
        )
        await audit.append(c, who, "correction.dismiss", {"task": task_id}, at=now)


async def region_of_task(ledger: Ledger, task_id: int) -> str | None:
    """The village that a task is for; None when there is no such task."""
    async with ledger.reading() as c:
        code: str | None = (
            await c.execute(text("SELECT region_code FROM correction_task WHERE id = :id"), {"id": task_id})
        ).scalar()
    return code


@dataclass(frozen=True, slots=True)
class Correction:
    """An open task; the person's name and the number are masked."""

    task_id: int
    person_id: int
    household_id: int
    region_code: str
    group_name: str | None
    name: str = field(repr=False)
    phone: str = field(repr=False)
    reason: str
    opened_at: datetime


async def open_tasks(ledger: Ledger, region_code: str, *, after: int = 0, most: int = 50) -> list[Correction]:
    """Up to `most` open tasks of the region, by id from the one behind `after`; empty when all is corrected."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT k.id, k.person_id, k.household_id, k.region_code, k.reason, k.opened_at, h.group_name, "
                "p.name_sealed, t.id AS contact_id, t.value_sealed, t.kind FROM correction_task k "
                "JOIN contact t ON t.id = k.contact_id JOIN person p ON p.id = k.person_id "
                "JOIN household h ON h.id = k.household_id WHERE k.state = 'open' AND k.id > :after "
                "AND k.region_code BETWEEN :first AND :last ORDER BY k.id LIMIT :most"
            ),
            {"after": after, "first": first, "last": last, "most": most},
        )
        return [
            Correction(
                row.id,
                row.person_id,
                row.household_id,
                row.region_code,
                row.group_name,
                mask_name(ledger.vault.open_text("person.name_sealed", row.person_id, bytes(row.name_sealed))),
                _shown(
                    ledger.vault.open_text("contact.value_sealed", row.contact_id, bytes(row.value_sealed)), row.kind
                ),
                row.reason,
                instant(row.opened_at),
            )
            for row in rows
        ]


def _shown(value: str, kind: str) -> str:
    return mask_phone(value) if kind == "phone" else "微信"
