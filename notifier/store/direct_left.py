"""Direct texts that one process leaves for another, whose connection is the only way; sealed until they are taken."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import text

from notifier.domain.direct import Direct
from notifier.domain.messages import Medium
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.store.direct import hash_of
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp

_PLACE = "direct_attempt.sealed"
_LATER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Left:
    """A text that was left, and its number."""

    left_id: int
    direct: Direct


async def leave_direct(ledger: Ledger, direct: Direct, now: datetime) -> int:
    """The text waits for the process that can send it; its number."""
    content = [direct.address, direct.kind, dict(direct.facts), direct.by_user, direct.medium.value]
    async with ledger.writing() as c:
        [left_id] = await take_ids(c, "direct_attempt", 1)
        await c.execute(
            text(
                "INSERT INTO direct_attempt (id, out_id, kind, by_user, address_hash, gateway, template, state, "
                "sealed, started_at) VALUES (:id, :out_id, :kind, :by_user, :hash, '', '', 'left', :sealed, :now)"
            ),
            {
                "id": left_id,
                "out_id": uuid4().hex,
                "kind": direct.kind,
                "by_user": direct.by_user,
                "hash": hash_of(ledger, direct),
                "sealed": ledger.vault.seal(_PLACE, left_id, json.dumps(content, ensure_ascii=False).encode()),
                "now": stamp(now),
            },
        )
    return left_id


async def take_left(ledger: Ledger) -> Left | None:
    """The oldest text that was left is the caller's alone, and sealed in the ledger no more; None when none is."""
    async with ledger.reading() as c:
        if (await c.execute(text("SELECT 1 FROM direct_attempt WHERE state = 'left' LIMIT 1"))).first() is None:
            return None
    async with ledger.writing() as c:
        row = (
            await c.execute(
                text(
                    "SELECT id, sealed FROM direct_attempt WHERE state = 'left' ORDER BY id LIMIT 1"
                    + ("" if ledger.is_sqlite else " FOR UPDATE SKIP LOCKED")
                )
            )
        ).first()
        if row is None:
            return None
        await c.execute(text("UPDATE direct_attempt SET state = 'taken', sealed = NULL WHERE id = :id"), {"id": row.id})
    address, kind, facts, by_user, medium = json.loads(ledger.vault.open(_PLACE, row.id, bytes(row.sealed)))
    return Left(int(row.id), Direct(address, kind, facts, by_user, Medium(medium)))


async def answer_left(ledger: Ledger, left_id: int, outcome: Outcome, now: datetime) -> None:
    """Who left the text can read what became of it; the call itself is on record in a row of its own."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "UPDATE direct_attempt SET state = 'settled', outcome = :outcome, code = :code, ended_at = :now "
                "WHERE id = :id"
            ),
            {
                "outcome": type(outcome).__name__.lower(),
                "code": None if isinstance(outcome, Accepted) else outcome.code,
                "now": stamp(now),
                "id": left_id,
            },
        )


async def take_back(ledger: Ledger, left_id: int, now: datetime) -> bool:
    """True when nobody took the text, and nobody will."""
    async with ledger.writing() as c:
        taken = await c.execute(
            text(
                "UPDATE direct_attempt SET state = 'settled', outcome = 'postponed', code = 'no_gateway', "
                "sealed = NULL, ended_at = :now WHERE id = :id AND state = 'left'"
            ),
            {"id": left_id, "now": stamp(now)},
        )
    return bool(taken.rowcount)


async def outcome_of(ledger: Ledger, left_id: int) -> Outcome | None:
    """What became of a text that was left; None while it is not known."""
    async with ledger.reading() as c:
        row = (
            await c.execute(text("SELECT state, outcome, code FROM direct_attempt WHERE id = :id"), {"id": left_id})
        ).first()
    if row is None or row.state != "settled":
        return None
    match row.outcome:
        case "accepted":
            return Accepted("")
        case "refused":
            return Refused(row.code, Scope.MESSAGE, Reason.UNKNOWN)
        case "postponed":
            return Postponed(row.code, _LATER)
        case _:
            return Unsure(row.code)
