"""The caps of one number: so many messages of a template in any day, and so long between two; for all processes.

What a wave sends is noted by the statement that checks it. Waves of all processes take attempt ids first, which lets
one after the other, so that no two each miss the other's.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_DAY = timedelta(days=1)
_STEP = timedelta(seconds=5)
"""Times are rounded up to this, so that what waits shares chunks."""
_NOTE = (
    "INSERT INTO number_sent (message_id, gateway, template, address_hash, sent_at) "
    "SELECT w.id, CAST(:gateway AS VARCHAR), CAST(:template AS VARCHAR), w.value_hash, CAST(:now AS BIGINT) FROM ("
    "SELECT m.id, t.value_hash, {rank} AS k FROM message m JOIN contact t ON t.id = m.contact_id WHERE {among}) w "
    "WHERE (w.k = 1 OR CAST(:recent AS BIGINT) >= CAST(:now AS BIGINT)) "
    "AND w.k - 1 + (SELECT COUNT(*) + CASE WHEN MAX(s.sent_at) > CAST(:recent AS BIGINT) "
    "THEN CAST(:most AS BIGINT) ELSE 0 END FROM number_sent s WHERE s.address_hash = w.value_hash "
    "AND s.sent_at > CAST(:day_ago AS BIGINT) AND s.gateway = :gateway AND s.template = :template "
    "AND s.message_id <> w.id) < CAST(:most AS BIGINT) "
    "ON CONFLICT (address_hash, gateway, message_id) DO UPDATE SET template = excluded.template, "
    "sent_at = excluded.sent_at"
)
_RANK = "ROW_NUMBER() OVER (PARTITION BY t.value_hash ORDER BY m.id)"
_UNCAPPED = 1_000_000_000


async def note_sent(
    c: AsyncConnection, ledger: Ledger, metered: Metered, letters: Sequence[Letter], now: datetime
) -> frozenset[int]:
    """The letters that their numbers' caps let pass are noted as sent now; the message ids of the others.

    Empty, and nothing noted, for a gateway without caps. Repeating a letter moves its note.
    """
    limits = metered.limits
    if not letters or not (limits.number_per_day or limits.same_text_apart):
        return frozenset()
    await take_ids(c, "attempt", 0)
    by_template: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        by_template[letter.template].append(letter)
    over: set[int] = set()
    for template, its in by_template.items():
        over |= await _note(c, ledger, metered, template, (its, now))
    return frozenset(over)


async def _note(
    c: AsyncConnection, ledger: Ledger, metered: Metered, template: str, sending: tuple[Sequence[Letter], datetime]
) -> set[int]:
    letters, now = sending
    ids = {letter.message_id for letter in letters}
    bound = {"gateway": metered.gateway, "ids": ledger.listed(sorted(ids)), "now": stamp(now)}
    is_alone = len({letter.address for letter in letters}) == len(letters)
    # A wave in which all numbers differ is the rule, and cheaper; and so is one in which all pass.
    noted = await c.execute(
        text(_NOTE.format(rank="1" if is_alone else _RANK, among=ledger.among("m.id", "ids"))),
        bound
        | {
            "template": template,
            "recent": stamp(now - metered.limits.same_text_apart),
            "day_ago": stamp(now - _DAY),
            "most": metered.limits.number_per_day or _UNCAPPED,
        },
    )
    if noted.rowcount == len(ids):
        return set()
    passed = await c.execute(
        text(
            "SELECT s.message_id FROM message m JOIN contact t ON t.id = m.contact_id JOIN number_sent s "
            "ON s.address_hash = t.value_hash AND s.gateway = :gateway AND s.message_id = m.id "
            f"WHERE {ledger.among('m.id', 'ids')} AND s.sent_at = :now"
        ),
        bound,
    )
    return ids - {int(row.message_id) for row in passed}


def fits_at(sent: Sequence[datetime], limits: Limits, now: datetime) -> datetime:
    """The first moment from `now` on at which a number that had messages then may have another; pure."""
    earliest = now
    if sent and limits.same_text_apart:
        earliest = max(earliest, max(sent) + limits.same_text_apart)
    if limits.number_per_day and len(sent) >= limits.number_per_day:
        earliest = max(earliest, sorted(sent)[-limits.number_per_day] + _DAY)
    return earliest


async def fitting_at(
    c: AsyncConnection, ledger: Ledger, metered: Metered, letters: Sequence[Letter], now: datetime
) -> dict[int, datetime]:
    """When each of the letters, by message id, fits its number's caps at this gateway if those before it leave."""
    history = await _history(c, ledger, metered, letters, now)
    moments = {}
    for letter in letters:
        sent = history[letter.address, letter.template]
        moment = fits_at(sent, metered.limits, now)
        sent.append(moment)
        moments[letter.message_id] = _rounded_up(moment)
    return moments


def _rounded_up(moment: datetime) -> datetime:
    step = _STEP // timedelta(microseconds=1)
    return instant(-(-stamp(moment) // step) * step)


async def _history(
    c: AsyncConnection, ledger: Ledger, metered: Metered, letters: Sequence[Letter], now: datetime
) -> dict[tuple[str, str], list[datetime]]:
    of_message = {letter.message_id: letter for letter in letters}
    rows = await c.execute(
        text(
            "SELECT m.id, s.message_id, s.template, s.sent_at FROM message m JOIN contact t ON t.id = m.contact_id "
            "JOIN number_sent s ON s.address_hash = t.value_hash AND s.gateway = :gateway "
            f"AND s.sent_at > :day_ago WHERE {ledger.among('m.id', 'ids')}"
        ),
        {"gateway": metered.gateway, "day_ago": stamp(now - _DAY), "ids": ledger.listed(list(of_message))},
    )
    found: dict[tuple[str, str], dict[int, datetime]] = defaultdict(dict)
    for row in rows:
        letter = of_message[row.id]
        if row.template == letter.template and row.message_id not in of_message:
            found[letter.address, letter.template][row.message_id] = instant(row.sent_at)
    return defaultdict(list, {key: list(sent.values()) for key, sent in found.items()})


async def purge_sent(ledger: Ledger, now: datetime) -> int:
    """Notes that no cap counts any more are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(text("DELETE FROM number_sent WHERE sent_at <= :before"), {"before": stamp(now - _DAY)})
    return int(gone.rowcount)
