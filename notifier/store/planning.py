"""Planning: the denominator of a campaign by one INSERT … SELECT (P1), its counts kept in step in the same transaction.

`campaign.planned_at` None means that a launched campaign must be planned (again): at first, and whenever a payment of
its benefit found its person later.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import BenefitKind
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.rule_forms import from_json
from notifier.store.ledger import Ledger, take_ids
from notifier.store.rules import Bound, compile_rule
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount
from notifier.store.told_lines import lines_of

_NOT_YET = "NOT EXISTS (SELECT 1 FROM owed o WHERE o.campaign_id = :campaign AND o.household_id = h.id)"
_LINES = (
    "(SELECT p.household_id, COUNT(*) AS n, MIN(p.match_why) AS why FROM {lines} p "
    "WHERE p.benefit_id = :benefit AND p.state = :purpose AND p.match_state = 'matched' GROUP BY p.household_id)"
)


async def plan(ledger: Ledger, campaign_id: int, clock: Clock) -> int:
    """Every active household that the campaign owes a notice has its Owed row; gives how many are new.

    Safe to repeat: a household that is there already stays as it is, unless another payment line of it was found: then
    it waits to be composed again. A finished campaign with such rows runs again.
    Raises InputError when there is no such campaign, or a policy's rule is missing or cannot be read.
    """
    async with ledger.writing() as c:
        row = (await c.execute(_LOCKED, {"campaign": campaign_id})).one_or_none()
        if row is None:
            raise InputError(f"没有编号为 {campaign_id} 的通知任务")
        if row.kind == BenefitKind.DISBURSEMENT:
            audience = _by_lines(campaign_id, int(row.benefit_id), row.purpose)
        else:
            audience = _by_rule(campaign_id, row.rule, row.rule_text)
        n_again = 0
        if row.kind == BenefitKind.DISBURSEMENT:
            n_again = await _reopen(c, ledger, campaign_id, clock.now())
        n_new = await _insert(c, campaign_id, audience, clock.now())
        await c.execute(
            text(
                "UPDATE campaign SET planned_at = :at, "
                "state = CASE WHEN state = 'finished' AND :n > 0 THEN 'running' ELSE state END, "
                "finished_at = CASE WHEN :n > 0 THEN NULL ELSE finished_at END, "
                "composed_at = CASE WHEN :n > 0 THEN NULL ELSE composed_at END WHERE id = :campaign"
            ),
            {"campaign": campaign_id, "at": stamp(clock.now()), "n": n_new + n_again},
        )
    return n_new


# An update that changes nothing is a row lock in both databases: two servers plan one after the other.
_LOCKED = text(
    "UPDATE campaign SET planned_at = planned_at WHERE id = :campaign "
    "RETURNING kind, benefit_id, purpose, rule, rule_text"
)


@dataclass(frozen=True, slots=True)
class _Audience:
    """`households` follows SELECT … and names them `h`; `why` is SQL for the reason; `said` is bound only with it."""

    households: str
    why: str
    bound: Bound
    said: Bound


def _by_rule(campaign_id: int, form: str | None, rule_text: str | None) -> _Audience:
    if form is None:
        raise InputError(f"通知任务 {campaign_id} 还没有确定通知对象；请先选定规则")
    condition, bound = compile_rule(from_json(form))
    return _Audience(
        f"FROM household h WHERE h.state = 'active' AND ({condition})",
        "CAST(:why AS TEXT)",
        bound,
        {"why": f"符合条件：{rule_text or '见规则'}"},
    )


def _by_lines(campaign_id: int, benefit_id: int, purpose: str) -> _Audience:
    lines = _LINES.format(lines=lines_of(purpose, campaign_id))
    return _Audience(
        f"FROM household h JOIN {lines} l ON l.household_id = h.id WHERE h.state = 'active'",
        "'发放清单中有' || CAST(l.n AS TEXT) || '笔，' || COALESCE(l.why, '已核对')",
        {"benefit": benefit_id, "purpose": purpose},
        {},
    )


async def _insert(c: AsyncConnection, campaign_id: int, audience: _Audience, now: datetime) -> int:
    # The counter is locked until the end, so that ids can be taken for as many rows as there were to make.
    first = (await take_ids(c, "owed", 0)).start
    planned = text("SELECT 1 FROM owed WHERE campaign_id = :campaign LIMIT 1")
    is_again = (await c.execute(planned, {"campaign": campaign_id})).first() is not None
    # A SELECT that reads the table it fills is written out first by SQLite; nobody is there yet the first time.
    households = f"{audience.households} AND {_NOT_YET}" if is_again else audience.households
    insert = (
        "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, state_at) "
        "SELECT CAST(:first AS BIGINT) + ROW_NUMBER() OVER (ORDER BY h.id) - 1, CAST(:campaign AS BIGINT), h.id, "
        f"h.region_code, {audience.why}, 'pending', -1, CAST(:now AS BIGINT) {households} "
        "ON CONFLICT (campaign_id, household_id) DO NOTHING"
    )
    asked: Bound = {"campaign": campaign_id, "first": first, "now": stamp(now), **audience.bound, **audience.said}
    inserted = await c.execute(text(insert), asked)
    last = (await c.execute(text("SELECT MAX(id) FROM owed WHERE id >= :first"), {"first": first})).scalar()
    if last is None:
        return 0
    await take_ids(c, "owed", int(last) - first + 1)
    made = "o.id >= :first AND o.id <= :last AND o.campaign_id = :campaign"
    await count(c, "owed", made, {"first": first, "last": int(last), "campaign": campaign_id})
    return inserted.rowcount


async def _reopen(c: AsyncConnection, ledger: Ledger, campaign_id: int, now: datetime) -> int:
    """Composed households that have a line nobody told them wait to be composed again (P5); how many."""
    rows = await c.execute(
        text(
            "SELECT o.id FROM owed o JOIN campaign k ON k.id = o.campaign_id WHERE o.campaign_id = :campaign "
            "AND o.composed_step = 0 AND o.state <> 'excused' AND EXISTS (SELECT 1 FROM payment p "
            "WHERE p.household_id = o.household_id AND p.benefit_id = k.benefit_id AND p.state = k.purpose "
            "AND p.match_state = 'matched' AND p.told_person_id IS NULL)"
        ),
        {"campaign": campaign_id},
    )
    chosen = {"ids": ledger.listed([int(row.id) for row in rows])}
    await uncount(c, "owed", ledger.among("o.id", "ids"), chosen)
    reopened = await c.execute(
        text(
            "UPDATE owed SET composed_step = -1, state_at = CASE WHEN state = 'reached' THEN :now ELSE state_at END, "
            "level = CASE WHEN state = 'reached' THEN NULL ELSE level END, "
            "state = CASE WHEN state = 'reached' THEN 'pending' ELSE state END "
            f"WHERE {ledger.among('id', 'ids')} AND composed_step = 0"
        ),
        chosen | {"now": stamp(now)},
    )
    await count(c, "owed", ledger.among("o.id", "ids"), chosen)
    return int(reopened.rowcount)


async def audience(ledger: Ledger, campaign_id: int) -> int:
    """How many households planning would add today. Raises InputError: no such campaign, or no rule yet."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text("SELECT kind, benefit_id, purpose, rule, rule_text FROM campaign WHERE id = :campaign"),
                {"campaign": campaign_id},
            )
        ).one_or_none()
        if row is None:
            raise InputError(f"没有编号为 {campaign_id} 的通知任务")
        if row.kind == BenefitKind.DISBURSEMENT:
            found = _by_lines(campaign_id, int(row.benefit_id), row.purpose)
        else:
            found = _by_rule(campaign_id, row.rule, row.rule_text)
        counted = await c.execute(
            text(f"SELECT COUNT(*) {found.households} AND {_NOT_YET}"), {"campaign": campaign_id, **found.bound}
        )
        return int(counted.scalar_one())


async def plan_due(ledger: Ledger, clock: Clock) -> dict[int, int]:
    """Every launched campaign that waits to be planned is; gives the new Owed rows by campaign. Safe to repeat."""
    async with ledger.reading() as c:
        due = await c.execute(
            text(
                "SELECT id FROM campaign WHERE planned_at IS NULL AND state IN ('running', 'paused', 'finished') "
                "ORDER BY id"
            )
        )
        ids = [int(campaign_id) for (campaign_id,) in due]
    return {campaign_id: await plan(ledger, campaign_id, clock) for campaign_id in ids}


async def ask_replan(c: AsyncConnection, benefit_id: int) -> None:
    """The launched campaigns of a benefit will be planned again, since its payments found more persons."""
    await c.execute(
        text(
            "UPDATE campaign SET planned_at = NULL WHERE benefit_id = :benefit "
            "AND state IN ('running', 'paused', 'finished')"
        ),
        {"benefit": benefit_id},
    )
