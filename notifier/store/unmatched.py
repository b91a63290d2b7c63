"""The queue of payment lines that found nobody, or several: what a person sees, and what they decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.identity import mask_id, mask_name
from notifier.store import audit
from notifier.store.candidates import Candidate, candidates
from notifier.store.ledger import Ledger
from notifier.store.likely_persons import remember
from notifier.store.planning import ask_replan

_OPEN = "(p.match_state = 'ambiguous' OR p.match_state = 'unknown')"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A line of the queue; name and id are masked. `state` is ambiguous or unknown, `why` says it in Chinese."""

    payment_id: int
    benefit_id: int
    title: str
    sheet: str
    row: int
    name: str
    id_number: str | None
    village: str | None
    group: str | None
    amount_fen: int | None
    state: str
    why: str
    candidates: Sequence[Candidate]


async def list_unmatched(
    ledger: Ledger, *, benefit_id: int | None = None, after: int = 0, limit: int = 50
) -> list[Unmatched]:
    """The queue in the order of ids, from the one behind `after`; up to ten candidates a line (the surest first)."""
    only = "" if benefit_id is None else "AND p.benefit_id = :benefit "
    bound = {"after": after, "limit": limit} | ({} if benefit_id is None else {"benefit": benefit_id})
    async with ledger.reading() as c:
        rows = (
            await c.execute(
                text(
                    "SELECT p.id, p.benefit_id, b.title, p.sheet, p.row, p.beneficiary_sealed, p.id_sealed, p.village, "
                    "p.group_name, p.amount_fen, p.match_state, p.match_why FROM payment p "
                    "JOIN benefit b ON b.id = p.benefit_id "
                    f"WHERE {_OPEN} AND p.id > :after {only}ORDER BY p.id LIMIT :limit"
                ),
                bound,
            )
        ).all()
        found = await candidates(c, ledger, [int(row.id) for row in rows])
    vault = ledger.vault
    return [
        Unmatched(
            payment_id=row.id,
            benefit_id=row.benefit_id,
            title=row.title,
            sheet=row.sheet,
            row=row.row,
            name=mask_name(vault.open_text("payment.beneficiary_sealed", row.id, row.beneficiary_sealed)),
            id_number=None
            if row.id_sealed is None
            else mask_id(vault.open_text("payment.id_sealed", row.id, row.id_sealed)),
            village=row.village,
            group=row.group_name,
            amount_fen=row.amount_fen,
            state=row.match_state,
            why=row.match_why or "",
            candidates=found.get(row.id, ()),
        )
        for row in rows
    ]


async def queued(ledger: Ledger, payment_id: int) -> Unmatched | None:
    """One line of the queue with its candidates; None when it is not in the queue."""
    found = await list_unmatched(ledger, after=payment_id - 1, limit=1)
    return found[0] if found and found[0].payment_id == payment_id else None


async def count_unmatched(ledger: Ledger) -> Mapping[str, int]:
    """How many lines wait in the queue, by state: ambiguous, unknown."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(f"SELECT p.match_state, COUNT(*) FROM payment p WHERE {_OPEN} GROUP BY p.match_state")
        )
        return {"ambiguous": 0, "unknown": 0} | {str(state): int(n) for state, n in rows}


async def resolve(ledger: Ledger, payment_id: int, person_id: int, who: str) -> int:
    """The line is that person's, said by `who`, with its audit entry; its campaigns will be planned again.

    Remembered for lines that say the very same (`MatchDecision`).
    Gives the benefit's id.
    Raises InputError when the line is not in the queue any more, there is no such person, or their household is gone.
    """
    async with ledger.writing() as c:
        household_id = await _home_of(c, person_id)
        decided = {"state": "matched", "person": person_id, "household": household_id, "confidence": 100}
        benefit_id = await _decide(c, payment_id, {**decided, "why": f"经{who}人工核对"})
        await remember(c, payment_id, who)
        await ask_replan(c, benefit_id)
        await audit.append(c, who, "payment.resolve", {"payment": payment_id, "person": person_id})
    return benefit_id


async def _home_of(c: AsyncConnection, person_id: int) -> int:
    sql = "SELECT h.id, h.state FROM person q JOIN household h ON h.id = q.household_id WHERE q.id = :person"
    home = (await c.execute(text(sql), {"person": person_id})).one_or_none()
    if home is None:
        raise InputError(f"登记中没有编号为 {person_id} 的人员；请从候选人中选择")
    if home.state != "active":
        raise InputError(f"编号为 {person_id} 的人员所在户已不在册（迁出、销户等），不会收到通知；请先核对登记")
    return int(home.id)


async def refuse(ledger: Ledger, payment_id: int, reason: str, who: str) -> int:
    """The line is nobody's of the county, said by `who` with a reason and its audit entry; it leaves the queue.

    Gives the benefit's id. Numbers and the line's names are masked in the reason before it is kept.
    Raises InputError when the line is not in the queue any more or no reason is given.
    """
    if not reason.strip():
        raise InputError("请写明为什么这一笔不属于本县登记的农户")
    async with ledger.writing() as c:
        decided = {"state": "refused", "person": None, "household": None, "confidence": 0}
        said = masked(reason, await _names(ledger, c, payment_id))
        benefit_id = await _decide(c, payment_id, {**decided, "why": f"{said}（{who}）"})
        await audit.append(c, who, "payment.refuse", {"payment": payment_id})
    return benefit_id


async def _names(ledger: Ledger, c: AsyncConnection, payment_id: int) -> list[str]:
    statement = text("SELECT beneficiary_sealed, holder_sealed FROM payment WHERE id = :id")
    found = [dict(row) for row in (await c.execute(statement, {"id": payment_id})).mappings()]
    sealed = [(column, value) for row in found for column, value in row.items() if value is not None]
    return [ledger.vault.open_text(f"payment.{column}", payment_id, bytes(value)) for column, value in sealed]


async def _decide(c: AsyncConnection, payment_id: int, decided: Mapping[str, object]) -> int:
    benefit_id = (
        await c.execute(
            text(
                "UPDATE payment SET match_state = :state, person_id = CAST(:person AS BIGINT), "
                "household_id = CAST(:household AS BIGINT), confidence = :confidence, match_why = :why "
                "WHERE id = :id AND match_state IN ('ambiguous', 'unknown') RETURNING benefit_id"
            ),
            {**decided, "id": payment_id},
        )
    ).scalar_one_or_none()
    if benefit_id is None:
        raise InputError(f"编号为 {payment_id} 的发放记录不在待核对队列中，可能已由他人处理；请刷新后再看")
    return int(benefit_id)
