"""Households become one and two again: what was told stays told, what was owed stays owed, nothing is told twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.store import tables
from notifier.store.household_merging import ALONG, APART, SHARED, merge, split, unmerge
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.registry_changes import Said
from notifier.store.sealing import Keys, Vault
from tests.real_postgres import settle
from tests.registered import NOW, Home, register

SAID = Said("guanli", "同一户登记了两次", NOW)
KEYS = Keys({1: bytes(range(32))}, 1, bytes(32), "secret")
STATES = ("reached", "unreached", "excused")
STAYS = {"registry_change", "household_attribute"}
"""Histories stay where they happened, and what a household has is what the kept one has."""


def test_no_table_with_a_household_is_forgotten_when_two_become_one() -> None:
    with_one = {
        table.name
        for table in tables.Household.metadata.sorted_tables
        if "household_id" in {c.name for c in table.columns}
    }
    assert with_one == {*ALONG, *APART, *SHARED, *STAYS}


async def owe(ledger: Ledger, campaign: int, household: int, state: str, lines: int, *, told: bool) -> None:
    """The household is owed the campaign, and has payment lines of it for its first person."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, evidence, confidence, "
                "summary, ladder, state, reviews_needed, created_by, created_at, planned_at) VALUES (:k, :k, 1, "
                "'paid', 'disbursement', '补贴', '[]', 0, '', '短信必达', 'finished', 0, 'system', 0, "
                "1) ON CONFLICT DO NOTHING"
            ),
            {"k": campaign},
        )
        await c.execute(
            text(
                "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, state_at) "
                "VALUES (:id, :k, :h, 'r', 'w', :state, 0, 0)"
            ),
            {"id": campaign * 100 + household, "k": campaign, "h": household, "state": state},
        )
        for n in range(lines):
            line = campaign * 1000 + household * 10 + n
            await c.execute(
                text(
                    "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, state, "
                    "match_state, household_id, person_id, confidence, told_person_id, told_retry) VALUES (:id, :k, "
                    ":hash, 's', 1, :hash, :hash, 'paid', 'matched', :h, :h, 100, CAST(:told AS BIGINT), "
                    "CAST(:retry AS INTEGER))"
                ),
                {
                    "id": line,
                    "k": campaign,
                    "hash": str(line).encode(),
                    "h": household,
                    "told": household if told else None,
                    "retry": 0 if told else None,
                },
            )


async def snapshot(ledger: Ledger) -> str:
    """Everything of households but when they changed, to compare before and after."""
    told: dict[str, Any] = {}
    async with ledger.reading() as c:
        for table, columns in (
            ("household", "id, state, merged_into, householder_id"),
            ("person", "id, household_id, relation"),
            ("contact", "id, household_id, state"),
            ("owed", "id, household_id, campaign_id, state"),
            ("payment", "id, household_id, told_person_id"),
        ):
            rows = await c.execute(text(f"SELECT {columns} FROM {table} ORDER BY id"))
            told[table] = [tuple(row) for row in rows]
    return json.dumps(told)


async def told_by_two(ledger: Ledger) -> int:
    """Told lines whose household is owed their campaign by a row that did not tell them: they would be told again."""
    async with ledger.reading() as c:
        found = await c.execute(
            text(
                "SELECT COUNT(*) FROM payment p JOIN campaign k ON k.benefit_id = p.benefit_id "
                "WHERE p.told_person_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM owed o WHERE o.campaign_id = k.id "
                "AND o.household_id = p.household_id AND o.id = k.id * 100 + p.told_person_id)"
            )
        )
        return int(found.scalar_one())


OWED = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from(STATES), st.integers(0, 2), st.booleans()),
    unique_by=lambda one: one[:2],
    max_size=8,
)
PAIRS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4)


@settings(max_examples=15)
@given(owed=OWED, pairs=PAIRS)
def test_merges_undone_in_reverse_leave_everything_as_it_was(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, owed: list[Any], pairs: list[tuple[int, int]]
) -> None:
    file = tmp_path_factory.mktemp("merging") / "ledger.db"
    file.write_bytes(migrated_file.read_bytes())
    settle(_merge_and_undo(f"sqlite+aiosqlite:///{file}", owed, pairs))


async def _merge_and_undo(url: str, owed: list[Any], pairs: list[tuple[int, int]]) -> None:
    ledger = await open_ledger(url, Vault(KEYS))
    try:
        await register(ledger, [Home(f"样例{n}") for n in range(4)])
        for campaign, household, state, lines, told in owed:
            await owe(ledger, campaign, household, state, lines, told=told)
        async with ledger.reading() as c:
            n_owed = await c.scalar(text("SELECT COUNT(*) FROM owed"))
        states, merges = [await snapshot(ledger)], []
        for kept, gone in pairs:
            try:
                merges.append(await merge(ledger, kept, gone, SAID))
            except InputError:
                continue  # the same household twice, or one that is merged already
            states.append(await snapshot(ledger))
            assert await told_by_two(ledger) == 0
            async with ledger.reading() as c:
                assert await c.scalar(text("SELECT COUNT(*) FROM owed")) == n_owed
        for merge_id in reversed(merges):
            states.pop()
            await unmerge(ledger, merge_id, SAID)
            assert await snapshot(ledger) == states[-1]
        if merges:
            with pytest.raises(InputError, match="撤销过"):
                await unmerge(ledger, merges[0], SAID)
    finally:
        await ledger.close()


async def test_what_is_being_told_is_not_merged_and_a_part_can_leave_and_return(ledger_url: str) -> None:
    ledger = await open_ledger(ledger_url, Vault(KEYS))
    try:
        await register(ledger, [Home("样例甲", "640425197001010011"), Home("样例乙")])
        await owe(ledger, 1, 1, "pending", 1, told=True)
        await owe(ledger, 1, 2, "reached", 1, told=True)
        await owe(ledger, 2, 2, "reached", 1, told=False)
        with pytest.raises(InputError, match="正在通知"):
            await merge(ledger, 1, 2, SAID)
        async with ledger.writing() as c:
            await c.execute(text("UPDATE owed SET state = 'reached' WHERE state = 'pending'"))
        await merge(ledger, 1, 2, SAID)
        assert await told_by_two(ledger) == 0
        with pytest.raises(InputError, match="至少"):
            await split(ledger, 1, [1, 2], SAID)
        new = await split(ledger, 1, [2], SAID)
        async with ledger.reading() as c:
            assert (await c.execute(text("SELECT household_id FROM person WHERE id = 2"))).scalar_one() == new
            untold = text("SELECT household_id FROM payment WHERE told_person_id IS NULL")
            assert (await c.execute(untold)).scalar_one() == new
            planned = text("SELECT planned_at FROM campaign WHERE id = 2")
            assert (await c.execute(planned)).scalar_one() is None  # who waits for that line is planned again
        merge_id = await merge(ledger, 1, new, SAID)
        assert await unmerge(ledger, merge_id, SAID) == new
        async with ledger.reading() as c:
            assert (await c.execute(text("SELECT household_id FROM person WHERE id = 2"))).scalar_one() == new
    finally:
        await ledger.close()
