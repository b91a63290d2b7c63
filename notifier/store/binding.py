"""Openids of the official account bound to persons, and who may bind them: proved by phone, name and id."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.identity import normal_name
from notifier.store import audit
from notifier.store.ledger import Ledger, take_ids
from notifier.store.registry_contacts import INSERT_CONTACT, contact_values
from notifier.store.tables.columns import stamp

MOST_PERSONS = 10
"""Persons that one openid may be bound to: a family and its old."""
MOST_OPENIDS = 5
"""Openids that one person may have."""
_DAY = timedelta(days=1)
_SELF = "农户本人"
"""Who binds and unbinds, in the audit trail."""


async def n_tries(ledger: Ledger, openid: str, what: str, since: datetime) -> int:
    """How often the openid has tried `what` (code: asked for one; wrong: proved nothing) since then; a day is kept."""
    async with ledger.reading() as c:
        found = await c.execute(
            text("SELECT COUNT(*) FROM binding_attempt WHERE address_hash = :hash AND what = :what AND at > :since"),
            {"hash": ledger.vault.blind("openid", openid), "what": what, "since": stamp(since)},
        )
        return int(found.scalar_one())


async def note_try(ledger: Ledger, openid: str, what: str, now: datetime) -> None:
    """It was tried once more; what is older than a day counts no more and is gone."""
    async with ledger.writing() as c:
        await c.execute(text("DELETE FROM binding_attempt WHERE at <= :before"), {"before": stamp(now - _DAY)})
        (try_id,) = await take_ids(c, "binding_attempt", 1)
        await c.execute(
            text("INSERT INTO binding_attempt (id, address_hash, what, at) VALUES (:id, :hash, :what, :now)"),
            {"id": try_id, "hash": ledger.vault.blind("openid", openid), "what": what, "now": stamp(now)},
        )


_WITH_PHONE = (
    "SELECT DISTINCT t.household_id FROM contact t JOIN household h ON h.id = t.household_id WHERE t.kind = 'phone' "
    "AND t.value_hash = :phone AND t.state = 'usable' AND t.is_shared = 0 AND h.state = 'active'"
)


async def is_registered(ledger: Ledger, phone: str) -> bool:
    """Whether the number is a household's own: not shared by many, not marked as wrong."""
    async with ledger.reading() as c:
        found = await c.execute(text(_WITH_PHONE), {"phone": ledger.vault.blind("phone", phone)})
        return found.first() is not None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says they are, beside the phone that they have proved: name and the id's last four."""

    phone: str = field(repr=False)
    name: str = field(repr=False)
    tail: str = field(repr=False)


async def bind(ledger: Ledger, openid: str, claim: Claim, now: datetime) -> int | None:
    """The openid is a contact of the person whom the claim fits, one more beside others; their household's id.

    None when it fits nobody, or more than one. Safe to repeat. Raises InputError when either has too many already.
    """
    async with ledger.writing() as c:
        fitting = await _fitting(c, ledger, claim)
        if len(fitting) != 1:
            return None
        person_id, household_id = fitting[0]
        hashed = ledger.vault.blind("openid", openid)
        rows = (
            await c.execute(
                text(
                    "SELECT id, person_id, value_hash, state, version FROM contact WHERE household_id = :home "
                    "AND person_id = :person AND kind = 'openid'"
                ),
                {"home": household_id, "person": person_id},
            )
        ).all()
        current = [row for row in rows if row.state in ("usable", "unfollowed")]
        if any(bytes(row.value_hash) == hashed for row in current):
            return household_id
        await _demand_room(c, hashed, len(current))
        (contact_id,) = await take_ids(c, "contact", 1)
        version = 1 + max((row.version for row in rows), default=0)
        owner = (contact_id, household_id, person_id)
        await c.execute(text(INSERT_CONTACT), contact_values(ledger, owner, "openid", openid, version))
        await _follow_as_known(c, contact_id, hashed)
        await audit.append(c, _SELF, "follower.bind", {"contact": contact_id, "person": person_id}, at=now)
        return household_id


async def _fitting(c: AsyncConnection, ledger: Ledger, claim: Claim) -> Sequence[tuple[int, int]]:
    vault = ledger.vault
    rows = await c.execute(
        text(
            "SELECT id, household_id, id_sealed FROM person WHERE name_hash = :name AND id_sealed IS NOT NULL "
            f"AND household_id IN ({_WITH_PHONE})"
        ),
        {"name": vault.blind("name", normal_name(claim.name)), "phone": vault.blind("phone", claim.phone)},
    )
    tail = claim.tail.upper().encode()
    return [
        (int(row.id), int(row.household_id))
        for row in rows
        if hmac.compare_digest(vault.open_text("person.id_sealed", row.id, bytes(row.id_sealed))[-4:].encode(), tail)
    ]


async def _demand_room(c: AsyncConnection, hashed: bytes, n_openids: int) -> None:
    n_persons = await c.execute(
        text(
            "SELECT COUNT(*) FROM contact WHERE kind = 'openid' AND value_hash = :hash "
            "AND state IN ('usable', 'unfollowed')"
        ),
        {"hash": hashed},
    )
    if int(n_persons.scalar_one()) >= MOST_PERSONS:
        raise InputError(f"一个微信最多绑定 {MOST_PERSONS} 个人;请先解除不需要的绑定")
    if n_openids >= MOST_OPENIDS:
        raise InputError(f"这个人已被 {MOST_OPENIDS} 个微信绑定;请先在其中一个微信里解除绑定")


async def _follow_as_known(c: AsyncConnection, contact_id: int, hashed: bytes) -> None:
    """Who is known not to follow cannot be written to; the next follow makes the contact usable."""
    await c.execute(
        text(
            "UPDATE contact SET state = 'unfollowed' WHERE id = :id AND EXISTS "
            "(SELECT 1 FROM follower f WHERE f.address_hash = :hash AND f.following = 0)"
        ),
        {"id": contact_id, "hash": hashed},
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """A person whom an openid is bound to."""

    person_id: int
    household_id: int
    region_code: str
    name: str = field(repr=False)
    is_following: bool


async def bound_to(ledger: Ledger, openid: str) -> Sequence[Bound]:
    """The persons whom the openid is bound to, by household; empty for a stranger."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT t.person_id, t.household_id, t.state, h.region_code, p.name_sealed FROM contact t "
                "JOIN person p ON p.id = t.person_id JOIN household h ON h.id = t.household_id "
                "WHERE t.kind = 'openid' AND t.value_hash = :hash AND t.state IN ('usable', 'unfollowed') "
                "AND h.state = 'active' ORDER BY t.household_id, t.person_id"
            ),
            {"hash": ledger.vault.blind("openid", openid)},
        )
        return [
            Bound(
                row.person_id,
                row.household_id,
                row.region_code,
                ledger.vault.open_text("person.name_sealed", row.person_id, bytes(row.name_sealed)),
                row.state == "usable",
            )
            for row in rows
        ]


async def unbind(ledger: Ledger, openid: str, person_id: int, now: datetime) -> bool:
    """The openid is no contact of the person any more; False when it was none. Safe to repeat."""
    async with ledger.writing() as c:
        gone = (
            await c.execute(
                text(
                    "UPDATE contact SET state = 'replaced' WHERE kind = 'openid' AND value_hash = :hash "
                    "AND person_id = :person AND state IN ('usable', 'unfollowed') RETURNING id"
                ),
                {"hash": ledger.vault.blind("openid", openid), "person": person_id},
            )
        ).all()
        for row in gone:
            await audit.append(c, _SELF, "follower.unbind", {"contact": int(row.id), "person": person_id}, at=now)
    return bool(gone)


async def owed_by(ledger: Ledger, owed_id: int) -> int | None:
    """The household that is owed it; None when there is no such row."""
    async with ledger.reading() as c:
        found = await c.execute(text("SELECT household_id FROM owed WHERE id = :id"), {"id": owed_id})
        household_id = found.scalar()
    return None if household_id is None else int(household_id)
