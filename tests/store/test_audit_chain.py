"""The audit trail shows what was changed, removed or cut off, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.store.accounts import Account, add_account
from notifier.store.audit import Wanted, append, entries, head, latest, verify
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def write(ledger: Ledger, n: int) -> None:
    for i in range(n):
        async with ledger.writing() as c:
            await append(c, "someone", "login", {"i": i})


async def tamper(ledger: Ledger, sql: str) -> None:
    async with ledger.writing() as c:
        await c.execute(text(sql))


async def test_an_untouched_trail_is_whole_and_empty_is_whole_too(ledger: Ledger) -> None:
    assert await verify(ledger) == []
    await write(ledger, 3)
    assert await verify(ledger) == []
    assert [entry.detail for entry in await latest(ledger, 2)] == ['{"i": 2}', '{"i": 1}']


async def test_entries_written_at_once_still_make_one_chain(ledger: Ledger) -> None:
    await asyncio.gather(*(write(ledger, 3) for _ in range(4)))
    assert len(await latest(ledger, 99)) == 12
    assert await verify(ledger) == []


async def test_an_entry_of_an_undone_deed_leaves_no_gap(ledger: Ledger) -> None:
    await write(ledger, 1)
    with pytest.raises(ZeroDivisionError):
        async with ledger.writing() as c:
            await append(c, "someone", "undone", {})
            raise ZeroDivisionError
    await write(ledger, 1)
    assert await verify(ledger) == []


@pytest.mark.parametrize(
    ("deed", "entry_id", "why"),
    [
        ("UPDATE audit_entry SET who = 'nobody' WHERE id = 2", 2, "改动"),
        ("UPDATE audit_entry SET at = at + 1 WHERE id = 2", 2, "改动"),
        ("DELETE FROM audit_entry WHERE id = 2", 2, "删除"),
        ("DELETE FROM audit_entry WHERE id = 4", 4, "末尾"),
        ("DELETE FROM audit_entry WHERE id = 1", 1, "删除"),
    ],
)
async def test_tampering_is_found_where_it_was_done(ledger: Ledger, deed: str, entry_id: int, why: str) -> None:
    await write(ledger, 4)
    await tamper(ledger, deed)
    first, *_ = await verify(ledger)
    assert first.entry_id == entry_id
    assert why in first.why


async def test_a_tail_that_was_cut_off_with_its_counter_is_found_by_a_head_written_down_before(ledger: Ledger) -> None:
    await write(ledger, 4)
    known = await head(ledger)
    assert await verify(ledger, known) == []
    await tamper(ledger, "DELETE FROM audit_entry WHERE id = 4")
    await tamper(ledger, "UPDATE counter SET next_id = 4 WHERE name = 'audit_entry'")
    assert await verify(ledger) == []
    assert [one.entry_id for one in await verify(ledger, known)] == [4]


async def test_nobody_without_the_key_can_add_or_mend_an_entry(ledger: Ledger, tmp_path: Path) -> None:
    await write(ledger, 2)
    stranger = Vault(load_keys(tmp_path / "other-keys.toml"))
    ours, ledger.vault = ledger.vault, stranger
    await write(ledger, 1)
    ledger.vault = ours
    assert [one.entry_id for one in await verify(ledger)] == [3]


async def test_entries_are_shown_by_the_region_of_whoever_acted_and_by_what_is_wanted(ledger: Ledger) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for name, region in (("county", "640425000000"), ("baiyang", "640425100000"), ("wangwa", "640425101000")):
        await add_account(ledger, Account(name, "no hash of anything", "auditor", region), now)
        async with ledger.writing() as c:
            await append(c, "system", "user.add", {}, at=now)
            await append(c, name, "login", {}, at=now)

    async def seen(region: str, wanted: Wanted) -> list[tuple[str, str]]:
        return [(one.who, one.what) for one in await entries(ledger, region, wanted, 99)]

    assert await seen("640425101000", Wanted()) == [("wangwa", "login")]
    everything = await seen("640425000000", Wanted())
    assert len(everything) == 6
    assert ("system", "user.add") in everything
    assert await seen("640425000000", Wanted(what="user.")) == [("system", "user.add")] * 3
    assert await seen("640425000000", Wanted(who="baiyang")) == [("baiyang", "login")]
    assert len(await seen("640425000000", Wanted(before=4))) == 3
    assert await seen("640425000000", Wanted(since=now + timedelta(days=1))) == []
