"""The officers' task list, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.visit_list import Waiting, count_visits, open_visits, region_of_visit, waiting_by_village
from tests.report import ground

PHONE = "19900001234"


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await ground.lay_county(opened)
    async with opened.writing() as c:
        await c.execute(
            text(
                "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, "
                "is_shared) VALUES (1, 1007, 1007, 'phone', 1, :sealed, :hash, 'usable', 0)"
            ),
            {"sealed": opened.vault.seal_text("contact.value_sealed", 1, PHONE), "hash": b"h"},
        )
    yield opened
    await opened.close()


async def test_tasks_come_by_region_masked_with_reason_and_phones(ledger: Ledger) -> None:
    tasks = await open_visits(ledger, ground.BAIYANG)
    assert [(task.visit_id, task.reason) for task in tasks] == [(1007, "dead_number"), (1008, "dead_number")]
    assert tasks[0].phones == ["199****1234"]
    assert tasks[1].phones == ()
    assert not {task.householder for task in tasks} & set(ground.NAMES)
    assert await count_visits(ledger, ground.BAIYANG) == 2
    assert await count_visits(ledger, ground.COUNTY) == 3


async def test_an_officer_s_own_list_is_in_clear_but_not_in_a_repr(ledger: Ledger) -> None:
    task = (await open_visits(ledger, ground.VILLAGE_1, clear=True))[0]
    assert task.householder in ground.NAMES
    assert task.phones == [PHONE]
    assert PHONE not in repr(task)
    assert task.householder not in repr(task)


async def test_pages_follow_each_other_and_done_visits_are_gone(ledger: Ledger) -> None:
    first = await open_visits(ledger, ground.COUNTY, most=2)
    rest = await open_visits(ledger, ground.COUNTY, after=first[-1].visit_id)
    assert [task.visit_id for task in rest] == [1017]
    async with ledger.writing() as c:
        await c.execute(text("UPDATE visit SET state = 'signed' WHERE id = 1017"))
    assert await open_visits(ledger, ground.COUNTY, after=first[-1].visit_id) == []


async def test_what_waits_is_counted_by_village_without_what_is_done(ledger: Ledger) -> None:
    async with ledger.writing() as c:
        await c.execute(text("UPDATE visit SET state = 'excuse_asked' WHERE id = 1008"))
    asked = Waiting(ground.VILLAGE_1, 2, 1)
    assert await waiting_by_village(ledger, ground.COUNTY) == [asked, Waiting(ground.VILLAGE_3, 1, 0)]
    assert await waiting_by_village(ledger, ground.BAIYANG) == [asked]
    async with ledger.writing() as c:
        await c.execute(text("UPDATE visit SET state = 'signed'"))
    assert await waiting_by_village(ledger, ground.COUNTY) == []


async def test_a_visit_knows_its_village(ledger: Ledger) -> None:
    assert await region_of_visit(ledger, 1017) == ground.VILLAGE_3
    assert await region_of_visit(ledger, 5) is None
