"""The audit trail shows what was changed, removed or cut off, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.store.audit import append, latest, verify
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
