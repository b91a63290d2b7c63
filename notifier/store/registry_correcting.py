"""Correcting one household by hand: names, roles, phones, where it lives and what it has; each with its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.identity import normal_name
from notifier.domain.regions import level_of
from notifier.domain.rules import ATTRIBUTES, AttributeKind
from notifier.store.ledger import Ledger
from notifier.store.registry import alone, stored
from notifier.store.registry_changes import Changed, Said, note_changes
from notifier.store.registry_contacts import flag_shared
from notifier.store.resending import resend_corrected
from notifier.store.tables.columns import MU_SCALE, stamp
from notifier.store.tally import count, uncount

HOUSEHOLDER = "户主"
_GONE = "没有这位成员,或资料已被他人改动;请刷新后重新选择"
_LONGEST_NAME = 40


async def rename(ledger: Ledger, person_id: int, name: str, said: Said) -> None:
    """The person bears the name. Raises InputError: no such person, or no name. Safe to repeat."""
    name = normal_name(name)
    if not name or len(name) > _LONGEST_NAME:
        raise InputError("请填写姓名(不超过 40 个字)")
    async with ledger.writing() as c:
        await alone(c)
        row = await _person(c, person_id)
        before = ledger.vault.open_text("person.name_sealed", person_id, bytes(row.name_sealed))
        if before == name:
            return
        await note_changes(c, ledger, [Changed(row.household_id, "name", before, name, person_id)], said)
        account = None
        if row.card_sealed is not None:
            card = ledger.vault.open_text("person.card_sealed", person_id, bytes(row.card_sealed))
            account = ledger.vault.blind("account", f"{card[-4:]}|{name}")
        await c.execute(
            text("UPDATE person SET name_sealed = :sealed, name_hash = :hash, account_hash = :account WHERE id = :id"),
            {
                "sealed": ledger.vault.seal_text("person.name_sealed", person_id, name),
                "hash": ledger.vault.blind("name", name),
                "account": account,
                "id": person_id,
            },
        )
        await _touch(c, row.household_id, said)


async def relate(ledger: Ledger, person_id: int, relation: str, said: Said) -> None:
    """The person stands in this relation to the householder; 户主 makes them the householder.

    Raises InputError: no such person, or a householder who would leave the household without one.
    """
    async with ledger.writing() as c:
        await alone(c)
        row = await _person(c, person_id)
        if (row.relation or "") == relation and (relation != HOUSEHOLDER or row.householder_id == person_id):
            return
        if row.householder_id == person_id and relation != HOUSEHOLDER:
            raise InputError("此人是户主;请先把另一位成员改为户主")
        changes = [Changed(row.household_id, "relation", row.relation, relation, person_id)]
        if relation == HOUSEHOLDER and row.householder_id != person_id:
            changes.append(Changed(row.household_id, "householder", str(row.householder_id), str(person_id), person_id))
            await c.execute(
                text("UPDATE household SET householder_id = :person WHERE id = :home"),
                {"person": person_id, "home": row.household_id},
            )
            await c.execute(
                text("UPDATE person SET relation = '其他' WHERE household_id = :home AND relation = :householder"),
                {"home": row.household_id, "householder": HOUSEHOLDER},
            )
        await c.execute(
            text("UPDATE person SET relation = :relation WHERE id = :id"), {"relation": relation, "id": person_id}
        )
        await note_changes(c, ledger, changes, said)
        await _touch(c, row.household_id, said)


@dataclass(frozen=True, slots=True)
class Place:
    """A village and a group in it."""

    region_code: str
    group_name: str | None


async def move(ledger: Ledger, household_id: int, to: Place, said: Said) -> None:
    """The household lives there; what it is still owed, its visits and its open tasks are that village's now.

    What is decided stays counted where it was decided. Raises InputError: no such household or village.
    """
    async with ledger.writing() as c:
        await alone(c)
        row = await _home(c, household_id)
        known = await c.scalar(text("SELECT COUNT(*) FROM region WHERE code = :code"), {"code": to.region_code})
        if not known or level_of(to.region_code) != "village":
            raise InputError("区划表中没有这个行政村;请从列表中选择")
        changes = []
        if row.region_code != to.region_code:
            changes.append(Changed(household_id, "region", row.region_code, to.region_code))
        if (row.group_name or None) != to.group_name:
            changes.append(Changed(household_id, "group", row.group_name, to.group_name))
        if not changes:
            return
        await c.execute(
            text("UPDATE household SET region_code = :region, group_name = :group WHERE id = :id"),
            {"region": to.region_code, "group": to.group_name, "id": household_id},
        )
        if row.region_code != to.region_code:
            await _move_what_waits(c, household_id, to.region_code)
        await note_changes(c, ledger, changes, said)
        await _touch(c, household_id, said)


async def _move_what_waits(c: AsyncConnection, household_id: int, region_code: str) -> None:
    bound: dict[str, Any] = {"home": household_id, "region": region_code}
    waiting = "o.household_id = :home AND o.state IN ('pending', 'unreached')"
    await uncount(c, "owed", waiting, {"home": household_id})
    await c.execute(
        text("UPDATE owed SET region_code = :region WHERE household_id = :home AND state IN ('pending', 'unreached')"),
        bound,
    )
    await count(c, "owed", waiting, {"home": household_id})
    for statement in (
        "UPDATE visit SET region_code = :region WHERE state IN ('open', 'excuse_asked') "
        "AND owed_id IN (SELECT id FROM owed WHERE household_id = :home)",
        "UPDATE correction_task SET region_code = :region WHERE household_id = :home AND state = 'open'",
        "UPDATE inquiry SET region_code = :region WHERE household_id = :home AND state <> 'closed'",
    ):
        await c.execute(text(statement), bound)


_COLUMNS = {one.column: one for one in ATTRIBUTES}


async def set_attributes(ledger: Ledger, household_id: int, values: Mapping[str, Decimal], said: Said) -> int:
    """The household has these; how many of them changed. Raises InputError: no such household."""
    wanted = stored(values)
    async with ledger.writing() as c:
        await alone(c)
        row = (await _home(c, household_id))._mapping
        changed = {column: value for column, value in wanted.items() if row[column] != value}
        if not changed:
            return 0
        await c.execute(
            text(f"UPDATE household SET {', '.join(f'{column} = :{column}' for column in changed)} WHERE id = :id"),
            {**changed, "id": household_id},
        )
        changes = [
            Changed(household_id, column, _told(column, row[column]), _told(column, value))
            for column, value in changed.items()
        ]
        await note_changes(c, ledger, changes, said)
        await _touch(c, household_id, said)
    return len(changed)


def _told(column: str, value: int) -> str:
    kind = _COLUMNS[column].kind
    if kind is AttributeKind.AREA:
        return f"{Decimal(value) / MU_SCALE:f}"
    return ("是" if value else "否") if kind is AttributeKind.FLAG else str(value)


async def drop_phone(ledger: Ledger, contact_id: int, shared_above: int, said: Said) -> None:
    """The number is not this household's any more; what it still waits for goes to its next number, else to a visit.

    Raises InputError when there is no such number in use.
    """
    async with ledger.writing() as c:
        await alone(c)
        row = (
            await c.execute(
                text(
                    "UPDATE contact SET state = 'replaced' WHERE id = :id AND kind = 'phone' "
                    "AND state IN ('usable', 'landline', 'wrong') RETURNING household_id, person_id, value_sealed"
                ),
                {"id": contact_id},
            )
        ).one_or_none()
        if row is None:
            raise InputError("没有这个在用的号码,可能已被他人更正;请刷新后再看")
        await flag_shared(c, shared_above)
        await resend_corrected(c, ledger, row.household_id, said.at)
        before = ledger.vault.open_text("contact.value_sealed", contact_id, bytes(row.value_sealed))
        await note_changes(c, ledger, [Changed(row.household_id, "phone", before, None, row.person_id)], said)
        await _touch(c, row.household_id, said)


async def _person(c: AsyncConnection, person_id: int) -> Any:
    row = (
        await c.execute(
            text(
                "SELECT p.household_id, p.relation, p.name_sealed, p.card_sealed, h.householder_id FROM person p "
                "JOIN household h ON h.id = p.household_id WHERE p.id = :id AND h.state = 'active'"
            ),
            {"id": person_id},
        )
    ).one_or_none()
    if row is None:
        raise InputError(_GONE)
    return row


async def _home(c: AsyncConnection, household_id: int) -> Any:
    columns = ", ".join(_COLUMNS)
    row = (
        await c.execute(
            text(f"SELECT region_code, group_name, {columns} FROM household WHERE id = :id AND state = 'active'"),
            {"id": household_id},
        )
    ).one_or_none()
    if row is None:
        raise InputError("没有这一户,或已迁出、已并入别户;请刷新后再看")
    return row


async def _touch(c: AsyncConnection, household_id: int, said: Said) -> None:
    await c.execute(
        text("UPDATE household SET changed_at = :at WHERE id = :id"), {"at": stamp(said.at), "id": household_id}
    )
