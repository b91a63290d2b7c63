"""Texts sent at once to one address: on record before their bytes leave, and when their receipt comes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.direct import Direct
from notifier.domain.gateways import Metered
from notifier.domain.messages import Medium
from notifier.domain.operators import Operator, operator_of
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.texts import Filled
from notifier.store.ledger import Ledger, take_ids
from notifier.store.number_caps import fits_at
from notifier.store.receipts import Word
from notifier.store.tables.columns import instant, stamp

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DirectCall:
    """A call that is written ahead: it may leave once that is committed."""

    attempt_id: int
    out_id: str
    metered: Metered
    said: Filled = field(repr=False)


def hash_of(ledger: Ledger, direct: Direct) -> bytes:
    """The address as the ledger finds it."""
    return ledger.vault.blind("phone" if direct.medium is Medium.SMS else "openid", direct.address)


async def carried_by(c: AsyncConnection, ledger: Ledger, direct: Direct) -> Operator | None:
    """Who carries the number, as far as one can tell; None for an openid."""
    if direct.medium is not Medium.SMS:
        return None
    row = (
        await c.execute(
            text("SELECT operator FROM operator_hint WHERE phone_hash = :hash"), {"hash": hash_of(ledger, direct)}
        )
    ).first()
    if row is None:
        return operator_of(direct.address)
    return Operator(row.operator) if row.operator else None


async def write_direct(
    c: AsyncConnection, ledger: Ledger, direct: Direct, way: tuple[Metered, Filled], now: datetime
) -> DirectCall | datetime:
    """The call is written ahead and counted for its number's caps; or the moment at which those would let it pass."""
    metered, said = way
    await take_ids(c, "attempt", 0)  # lets one sender after the other, see number_caps
    address = hash_of(ledger, direct)
    fits = fits_at(await _sent(c, metered.gateway, said.template, address, now), metered.limits, now)
    if fits > now:
        return fits
    [attempt_id] = await take_ids(c, "direct_attempt", 1)
    call = DirectCall(attempt_id, uuid4().hex, metered, said)
    bound = {
        "id": attempt_id,
        "out_id": call.out_id,
        "kind": direct.kind,
        "by_user": direct.by_user,
        "hash": address,
        "gateway": metered.gateway,
        "template": said.template,
        "now": stamp(now),
    }
    await c.execute(
        text(
            "INSERT INTO direct_attempt (id, out_id, kind, by_user, address_hash, gateway, template, state, "
            "started_at) VALUES (:id, :out_id, :kind, :by_user, :hash, :gateway, :template, 'sending', :now)"
        ),
        bound,
    )
    if metered.limits.number_per_day or metered.limits.same_text_apart:
        await c.execute(
            text(
                "INSERT INTO number_sent (message_id, gateway, template, address_hash, sent_at) "
                "VALUES (-CAST(:id AS BIGINT), :gateway, :template, :hash, :now)"  # never the number of a message
            ),
            bound,
        )
    return call


async def _sent(c: AsyncConnection, gateway: str, template: str, address: bytes, now: datetime) -> list[datetime]:
    rows = await c.execute(
        text(
            "SELECT sent_at FROM number_sent WHERE address_hash = :hash AND gateway = :gateway "
            "AND template = :template AND sent_at > :day_ago"
        ),
        {"hash": address, "gateway": gateway, "template": template, "day_ago": stamp(now - _DAY)},
    )
    return [instant(row.sent_at) for row in rows]


async def record_direct(ledger: Ledger, call: DirectCall, outcome: Outcome, now: datetime) -> None:
    """What became of the call is on record. Safe to repeat."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "UPDATE direct_attempt SET state = 'settled', outcome = :outcome, code = :code, "
                "provider_ref = coalesce(:ref, provider_ref), ended_at = :now WHERE id = :id"
            ),
            {
                "id": call.attempt_id,
                "outcome": type(outcome).__name__.lower(),
                "code": None if isinstance(outcome, Accepted) else outcome.code,
                "ref": outcome.provider_ref or None if isinstance(outcome, Accepted) else None,
                "now": stamp(now),
            },
        )


async def note_direct_words(c: AsyncConnection, words: Sequence[Word]) -> list[Word]:
    """Receipts of direct texts are noted, `delivered` for good; the words that are of none, in their order."""
    known = await _known(c, "out_id", {word.out_id for word in words if word.out_id})
    known |= await _known(c, "provider_ref", {word.provider_ref for word in words if word.provider_ref})
    ours: list[Word] = []
    others: list[Word] = []
    for word in words:
        keys = {(word.gateway, word.out_id), (word.gateway, word.provider_ref)}
        (ours if known & keys else others).append(word)
    if ours:
        await c.execute(
            text(
                "UPDATE direct_attempt SET "
                "delivered = CASE WHEN delivered = 1 THEN 1 ELSE CAST(:delivered AS INTEGER) END, "
                "receipt_code = CASE WHEN delivered = 1 THEN receipt_code ELSE :code END "
                "WHERE gateway = :gateway AND address_hash = :hash AND (out_id = :out_id OR provider_ref = :ref)"
            ),
            [
                {
                    "delivered": int(word.delivered),
                    "code": word.code,
                    "gateway": word.gateway,
                    "hash": word.address_hash,
                    "out_id": word.out_id,
                    "ref": word.provider_ref or None,
                }
                for word in ours
            ],
        )
    return others


async def _known(c: AsyncConnection, column: str, values: set[str]) -> set[tuple[str, str]]:
    if not values:
        return set()
    rows = await c.execute(
        text(f"SELECT gateway, {column} AS k FROM direct_attempt WHERE {column} IN :values").bindparams(
            bindparam("values", expanding=True)
        ),
        {"values": sorted(values)},
    )
    return {(row.gateway, row.k) for row in rows}


async def forget_direct(ledger: Ledger, before: datetime) -> int:
    """What was sent directly before then is on record no more; how many calls. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(text("DELETE FROM direct_attempt WHERE started_at < :before"), {"before": stamp(before)})
    return int(gone.rowcount)
