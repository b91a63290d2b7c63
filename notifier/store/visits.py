"""Visits decided: signed off, excused by two people, or nobody was met. `visit_list` shows what waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.free_text import masked, masked_or_none
from notifier.domain.outcomes import EXCUSES, REASON_TEXT, Reason
from notifier.store import audit
from notifier.store.forms import is_first
from notifier.store.ledger import Ledger
from notifier.store.reaching import reach_owed
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount
from notifier.store.visit_photos import Photo, keep_photo

ABSENCES = frozenset({Reason.LOST, Reason.AWAY})
"""What an officer finds at the door that leaves the household unreached: 失联, 整户外出."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an officer reports of a visit: who went, when, how (上门, 电话 …), a remark, and perhaps a photo.

    Numbers and the household's names are masked in how and remark before they are kept. `once` is the token of the
    form it came by: the same form again changes nothing.
    """

    who: str
    visited_at: datetime
    how: str
    remark: str | None = None
    photo: Photo | None = None
    once: str | None = None


async def sign(ledger: Ledger, visit_ids: Sequence[int], report: Report, now: datetime) -> bool:
    """The household is reached for each of the visits, acknowledged by a person; False for a form that came again.

    Raises InputError when one is over, and changes none then. A visit for which an excuse was asked can be signed too:
    somebody was there after all. The photo is kept with the first.
    """
    async with ledger.writing() as c:
        if not await is_first(c, ledger, report.once, now):
            return False
        report = await _without_persons(c, ledger, visit_ids[0], report)
        owed_ids = [await _take(c, one, ("open", "excuse_asked"), "signed", report) for one in visit_ids]
        await reach_owed(c, ledger, owed_ids, "acknowledged", now)
        if report.photo is not None:
            await keep_photo(c, ledger, visit_ids[0], report.photo, now)
        for one in visit_ids:
            await audit.append(c, report.who, "visit.sign", {"visit": one, "how": report.how}, at=now)
    return True


async def ask_excuse(ledger: Ledger, visit_id: int, excuse: Reason, report: Report, now: datetime) -> bool:
    """The excuse waits for a second person; False for a form that came again.

    Raises InputError for another reason or a visit that is not open.
    """
    if excuse not in EXCUSES:
        raise InputError("免通知原因只能是:" + "、".join(REASON_TEXT[one] for one in sorted(EXCUSES)))
    async with ledger.writing() as c:
        if not await is_first(c, ledger, report.once, now):
            return False
        report = await _without_persons(c, ledger, visit_id, report)
        await _take(c, visit_id, ("open",), "excuse_asked", report)
        await c.execute(
            text("UPDATE visit SET excuse = :excuse WHERE id = :id"), {"excuse": excuse.value, "id": visit_id}
        )
        await audit.append(c, report.who, "visit.ask_excuse", {"visit": visit_id, "excuse": excuse.value}, at=now)
    return True


async def note_absence(ledger: Ledger, visit_id: int, found: Reason, report: Report, now: datetime) -> bool:
    """The household is unreached because nobody was met, and its visit stays open; False for a form that came again.

    Raises InputError for another reason than 失联 or 整户外出, or a visit that is not open.
    """
    if found not in ABSENCES:
        raise InputError("未遇到人的原因只能是:" + "、".join(REASON_TEXT[one] for one in sorted(ABSENCES)))
    async with ledger.writing() as c:
        if not await is_first(c, ledger, report.once, now):
            return False
        report = await _without_persons(c, ledger, visit_id, report)
        owed_id = await _take(c, visit_id, ("open",), "open", report)
        await c.execute(
            text("UPDATE visit SET reason = :reason WHERE id = :id"), {"reason": found.value, "id": visit_id}
        )
        where = "o.id = :id AND o.state = 'unreached'"
        await uncount(c, "owed", where, {"id": owed_id})
        await c.execute(
            text("UPDATE owed SET reason = :reason, state_at = :now WHERE id = :id AND state = 'unreached'"),
            {"reason": found.value, "now": stamp(now), "id": owed_id},
        )
        await count(c, "owed", where, {"id": owed_id})
        await audit.append(c, report.who, "visit.absent", {"visit": visit_id, "found": found.value}, at=now)
    return True


async def decline_excuse(ledger: Ledger, visit_id: int, who: str, now: datetime) -> None:
    """The excuse does not hold and the visit waits again. Raises InputError when nothing was asked."""
    async with ledger.writing() as c:
        taken = await c.execute(
            text(
                "UPDATE visit SET state = 'open', excuse = NULL, by_user = NULL, visited_at = NULL, how = NULL "
                "WHERE id = :id AND state = 'excuse_asked' RETURNING id"
            ),
            {"id": visit_id},
        )
        if taken.first() is None:
            raise InputError("这条入户任务没有待确认的免通知申请;请刷新后再试")
        await audit.append(c, who, "visit.decline_excuse", {"visit": visit_id}, at=now)


async def confirm_excuse(ledger: Ledger, visit_id: int, who: str, now: datetime) -> None:
    """The household is excused. Raises InputError when nothing was asked, or by the person who asked."""
    async with ledger.writing() as c:
        row = (
            await c.execute(
                text("SELECT owed_id, excuse, by_user FROM visit WHERE id = :id AND state = 'excuse_asked'"),
                {"id": visit_id},
            )
        ).first()
        if row is None:
            raise InputError("这条入户任务没有待确认的免通知申请;请刷新后再试")
        if row.by_user == who:
            raise InputError("不能确认自己提出的免通知申请;请由另一人确认")
        await c.execute(
            text("UPDATE visit SET state = 'excused', confirmed_by = :who WHERE id = :id"),
            {"who": who, "id": visit_id},
        )
        await _excuse(c, int(row.owed_id), row.excuse, now)
        await audit.append(c, who, "visit.confirm_excuse", {"visit": visit_id, "excuse": row.excuse}, at=now)


async def _excuse(c: AsyncConnection, owed_id: int, excuse: str, now: datetime) -> None:
    one = {"id": owed_id}
    await uncount(c, "owed", "o.id = :id AND o.state IN ('pending', 'unreached')", one)
    excused = await c.execute(
        text(
            "UPDATE owed SET state = 'excused', reason = :reason, state_at = :now "
            "WHERE id = :id AND state IN ('pending', 'unreached')"
        ),
        one | {"reason": excuse, "now": stamp(now)},
    )
    if not excused.rowcount:
        raise InputError("这一户已经通知到,不能再免通知")
    await count(c, "owed", "o.id = :id", one)


async def _without_persons(c: AsyncConnection, ledger: Ledger, visit_id: int, report: Report) -> Report:
    rows = await c.execute(
        text(
            "SELECT p.id, p.name_sealed FROM visit v JOIN owed o ON o.id = v.owed_id "
            "JOIN person p ON p.household_id = o.household_id WHERE v.id = :id"
        ),
        {"id": visit_id},
    )
    names = [ledger.vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed)) for row in rows]
    return replace(report, how=masked(report.how, names), remark=masked_or_none(report.remark, names))


async def _take(c: AsyncConnection, visit_id: int, before: Sequence[str], then: str, report: Report) -> int:
    row = (
        await c.execute(
            text(
                "UPDATE visit SET state = :then, visited_at = :at, by_user = :who, how = :how, remark = :remark "
                f"WHERE id = :id AND state IN ({', '.join(repr(state) for state in before)}) RETURNING owed_id"
            ),
            {
                "then": then,
                "at": stamp(report.visited_at),
                "who": report.who,
                "how": report.how,
                "remark": report.remark,
                "id": visit_id,
            },
        )
    ).first()
    if row is None:
        raise InputError("这条入户任务已经处理过,或不存在;请刷新后再试")
    return int(row.owed_id)
