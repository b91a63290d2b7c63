"""The counts equal a recount whatever is done to rows, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.tally import Difference, check, count, recount, uncount

NOON = 1_795_500_000_000_000
DAY = 86_400_000_000
MESSAGE = (
    "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, chunk_id,"
    " region_code, state, reason, state_at) VALUES"
    " (:id, :id, :campaign, :id, :id, :medium, 0, 0, 1, :chunk, :region, 'ready', NULL, :at)"
)
OWED = (
    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, state_at)"
    " VALUES (:id, :campaign, :id, :region, '', 'pending', -1, :at)"
)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def fill(ledger: Ledger, n: int, campaign: int = 1, first: int = 1) -> None:
    rows = [
        {
            "id": first + i, "campaign": campaign, "medium": "sms" if i % 3 else "wechat", "chunk": i % 4,
            "region": f"64042510020{i % 5}", "at": NOON,
        }
        for i in range(n)
    ]  # fmt: skip
    async with ledger.writing() as c:
        await c.execute(text(MESSAGE), rows)
        await c.execute(text(OWED), rows)
        await count(c, "message", "m.campaign_id = :campaign", {"campaign": campaign})
        await count(c, "owed", "o.campaign_id = :campaign", {"campaign": campaign})


async def move(ledger: Ledger, chunk: int, state: str, reason: str | None = None, at: int = NOON) -> None:
    named = {"chunk": chunk}
    async with ledger.writing() as c:
        await uncount(c, "message", "m.chunk_id = :chunk", named)
        await c.execute(
            text("UPDATE message SET state = :state, reason = :reason, state_at = :at WHERE chunk_id = :chunk"),
            {**named, "state": state, "reason": reason, "at": at},
        )
        await count(c, "message", "m.chunk_id = :chunk", named)


async def total(ledger: Ledger, where: str = "true") -> int:
    async with ledger.reading() as c:
        return int((await c.execute(text(f"SELECT coalesce(SUM(n), 0) FROM tally WHERE {where}"))).scalar_one())


async def test_new_rows_are_counted_by_region_medium_and_state(ledger: Ledger) -> None:
    await fill(ledger, 60)
    assert await total(ledger, "subject = 'message' AND medium = 'wechat' AND state = 'ready'") == 20
    assert await total(ledger, "subject = 'owed' AND medium = '' AND region_code = '640425100204'") == 12
    assert await check(ledger) == []


async def test_a_changed_row_moves_from_its_old_cell_to_its_new_one(ledger: Ledger) -> None:
    await fill(ledger, 40)
    await move(ledger, 2, "failed", "dead_number", NOON + DAY)
    assert await total(ledger, "subject = 'message' AND state = 'failed' AND detail = 'dead_number'") == 10
    assert await total(ledger, "subject = 'message'") == 40
    assert await check(ledger) == []


async def test_a_repeated_change_counts_once(ledger: Ledger) -> None:
    await fill(ledger, 8)
    for _ in range(3):
        await move(ledger, 1, "delivered")
    assert await total(ledger, "state = 'delivered'") == 2
    assert await check(ledger) == []


async def test_an_owed_row_is_told_apart_by_reason_or_level(ledger: Ledger) -> None:
    await fill(ledger, 2)
    async with ledger.writing() as c:
        await uncount(c, "owed", "o.id IN (1, 2)", {})
        await c.execute(text("UPDATE owed SET state = 'reached', level = 'handset' WHERE id = 1"))
        await c.execute(text("UPDATE owed SET state = 'unreached', reason = 'silent' WHERE id = 2"))
        await count(c, "owed", "o.id IN (1, 2)", {})
    assert await total(ledger, "state = 'reached' AND detail = 'handset'") == 1
    assert await total(ledger, "state = 'unreached' AND detail = 'silent'") == 1
    assert await check(ledger) == []


async def test_days_are_counted_in_the_county_s_own_time(ledger: Ledger) -> None:
    late_evening_utc = 20_000 * DAY + 17 * 3_600_000_000  # already 01:00 of the next day in China
    await fill(ledger, 1)
    await move(ledger, 0, "accepted", at=late_evening_utc)
    assert await total(ledger, "state = 'accepted' AND on_day = 20001") == 1


async def test_what_was_changed_behind_the_counts_is_found_and_a_recount_mends_it(ledger: Ledger) -> None:
    await fill(ledger, 3)
    async with ledger.writing() as c:
        await c.execute(text("UPDATE message SET state = 'silent' WHERE id = 1"))
    found = await check(ledger)
    assert {(one.state, one.surplus) for one in found} == {("ready", 1), ("silent", -1)}
    assert all(isinstance(one, Difference) and one.campaign_id == 1 for one in found)
    await recount(ledger, 1)
    assert await check(ledger) == []


async def test_batches_that_cross_do_not_block_each_other_for_good(ledger: Ledger) -> None:
    await fill(ledger, 40)
    await fill(ledger, 40, campaign=2, first=100)
    there_and_back = [move(ledger, i % 4, ("postponed", "ready", "accepted")[i % 3]) for i in range(24)]
    await asyncio.wait_for(asyncio.gather(*there_and_back), 30)
    assert await total(ledger, "subject = 'message'") == 80
    assert await check(ledger) == []
