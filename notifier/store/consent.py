"""The consent ledger: who stopped or resumed policy broadcasts, only ever appended, kept as long as the law wants it.

The latest entry of an address holds. Payment notices are a service that the household is owed; nothing here stops them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import ContactKind
from notifier.domain.replies import Meaning
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

OPTED_OUT = (
    "(SELECT stopped.address_hash FROM consent_entry stopped WHERE stopped.topic = 'policy' AND stopped.what = 'stop' "
    "AND NOT EXISTS (SELECT 1 FROM consent_entry later WHERE later.address_hash = stopped.address_hash "
    "AND later.topic = stopped.topic "
    "AND (later.at > stopped.at OR (later.at = stopped.at AND later.id > stopped.id))))"
)
"""SQL for the hashes of the addresses to which no policy is broadcast now; it refers to nothing around it."""


@dataclass(frozen=True, slots=True)
class Contacted:
    """A registered contact with the address that somebody wrote from."""

    contact_id: int
    person_id: int
    household_id: int
    region_code: str
    state: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of policy broadcasts, STOP or RESUME, said at an instant in a push."""

    kind: ContactKind
    address_hash: bytes = field(repr=False)
    what: Meaning
    at: datetime
    push_id: int


async def record_wish(c: AsyncConnection, wish: Wish, contacts: Sequence[Contacted]) -> None:
    """The wish stands in the ledger, once for each registered contact, or once for an address that nobody has."""
    owners: Sequence[tuple[int | None, int | None, int | None]]
    owners = [(one.contact_id, one.person_id, one.household_id) for one in contacts] or [(None, None, None)]
    ids = await take_ids(c, "consent_entry", len(owners))
    await c.execute(
        text(
            "INSERT INTO consent_entry "
            "(id, kind, address_hash, contact_id, person_id, household_id, topic, what, push_id, at) "
            "VALUES (:id, :kind, :hash, :contact, :person, :household, 'policy', :what, :push, :at)"
        ),
        [
            {
                "id": entry_id,
                "kind": wish.kind.value,
                "hash": wish.address_hash,
                "contact": contact,
                "person": person,
                "household": household,
                "what": wish.what.value,
                "push": wish.push_id,
                "at": stamp(wish.at),
            }
            for entry_id, (contact, person, household) in zip(ids, owners, strict=True)
        ],
    )


async def stopped_among(c: AsyncConnection, ledger: Ledger, owed_ids: Sequence[int]) -> set[int]:
    """Those owed whose household could be addressed if nobody of it had stopped policy broadcasts. Empty is fine."""
    rows = await c.execute(
        text(
            "SELECT DISTINCT o.id FROM owed o JOIN contact t ON t.household_id = o.household_id "
            f"WHERE {ledger.among('o.id', 'ids')} AND t.state = 'usable' AND t.is_shared = 0 "
            f"AND t.value_hash IN {OPTED_OUT}"
        ),
        {"ids": ledger.listed(sorted(set(owed_ids)))},
    )
    return {int(row.id) for row in rows}


_REGISTERED = (
    "EXISTS (SELECT 1 FROM contact t JOIN household h ON h.id = t.household_id WHERE t.state <> 'replaced' "
    "AND t.value_hash = consent_entry.address_hash AND h.state = 'active')"
)


async def purge_consent(ledger: Ledger, now: datetime, keep: timedelta) -> int:
    """Entries of addresses that no active household has had for longer than `keep` are gone; how many.

    What ends now is marked and kept from now on; what is registered again is unmarked. Safe to repeat.
    """
    async with ledger.writing() as c:
        await c.execute(text(f"UPDATE consent_entry SET ended_at = NULL WHERE ended_at IS NOT NULL AND {_REGISTERED}"))
        await c.execute(
            text(f"UPDATE consent_entry SET ended_at = :now WHERE ended_at IS NULL AND NOT {_REGISTERED}"),
            {"now": stamp(now)},
        )
        gone = await c.execute(
            text("DELETE FROM consent_entry WHERE ended_at < :before AND at < :before RETURNING id"),
            {"before": stamp(now - keep)},
        )
        return len(gone.all())


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """An entry as the ledger shows it: no address, only whose it is."""

    entry_id: int
    what: str
    kind: str
    household_id: int | None
    push_id: int
    at: datetime


async def consent_of(ledger: Ledger, address_hash: bytes) -> list[ConsentEntry]:
    """The entries of an address, in the order in which they were said; empty when it never said anything."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT id, what, kind, household_id, push_id, at FROM consent_entry "
                "WHERE address_hash = :hash ORDER BY at, id"
            ),
            {"hash": address_hash},
        )
        return [ConsentEntry(r.id, r.what, r.kind, r.household_id, r.push_id, instant(r.at)) for r in rows]
