"""Merging two households that are one, undoing that, and splitting one that is two.

An owed row goes with its household unless the other is owed the same campaign too: then each stays where it was told.
A payment line that was told stays with the owed row that told it, so nobody is told a line twice (P2).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.store.ledger import Ledger, take_ids
from notifier.store.planning import ask_replan
from notifier.store.registry import alone
from notifier.store.registry_changes import Changed, Said, note_changes
from notifier.store.tables.columns import stamp

ALONG = ("person", "contact", "inquiry", "consent_entry", "correction_task")
"""Tables whose rows of a household go with it, all of them."""
APART = ("payment", "owed")
"""Tables of which some rows stay: what was told where."""
SHARED = ("name_list_entry",)
"""Lists that both are on from then on."""
_TOLD_HERE = (
    "EXISTS (SELECT 1 FROM owed o JOIN campaign k ON k.id = o.campaign_id WHERE o.household_id = payment.household_id "
    "AND k.benefit_id = payment.benefit_id AND k.purpose = payment.state)"
)
_LISTED = (
    "INSERT INTO name_list_entry (list_id, household_id, row, why) SELECT list_id, CAST(:kept AS BIGINT), row, why "
    "FROM name_list_entry WHERE household_id = :gone ON CONFLICT DO NOTHING RETURNING list_id"
)
Moved = dict[str, list[int]]


async def merge(ledger: Ledger, kept_id: int, gone_id: int, said: Said) -> int:
    """The people of `gone_id` live in `kept_id`, with what they were owed; the id of the merge, to undo it by.

    The kept household's attributes hold. Raises InputError: the same or an inactive household, or both wait to be told
    in the same campaign.
    """
    if kept_id == gone_id:
        raise InputError("请选择两个不同的户")
    async with ledger.writing() as c:
        await _begin(c, [kept_id, gone_id])
        await _refuse_in_the_air(c, kept_id, gone_id)
        homes = {"kept": kept_id, "gone": gone_id}
        moved: Moved = {
            "owed": await _move(
                c,
                "UPDATE owed SET household_id = :kept WHERE household_id = :gone AND campaign_id NOT IN "
                "(SELECT campaign_id FROM owed WHERE household_id = :kept) RETURNING id",
                homes,
            )
        }
        moved["payment"] = await _move_lines(c, f"told_person_id IS NULL OR NOT {_TOLD_HERE}", homes)
        for table in ALONG:
            statement = f"UPDATE {table} SET household_id = :kept WHERE household_id = :gone RETURNING id"
            moved[table] = await _move(c, statement, homes)
        listed = await c.execute(text(_LISTED), homes)
        moved["name_list_entry"] = [int(row.list_id) for row in listed]
        await c.execute(text("UPDATE household SET state = 'merged', merged_into = :kept WHERE id = :gone"), homes)
        (merge_id,) = await take_ids(c, "household_merge", 1)
        await c.execute(
            text(
                "INSERT INTO household_merge (id, kept_id, gone_id, moved, by_user, at) "
                "VALUES (:id, :kept, :gone, :moved, :by, :at)"
            ),
            {**homes, "id": merge_id, "moved": json.dumps(moved), "by": said.by_user, "at": stamp(said.at)},
        )
        await _note(c, ledger, "merge", (kept_id, gone_id), said)
    return merge_id


async def unmerge(ledger: Ledger, merge_id: int, said: Said) -> int:
    """The household that was merged is one of its own again, with its people and what told them; its id.

    What the merged household was told together stays with the kept one. Raises InputError: undone already, a later
    merge must be undone first, or a notice is under way.
    """
    async with ledger.writing() as c:
        await alone(c)
        row = (
            await c.execute(
                text("SELECT kept_id, gone_id, moved FROM household_merge WHERE id = :id AND undone_at IS NULL"),
                {"id": merge_id},
            )
        ).one_or_none()
        if row is None:
            raise InputError("这次合并已经撤销过;请刷新后再看")
        kept_id, gone_id = int(row.kept_id), int(row.gone_id)
        await _begin(c, [kept_id])
        await _refuse_in_the_air(c, kept_id, kept_id)
        await c.execute(
            text("UPDATE household SET state = 'active', merged_into = NULL WHERE id = :gone"), {"gone": gone_id}
        )
        await _move_back(c, ledger, (kept_id, gone_id), json.loads(row.moved))
        await c.execute(
            text("UPDATE household_merge SET undone_at = :at WHERE id = :id"),
            {"at": stamp(said.at), "id": merge_id},
        )
        await _keep_a_householder(c, kept_id)
        await _note(c, ledger, "unmerge", (kept_id, gone_id), said)
    return gone_id


async def split(ledger: Ledger, household_id: int, person_ids: Sequence[int], said: Said) -> int:
    """The persons are a household of their own, in the same village, first of them the householder; its id.

    Their lines that nobody was told yet go along. Its attributes are empty until somebody says them. Raises InputError:
    nobody or everybody was chosen, or a notice is under way.
    """
    async with ledger.writing() as c:
        await _begin(c, [household_id])
        await _refuse_in_the_air(c, household_id, household_id)
        rows = (
            await c.execute(
                text("SELECT id, id_hash FROM person WHERE household_id = :id ORDER BY id"), {"id": household_id}
            )
        ).all()
        leaving = [row.id for row in rows if row.id in set(person_ids)]
        if not leaving or len(leaving) == len(rows):
            raise InputError("请选择要分出去的成员:至少一位,也至少留下一位")
        new_id = await _found(c, ledger, household_id, next(row for row in rows if row.id == leaving[0]), said)
        homes = {"gone": household_id, "kept": new_id}
        chosen = {"persons": ledger.listed(leaving)}
        among = ledger.among("person_id", "persons")
        await c.execute(
            text(f"UPDATE person SET household_id = :kept WHERE {ledger.among('id', 'persons')}"),
            {"kept": new_id} | chosen,
        )
        for table in ("contact", "consent_entry", "correction_task"):
            statement = f"UPDATE {table} SET household_id = :kept WHERE household_id = :gone AND {among}"
            await c.execute(text(statement), homes | chosen)
        await _move_lines(c, f"told_person_id IS NULL AND {among}", homes | chosen)
        await _keep_a_householder(c, household_id)
        await _note(c, ledger, "split", (household_id, new_id), said)
    return new_id


async def _begin(c: AsyncConnection, household_ids: Sequence[int]) -> None:
    await alone(c)
    # Who plans a campaign just now ends first, and who comes after sees what is here.
    await c.execute(text("UPDATE campaign SET planned_at = planned_at WHERE planned_at IS NULL AND state = 'running'"))
    for household_id in household_ids:
        state = await c.scalar(text("SELECT state FROM household WHERE id = :id"), {"id": household_id})
        if state != "active":
            raise InputError("没有这一户,或已迁出、已并入别户;请刷新后再看")


async def _refuse_in_the_air(c: AsyncConnection, one: int, other: int) -> None:
    title = await c.scalar(
        text(
            "SELECT k.title FROM owed a JOIN owed b ON b.campaign_id = a.campaign_id JOIN campaign k "
            "ON k.id = a.campaign_id WHERE a.household_id = :one AND b.household_id = :other "
            "AND (a.state = 'pending' OR b.state = 'pending') LIMIT 1"
        ),
        {"one": one, "other": other},
    )
    if title is not None:
        raise InputError(f"“{title}”正在通知该户;请等有了结果(或该任务结束)再操作,以免重复通知")


async def _move(c: AsyncConnection, statement: str, bound: Mapping[str, Any]) -> list[int]:
    return [int(row.id) for row in await c.execute(text(statement), bound)]


async def _move_lines(c: AsyncConnection, condition: str, bound: Mapping[str, Any]) -> list[int]:
    """Payment lines move; the benefits of those that nobody was told yet are planned again."""
    rows = (
        await c.execute(
            text(
                f"UPDATE payment SET household_id = :kept WHERE household_id = :gone AND ({condition}) "
                "RETURNING id, benefit_id, match_state, told_person_id"
            ),
            bound,
        )
    ).all()
    untold = {int(row.benefit_id) for row in rows if row.match_state == "matched" and row.told_person_id is None}
    for benefit_id in sorted(untold):
        await ask_replan(c, benefit_id)
    return [int(row.id) for row in rows]


async def _move_back(c: AsyncConnection, ledger: Ledger, homes: tuple[int, int], moved: Mapping[str, Any]) -> None:
    persons = ledger.listed(moved["person"])
    bound: dict[str, Any] = {"gone": homes[0], "kept": homes[1], "persons": persons}
    theirs = ledger.among("payment.person_id", "persons")
    # An owed row that told a line of those who stay is the kept household's by now.
    mixed = (
        "EXISTS (SELECT 1 FROM payment p JOIN campaign k ON k.benefit_id = p.benefit_id AND k.purpose = p.state "
        "WHERE k.id = owed.campaign_id AND p.household_id = :gone AND p.told_person_id IS NOT NULL "
        f"AND NOT {ledger.among('p.person_id', 'persons')})"
    )
    await c.execute(
        text(
            "UPDATE owed SET household_id = :kept WHERE household_id = :gone "
            f"AND {ledger.among('id', 'owed')} AND NOT {mixed}"
        ),
        bound | {"owed": ledger.listed(moved["owed"])},
    )
    await _move_lines(c, f"{theirs} AND (told_person_id IS NULL OR NOT {_TOLD_HERE})", bound)
    await c.execute(
        text(f"DELETE FROM name_list_entry WHERE household_id = :gone AND {ledger.among('list_id', 'lists')}"),
        {"gone": homes[0], "lists": ledger.listed(moved["name_list_entry"])},
    )
    for table in ALONG:
        mine = [ledger.among("id", "rows")]
        if table in ("contact", "consent_entry", "correction_task"):
            mine.append(ledger.among("person_id", "persons"))
        await c.execute(
            text(f"UPDATE {table} SET household_id = :kept WHERE household_id = :gone AND ({' OR '.join(mine)})"),
            {"kept": homes[1], "gone": homes[0], "rows": ledger.listed(moved[table])}
            | ({"persons": persons} if len(mine) > 1 else {}),
        )


async def _found(c: AsyncConnection, ledger: Ledger, household_id: int, householder: Any, said: Said) -> int:
    """A new household beside the old one, found by its householder's id where that is free."""
    (new_id,) = await take_ids(c, "household", 1)
    key = ledger.vault.blind("household", f"split:{new_id}")
    number = await c.scalar(text("SELECT id_sealed FROM person WHERE id = :id"), {"id": householder.id})
    if number is not None:
        by_id = f"id:{ledger.vault.open_text('person.id_sealed', householder.id, bytes(number))}"
        wanted = ledger.vault.blind("household", by_id)
        if not await c.scalar(text("SELECT 1 FROM household WHERE key_hash = :key"), {"key": wanted}):
            key = wanted
    await c.execute(
        text(
            "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, content_digest, "
            "registered_at, changed_at, is_low_income, is_destitute, is_out_of_poverty, is_monitored, is_insured, "
            "n_disabled, n_elderly, n_sheep, n_cattle, n_pigs, farmland_mu, grassland_mu, reforested_mu) "
            "SELECT :id, :key, region_code, group_name, :person, 'active', :key, :at, :at, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
            "0, 0, 0, 0 FROM household WHERE id = :home"
        ),
        {"id": new_id, "key": key, "person": householder.id, "at": stamp(said.at), "home": household_id},
    )
    return new_id


async def _keep_a_householder(c: AsyncConnection, household_id: int) -> None:
    await c.execute(
        text(
            "UPDATE household SET householder_id = COALESCE((SELECT MIN(id) FROM person WHERE household_id = :id), "
            "householder_id) WHERE id = :id AND householder_id NOT IN (SELECT id FROM person WHERE household_id = :id)"
        ),
        {"id": household_id},
    )


async def _note(c: AsyncConnection, ledger: Ledger, what: str, homes: Iterable[int], said: Said) -> None:
    one, other = homes
    changes = [Changed(one, what, None, str(other)), Changed(other, what, None, str(one))]
    await note_changes(c, ledger, changes, said)
    await c.execute(
        text("UPDATE household SET changed_at = :at WHERE id IN (:one, :other)"),
        {"at": stamp(said.at), "one": one, "other": other},
    )
