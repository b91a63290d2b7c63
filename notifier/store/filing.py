"""三级备案 三级审核 of projects: what each level did, what a file said, and which projects wait for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import AuditState
from notifier.domain.errors import InputError
from notifier.domain.filing import AUDIT_ORDER, FilingDeed, Progress, has_passed, progress_of, states_of
from notifier.domain.free_text import masked_or_none
from notifier.domain.regions import level_of, span
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp


@dataclass(frozen=True, slots=True)
class Step:
    """One deed of one level on a project. `who` is a user's name, or source:NAME for what a file said."""

    deed: FilingDeed
    level: AuditState
    who: str
    at: datetime
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A disbursement with its filing. `n_repeated` lines wait, since another batch has them too. Newest step last."""

    benefit_id: int
    title: str
    region_code: str | None
    filing_number: str | None
    found_at: datetime
    filed: AuditState
    audit: AuditState
    n_lines: int
    n_rejected: int
    n_repeated: int
    amount_fen: int
    steps: Sequence[Step] = ()

    def progress(self, levels: Sequence[AuditState]) -> Progress:
        """Where it stands among the levels in force."""
        return progress_of(self.filed, self.audit, levels)


_PROJECT = (
    "SELECT b.id, b.title, b.region_code, b.filing_number, b.found_at, b.filed, b.audit, b.n_lines, b.n_rejected, "
    "(SELECT COUNT(*) FROM payment p WHERE p.benefit_id = b.id AND p.match_state = 'repeated') AS n_repeated, "
    "(SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS BIGINT) FROM payment p WHERE p.benefit_id = b.id) AS amount_fen "
    "FROM benefit b WHERE b.kind = 'disbursement'"
)


async def list_projects(
    ledger: Ledger, region_code: str, *, audit: AuditState | None = None, before: int | None = None, most: int = 50
) -> list[Project]:
    """Projects inside the region, the newest first, below id `before`; only those whose audit stands at `audit`.

    Those of no region are the county's own and are shown to it and to those above.
    """
    inside, bound = _inside(region_code)
    more = "" if before is None else " AND b.id < :before"
    only = "" if audit is None else " AND b.audit = :audit"
    bound |= {"most": most}
    bound |= {} if before is None else {"before": before}
    bound |= {} if audit is None else {"audit": audit.value}
    async with ledger.reading() as c:
        rows = await c.execute(text(f"{_PROJECT}{inside}{more}{only} ORDER BY b.id DESC LIMIT :most"), bound)
        return await _with_steps(ledger, c, [_project(row) for row in rows])


async def count_projects(ledger: Ledger, region_code: str) -> Mapping[AuditState, int]:
    """How many projects inside the region stand at each audit state; every state is there."""
    inside, bound = _inside(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(f"SELECT b.audit, COUNT(*) FROM benefit b WHERE b.kind = 'disbursement'{inside} GROUP BY b.audit"),
            bound,
        )
        return dict.fromkeys(AuditState, 0) | {AuditState(audit): int(n) for audit, n in rows}


async def project(ledger: Ledger, benefit_id: int, region_code: str) -> Project:
    """The project, when it is inside the region. Raises InputError, the same for none and for another region's."""
    inside, bound = _inside(region_code)
    async with ledger.reading() as c:
        row = (await c.execute(text(f"{_PROJECT}{inside} AND b.id = :id"), bound | {"id": benefit_id})).first()
        if row is None:
            raise InputError(f"没有编号为 {benefit_id} 的到户项目，或不在您管辖的地区内")
        return (await _with_steps(ledger, c, [_project(row)]))[0]


def _inside(region_code: str) -> tuple[str, dict[str, Any]]:
    first, last = span(region_code)
    countys = " OR b.region_code IS NULL" if level_of(region_code) in ("county", "city", "province") else ""
    return f" AND (b.region_code BETWEEN :first AND :last{countys})", {"first": first, "last": last}


def _project(row: Any) -> Project:
    return Project(
        benefit_id=int(row.id),
        title=row.title,
        region_code=row.region_code,
        filing_number=row.filing_number,
        found_at=instant(row.found_at),
        filed=AuditState(row.filed),
        audit=AuditState(row.audit),
        n_lines=row.n_lines,
        n_rejected=row.n_rejected,
        n_repeated=int(row.n_repeated),
        amount_fen=int(row.amount_fen),
    )


async def _with_steps(ledger: Ledger, c: AsyncConnection, found: Sequence[Project]) -> list[Project]:
    rows = await c.execute(
        text(
            "SELECT benefit_id, deed, level, who, at, remark FROM filing_step "
            f"WHERE {ledger.among('benefit_id', 'ids')} ORDER BY id"
        ),
        {"ids": ledger.listed([one.benefit_id for one in found])},
    )
    steps: dict[int, list[Step]] = {}
    for row in rows:
        step = Step(FilingDeed(row.deed), AuditState(row.level), row.who, instant(row.at), row.remark)
        steps.setdefault(int(row.benefit_id), []).append(step)
    return [replace(one, steps=tuple(steps.get(one.benefit_id, ()))) for one in found]


async def stand(
    c: AsyncConnection, benefit_id: int, was: Progress, then: Progress, levels: Sequence[AuditState]
) -> None:
    """The project stands at `then`. Raises InputError when somebody moved it from `was` meanwhile."""
    row = (
        await c.execute(
            # An update that changes nothing is a row lock in both databases.
            text("UPDATE benefit SET version = version WHERE id = :id RETURNING filed, audit"),
            {"id": benefit_id},
        )
    ).one()
    if progress_of(AuditState(row.filed), AuditState(row.audit), levels) != was:
        raise InputError("这个项目刚被别人办理过；请刷新后再试")
    filed, audit = states_of(then, levels)
    await c.execute(
        text("UPDATE benefit SET filed = :filed, audit = :audit WHERE id = :id"),
        {"filed": filed.value, "audit": audit.value, "id": benefit_id},
    )


async def add_step(c: AsyncConnection, benefit_id: int, step: Step) -> None:
    """The step is on record; numbers in its remark are masked."""
    (step_id,) = await take_ids(c, "filing_step", 1)
    await c.execute(
        text(
            "INSERT INTO filing_step (id, benefit_id, deed, level, who, remark, at) "
            "VALUES (:id, :benefit, :deed, :level, :who, :remark, :at)"
        ),
        {
            "id": step_id,
            "benefit": benefit_id,
            "deed": step.deed.value,
            "level": step.level.value,
            "who": step.who,
            "remark": masked_or_none(step.remark),
            "at": stamp(step.at),
        },
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of its project: audited so far, and whether it has a 备案号, which the county gives."""

    audit: AuditState
    has_number: bool
    source: str
    at: datetime


async def declare(c: AsyncConnection, benefit_id: int, said: Said, final: AuditState) -> bool:
    """The project's states are the higher of its own and what a file says; True when the audit rose. Safe to repeat.

    待整改 can come until the final audit; what has passed it stays passed, whatever an older copy says.
    """
    row = (await c.execute(text("SELECT filed, audit FROM benefit WHERE id = :id"), {"id": benefit_id})).one()
    filed, audit = AuditState(row.filed), AuditState(row.audit)
    new_filed = max(filed, AuditState.COUNTY if said.has_number else said.audit, key=AUDIT_ORDER.index)
    rises = AUDIT_ORDER.index(said.audit) > AUDIT_ORDER.index(audit)
    sent_back = said.audit is AuditState.RETURNED and audit is not said.audit and not has_passed(audit, final)
    steps: list[tuple[FilingDeed, AuditState]] = []
    if new_filed is not filed:
        steps.append((FilingDeed.FILE, new_filed))
    if rises and said.audit is not AuditState.NONE:
        steps.append((FilingDeed.AUDIT, said.audit))
    if sent_back:
        steps.append((FilingDeed.RETURN, AuditState.COUNTY))
    if new_filed is not filed or rises or sent_back:
        then = said.audit if rises or sent_back else audit
        await c.execute(
            text("UPDATE benefit SET filed = :filed, audit = :audit WHERE id = :id"),
            {"id": benefit_id, "filed": new_filed.value, "audit": then.value},
        )
    for deed, level in steps:
        await add_step(c, benefit_id, Step(deed, level, f"source:{said.source}", said.at))
    return rises
