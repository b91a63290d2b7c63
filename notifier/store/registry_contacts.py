"""Phones and openids of persons: corrected, followed, unfollowed, flagged as shared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.identity import Phone
from notifier.store import audit
from notifier.store.corrections import close_corrections
from notifier.store.following import set_following_in
from notifier.store.ledger import Ledger, take_ids
from notifier.store.registry import alone
from notifier.store.registry_changes import Changed, Said, note_changes
from notifier.store.resending import resend_corrected, resend_to
from notifier.store.tables.columns import stamp

_CARRIED_BY_MANY = (
    "CASE WHEN value_hash IN (SELECT value_hash FROM contact WHERE kind = 'phone' AND state = 'usable' "
    "GROUP BY value_hash HAVING COUNT(DISTINCT household_id) > :above) THEN 1 ELSE 0 END"
)


@dataclass(frozen=True, slots=True)
class Binding:
    """A person's id and the openid that follows for them."""

    number: str = field(repr=False)
    openid: str = field(repr=False)


async def flag_shared(connection: AsyncConnection, above: int) -> None:
    """Phones carried by more than `above` households are flagged as shared, all others are not. Safe to repeat."""
    await connection.execute(
        text(
            f"UPDATE contact SET is_shared = {_CARRIED_BY_MANY} "
            f"WHERE kind = 'phone' AND is_shared <> {_CARRIED_BY_MANY}"
        ),
        {"above": above},
    )


async def follow_corrections(
    connection: AsyncConnection, ledger: Ledger, contact_ids: Sequence[int], shared_above: int, now: datetime
) -> int:
    """Numbers that an import brought for registered people are told what those still wait for; how many notices.

    Their correction tasks are closed; a number that more than `shared_above` households carry is flagged first.
    """
    if not contact_ids:
        return 0
    new = {"ids": ledger.listed(contact_ids)}
    carried = (
        "(SELECT COUNT(DISTINCT o.household_id) FROM contact o WHERE o.value_hash = contact.value_hash "
        "AND o.kind = 'phone' AND o.state = 'usable')"
    )
    await connection.execute(
        text(f"UPDATE contact SET is_shared = 1 WHERE {ledger.among('id', 'ids')} AND {carried} > :above"),
        {**new, "above": shared_above},
    )
    rows = (
        await connection.execute(
            text(
                "SELECT DISTINCT household_id, person_id FROM contact "
                f"WHERE {ledger.among('id', 'ids')} AND state = 'usable'"
            ),
            new,
        )
    ).all()
    await close_corrections(connection, ledger, sorted({row.person_id for row in rows}), now)
    return await resend_to(connection, ledger, sorted({row.household_id for row in rows}), now)


async def count_shared(connection: AsyncConnection) -> int:
    """How many different phones are flagged as shared."""
    found = await connection.scalar(
        text(
            "SELECT COUNT(DISTINCT value_hash) FROM contact WHERE kind = 'phone' AND state = 'usable' AND is_shared = 1"
        )
    )
    return int(found or 0)


@dataclass(frozen=True, slots=True)
class NewPhone:
    """What a person's number is, and who says so."""

    person_id: int
    phone: Phone = field(repr=False)
    by_user: str
    why: str = "更正电话"


async def correct_phone(ledger: Ledger, new: NewPhone, shared_above: int, now: datetime) -> int:
    """The person's usable phone is the new one, under a new version; the id of its contact row.

    The old one is kept as replaced, its correction tasks are closed, and what the household still waits for is told to
    the new number by itself. Safe to repeat: a number that is already the usable one stays as it is.
    Raises InputError when there is no such person.
    """
    hashed, person_id = ledger.vault.blind("phone", new.phone.number), new.person_id
    async with ledger.writing() as connection:
        await alone(connection)
        household_id = await connection.scalar(
            text("SELECT household_id FROM person WHERE id = :id"), {"id": person_id}
        )
        if household_id is None:
            raise InputError("没有这位成员;请刷新后重新选择")
        rows = (
            await connection.execute(
                text(_OF_PERSON), {"household_id": household_id, "person_id": person_id, "kind": "phone"}
            )
        ).all()
        await close_corrections(connection, ledger, [person_id], now)
        for row in rows:
            if row.state == "usable" and bytes(row.value_hash) == hashed:
                return int(row.id)
        before = next((row for row in reversed(rows) if row.state in ("usable", "landline", "wrong")), None)
        contact_id = await _replace(connection, ledger, (household_id, person_id), new, now)
        await connection.execute(
            text("UPDATE household SET changed_at = :at WHERE id = :id"), {"at": stamp(now), "id": household_id}
        )
        await flag_shared(connection, shared_above)
        await resend_corrected(connection, ledger, household_id, now)
        old = None
        if before is not None:
            old = ledger.vault.open_text("contact.value_sealed", before.id, bytes(before.value_sealed))
        changed = Changed(household_id, "phone", old, new.phone.number, person_id)
        await note_changes(connection, ledger, [changed], Said(new.by_user, new.why, now))
        await audit.append(connection, new.by_user, "contact.correct", {"contact": contact_id}, at=now)
    return contact_id


# by household first: that is the index
_OF_PERSON = (
    "SELECT id, value_hash, value_sealed, state, version FROM contact "
    "WHERE household_id = :household_id AND person_id = :person_id AND kind = :kind ORDER BY version"
)


async def _replace(
    connection: AsyncConnection, ledger: Ledger, owner: tuple[int, int], new: NewPhone, now: datetime
) -> int:
    household_id, person_id = owner
    bound = {"household_id": household_id, "person_id": person_id}
    await connection.execute(
        text(
            "UPDATE contact SET state = 'replaced' WHERE household_id = :household_id AND person_id = :person_id "
            "AND kind = 'phone' AND state IN ('usable', 'landline')"
        ),
        bound,
    )
    [contact_id] = await take_ids(connection, "contact", 1)
    last = await connection.scalar(text(_LAST_VERSION), bound)
    values = contact_values(ledger, (contact_id, household_id, person_id), "phone", new.phone.number, int(last) + 1)
    await connection.execute(text(INSERT_CONTACT), values | {"at": stamp(now)})
    return contact_id


_LAST_VERSION = (
    "SELECT COALESCE(MAX(version), 0) FROM contact "
    "WHERE household_id = :household_id AND person_id = :person_id AND kind = 'phone'"
)
INSERT_CONTACT = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared, "
    "known_at) VALUES (:id, :household_id, :person_id, :kind, :version, :value_sealed, :value_hash, 'usable', 0, :at)"
)


def contact_values(ledger: Ledger, ids: tuple[int, int, int], kind: str, value: str, version: int) -> dict[str, Any]:
    """What INSERT_CONTACT binds for (contact, household, person) ids and the value, sealed and hashed."""
    return {
        "id": ids[0],
        "household_id": ids[1],
        "person_id": ids[2],
        "kind": kind,
        "version": version,
        "value_sealed": ledger.vault.seal_text("contact.value_sealed", ids[0], value),
        "value_hash": ledger.vault.blind(kind, value),
        "at": None,
    }


async def set_following(ledger: Ledger, openid: str, following: bool) -> int:
    """Every contact with the openid is usable, or unfollowed; how many changed. Safe to repeat."""
    async with ledger.writing() as connection:
        return await set_following_in(connection, ledger, openid, following=following)


async def bind_followers(ledger: Ledger, bindings: Sequence[Binding]) -> list[str]:
    """Each binding's person has the openid as a usable contact; one word a binding, in their order.

    added, changed (another openid was replaced, or a lost one follows again), unchanged, or unknown (no such person).
    """
    fates: list[str] = []
    async with ledger.writing() as connection:
        await alone(connection)
        people = await _people(connection, {ledger.vault.blind("id", one.number) for one in bindings})
        contacts = await _openids(connection, ledger, [person_id for person_id, _ in people.values()])
        changes: dict[int, tuple[int, str]] = {}
        for one in bindings:
            person = people.get(ledger.vault.blind("id", one.number))
            hashed = ledger.vault.blind("openid", one.openid)
            current = contacts.get(person[0]) if person else None
            if person is None:
                fates.append("unknown")
            elif current == (hashed, "usable"):
                fates.append("unchanged")
            else:
                fates.append("changed" if current else "added")
                contacts[person[0]] = (hashed, "usable")
                changes[person[0]] = (person[1], one.openid)
        await _bind(connection, ledger, changes)
    return fates


async def _people(connection: AsyncConnection, hashes: Iterable[bytes]) -> dict[bytes, tuple[int, int]]:
    query = text("SELECT id_hash, id, household_id FROM person WHERE id_hash IN :hashes")
    rows = await connection.execute(query.bindparams(bindparam("hashes", expanding=True)), {"hashes": list(hashes)})
    return {bytes(row.id_hash): (row.id, row.household_id) for row in rows}


async def _openids(connection: AsyncConnection, ledger: Ledger, person_ids: list[int]) -> dict[int, tuple[bytes, str]]:
    rows = await connection.execute(
        text(
            "SELECT c.person_id, c.value_hash, c.state FROM contact c "
            "JOIN person p ON p.household_id = c.household_id AND p.id = c.person_id "
            f"WHERE c.kind = 'openid' AND c.state <> 'replaced' AND {ledger.among('p.id', 'ids')} ORDER BY c.version"
        ),
        {"ids": ledger.listed(person_ids)},
    )
    return {row.person_id: (bytes(row.value_hash), row.state) for row in rows}


async def _bind(connection: AsyncConnection, ledger: Ledger, changes: Mapping[int, tuple[int, str]]) -> None:
    if not changes:
        return
    versions = await _versions(connection, ledger, list(changes))
    await connection.execute(
        text(
            "UPDATE contact SET state = 'replaced' "
            "WHERE household_id = :household_id AND person_id = :person_id AND kind = 'openid'"
        ),
        [{"household_id": household_id, "person_id": person_id} for person_id, (household_id, _) in changes.items()],
    )
    new_ids = await take_ids(connection, "contact", len(changes))
    rows = [
        contact_values(ledger, (new_id, household_id, person_id), "openid", openid, versions.get(person_id, 0) + 1)
        for new_id, (person_id, (household_id, openid)) in zip(new_ids, changes.items(), strict=True)
    ]
    await connection.execute(text(INSERT_CONTACT), rows)


async def _versions(connection: AsyncConnection, ledger: Ledger, person_ids: list[int]) -> dict[int, int]:
    rows = await connection.execute(
        text(
            "SELECT c.person_id, MAX(c.version) AS version FROM contact c JOIN person p "
            "ON p.household_id = c.household_id AND p.id = c.person_id "
            f"WHERE c.kind = 'openid' AND {ledger.among('p.id', 'ids')} GROUP BY c.person_id"
        ),
        {"ids": ledger.listed(person_ids)},
    )
    return {row.person_id: row.version for row in rows}
