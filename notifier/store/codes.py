"""Codes that were texted to phones: written before the text leaves, counted, and used once."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.codes import Asker, CodePurpose
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Asked:
    """A code asked for: the 11 digits of the phone, what for, by whom."""

    phone: str = field(repr=False)
    purpose: CodePurpose
    asker: Asker


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `n` codes in `within` for one `whom`: phone, asker or source."""

    whom: str
    n: int
    within: timedelta


async def write_code(
    ledger: Ledger, asked: Asked, code: str, when: tuple[datetime, datetime], caps: Sequence[Cap]
) -> datetime | None:
    """The code is on record from the first instant to the second, and the asker's earlier ones are void: None.

    Else nothing is written: when it may be asked for again, by the cap that is reached.
    """
    now, until = when
    whom = _whom(ledger, asked)
    async with ledger.writing() as c:
        (code_id,) = await take_ids(c, "verification_code", 1)  # also the lock that lets two askers count each other
        for cap in caps:
            free_at = await _free_at(c, cap, whom[cap.whom], now)
            if free_at is not None:
                return free_at
        await c.execute(
            text(
                "UPDATE verification_code SET expires_at = :now "
                "WHERE asker_hash = :asker AND purpose = :purpose AND expires_at > :now"
            ),
            {"now": stamp(now), "asker": whom["asker"], "purpose": asked.purpose.value},
        )
        await c.execute(
            text(
                "INSERT INTO verification_code (id, purpose, phone_hash, asker_hash, source_hash, code_hash, sent_at, "
                "expires_at, n_tries) VALUES (:id, :purpose, :phone, :asker, :source, :code, :now, :until, 0)"
            ),
            {
                "id": code_id,
                "purpose": asked.purpose.value,
                **whom,
                "code": _hash(ledger, code_id, code),
                "now": stamp(now),
                "until": stamp(until),
            },
        )
    return None


async def void_codes(ledger: Ledger, asked: Asked, now: datetime) -> None:
    """No code of the asker for this purpose can be used any more; they still count as asked for."""
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE verification_code SET expires_at = :now WHERE asker_hash = :asker AND purpose = :purpose"),
            {"now": stamp(now), "asker": _whom(ledger, asked)["asker"], "purpose": asked.purpose.value},
        )


async def use_code(ledger: Ledger, asked: Asked, code: str, now: datetime, most_tries: int) -> bool | None:
    """True: it is the code, which is used up. False: it is not, which counts. None: there is none to try any more."""
    whom = _whom(ledger, asked)
    async with ledger.writing() as c:
        found = await c.execute(
            text(
                "UPDATE verification_code SET n_tries = n_tries + 1 WHERE asker_hash = :asker AND phone_hash = :phone "
                "AND purpose = :purpose AND expires_at > :now AND used_at IS NULL AND n_tries < :most "
                "RETURNING id, code_hash"
            ),
            {
                "asker": whom["asker"],
                "phone": whom["phone"],
                "purpose": asked.purpose.value,
                "now": stamp(now),
                "most": most_tries,
            },
        )
        row = found.first()
        if row is None:
            return None
        if not hmac.compare_digest(bytes(row.code_hash), _hash(ledger, row.id, code)):
            return False
        await c.execute(
            text("UPDATE verification_code SET used_at = :now WHERE id = :id"), {"now": stamp(now), "id": row.id}
        )
        return True


async def forget_codes(ledger: Ledger, now: datetime) -> int:
    """Codes that nothing counts any more are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM verification_code WHERE sent_at < :before"), {"before": stamp(now - _KEPT)}
        )
        return gone.rowcount


async def _free_at(c: AsyncConnection, cap: Cap, whom: bytes, now: datetime) -> datetime | None:
    rows = await c.execute(
        text(
            f"SELECT sent_at FROM verification_code WHERE {cap.whom}_hash = :whom AND sent_at > :since "
            "ORDER BY sent_at DESC LIMIT :n"
        ),
        {"whom": whom, "since": stamp(now - cap.within), "n": cap.n},
    )
    sent = [row.sent_at for row in rows]
    return instant(sent[-1]) + cap.within if len(sent) >= cap.n else None


def _whom(ledger: Ledger, asked: Asked) -> dict[str, bytes]:
    blind = ledger.vault.blind
    return {
        "phone": blind("phone", asked.phone),
        "asker": blind("asker", f"{asked.purpose.value}|{asked.asker.who}"),
        "source": blind("source", asked.asker.address or f"by|{asked.asker.who}"),
    }


def _hash(ledger: Ledger, code_id: int, code: str) -> bytes:
    return ledger.vault.blind("code", f"{code_id}|{code}")
