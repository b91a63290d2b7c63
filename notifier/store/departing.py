"""Households that left, and the data of people who asked for its deletion (P6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.store import audit
from notifier.store.erasing import ERASED, erase_said, many, nothing
from notifier.store.ledger import Ledger
from notifier.store.registry import alone
from notifier.store.registry_changes import Changed, Said, note_changes
from notifier.store.tables.columns import stamp

_BATCH = 200


async def depart(ledger: Ledger, household_id: int, said: Said) -> None:
    """The household is told nothing new; what it was owed before stays counted. Its data is erased after the days of
    `registry.departed_days`. Raises InputError: not an active household."""
    await _turn(ledger, household_id, ("active", "departed", "depart"), said)


async def come_back(ledger: Ledger, household_id: int, said: Said) -> None:
    """The household is told again. Raises InputError when it did not depart, or its data is erased already."""
    await _turn(ledger, household_id, ("departed", "active", "come_back"), said)


async def _turn(ledger: Ledger, household_id: int, turn: tuple[str, str, str], said: Said) -> None:
    before, after, what = turn
    async with ledger.writing() as c:
        await alone(c)
        left_at = stamp(said.at) if after == "departed" else None
        turned = await c.execute(
            text(
                "UPDATE household SET state = :after, left_at = CAST(:left AS BIGINT), changed_at = :at "
                "WHERE id = :id AND state = :before"
            ),
            {"after": after, "before": before, "left": left_at, "at": stamp(said.at), "id": household_id},
        )
        if not turned.rowcount:
            raise InputError("该户现在的状态不能这样操作;请刷新后再看")
        await note_changes(c, ledger, [Changed(household_id, what)], said)


async def erase_household(ledger: Ledger, household_id: int, said: Said) -> None:
    """Names, ids, cards, numbers and the values of the history of a departed household are gone, for good.

    What it was paid and told stays as counts and amounts, without them. Raises InputError: it did not depart.
    """
    async with ledger.writing() as c:
        await alone(c)
        state = await c.scalar(text("SELECT state FROM household WHERE id = :id"), {"id": household_id})
        if state != "departed":
            raise InputError("只能删除已迁出或销户的户;请先登记迁出")
        await note_changes(c, ledger, [Changed(household_id, "erase")], said)
        await _erase(c, ledger, [household_id])


async def purge_departed(ledger: Ledger, now: datetime, days: int) -> int:
    """The data of households that left more than `days` ago is erased; how many households. Safe to repeat."""
    n = 0
    while True:
        async with ledger.writing() as c:
            await alone(c)
            rows = await c.execute(
                text("SELECT id FROM household WHERE state = 'departed' AND left_at < :before ORDER BY id LIMIT :most"),
                {"before": stamp(now - timedelta(days=days)), "most": _BATCH},
            )
            ids = [int(row.id) for row in rows]
            if not ids:
                return n
            await _erase(c, ledger, ids)
            await audit.append(c, "system", "household.purge", {"households": ids}, at=now)
            n += len(ids)


async def _erase(c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int]) -> None:
    homes = {"homes": ledger.listed(household_ids)}
    of_them = ledger.among("household_id", "homes")
    vault = ledger.vault
    persons = (await c.execute(text(f"SELECT id FROM person WHERE {of_them}"), homes)).scalars().all()
    contacts = (await c.execute(text(f"SELECT id FROM contact WHERE {of_them}"), homes)).scalars().all()
    await many(
        c,
        "UPDATE person SET name_sealed = :name, name_hash = :hash, id_sealed = NULL, id_hash = NULL, "
        "card_sealed = NULL, account_hash = NULL WHERE id = :id",
        [{"id": n, "name": vault.seal_text("person.name_sealed", n, ERASED), "hash": nothing()} for n in persons],
    )
    await _forget_contacts(c, ledger, contacts)
    await erase_said(c, ledger, household_ids)
    for statement in (
        f"UPDATE registry_change SET before_sealed = NULL, after_sealed = NULL WHERE {of_them}",
        f"UPDATE inquiry SET contact_sealed = NULL, contact_hash = NULL WHERE {of_them}",
        "DELETE FROM visit_photo WHERE visit_id IN (SELECT v.id FROM visit v JOIN owed o ON o.id = v.owed_id "
        f"WHERE {ledger.among('o.household_id', 'homes')})",
        f"DELETE FROM household_attribute WHERE {of_them}",
        f"DELETE FROM name_list_entry WHERE {of_them}",
        f"DELETE FROM match_decision WHERE person_id IN (SELECT id FROM person WHERE {of_them})",
        f"UPDATE household SET state = 'erased' WHERE {ledger.among('id', 'homes')}",
    ):
        await c.execute(text(statement), homes)


async def _forget_contacts(c: AsyncConnection, ledger: Ledger, contact_ids: Sequence[int]) -> None:
    await many(
        c,
        "UPDATE contact SET state = 'erased', is_shared = 0, value_sealed = :value, value_hash = :hash WHERE id = :id",
        [
            {"id": n, "value": ledger.vault.seal_text("contact.value_sealed", n, ERASED), "hash": nothing()}
            for n in contact_ids
        ],
    )


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased of a follower: contacts of households, and what the account knew of them."""

    n_contacts: int
    n_rows: int


async def unbind(ledger: Ledger, contact_id: int, said: Said) -> None:
    """The openid is not this person's contact any more; it may be bound again. Raises InputError: not bound."""
    async with ledger.writing() as c:
        await alone(c)
        row = (
            await c.execute(
                text(
                    "UPDATE contact SET state = 'replaced' WHERE id = :id AND kind = 'openid' "
                    "AND state IN ('usable', 'unfollowed') RETURNING household_id, person_id"
                ),
                {"id": contact_id},
            )
        ).one_or_none()
        if row is None:
            raise InputError("没有这个绑定,可能已经解除;请刷新后再看")
        await note_changes(c, ledger, [Changed(row.household_id, "unbind", None, None, row.person_id)], said)


async def forget_follower(ledger: Ledger, contact_id: int, said: Said) -> Forgotten:
    """Everything known of the openid behind the contact is gone, in every household: bindings, consents, windows.

    Raises InputError when there is no such contact. Its wishes about broadcasts end with the law's months.
    """
    async with ledger.writing() as c:
        await alone(c)
        hashed = await c.scalar(
            text("SELECT value_hash FROM contact WHERE id = :id AND kind = 'openid' AND state <> 'erased'"),
            {"id": contact_id},
        )
        if hashed is None:
            raise InputError("没有这个微信绑定,或其资料已删除;请刷新后再看")
        bound = {"hash": bytes(hashed)}
        rows = (
            await c.execute(text("SELECT id, household_id, person_id FROM contact WHERE value_hash = :hash"), bound)
        ).all()
        n_rows = 0
        for table in ("follower", "subscription", "greeting", "binding_attempt"):
            n_rows += (await c.execute(text(f"DELETE FROM {table} WHERE address_hash = :hash"), bound)).rowcount
        await note_changes(
            c, ledger, [Changed(row.household_id, "forget", None, None, row.person_id) for row in rows], said
        )
        await _forget_contacts(c, ledger, [row.id for row in rows])
    return Forgotten(len(rows), n_rows)
