"""Pushes that come together are stored together, and each is answered for itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.contracts import Push
from notifier.store.intake import Intake
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


def push(n: int) -> Push:
    return Push("wechat", {"nonce": str(n)}, b"event", datetime.now(UTC))


async def n_stored(ledger: Ledger, table: str) -> int:
    async with ledger.reading() as c:
        return int((await c.execute(text(f"SELECT COUNT(*) FROM {table}"))).scalar_one())


async def test_many_at_once_are_all_durable_and_repeats_among_them_are_told_apart(ledger: Ledger) -> None:
    intake = Intake(ledger)
    news = await asyncio.gather(*(intake.store(push(n % 300)) for n in range(450)))
    assert sum(news) == 300
    assert await n_stored(ledger, "push") == await n_stored(ledger, "push_due") == 300
    known, new = await asyncio.gather(intake.store(push(7)), intake.store(push(1000)))
    assert (known, new) == (False, True)


async def test_each_of_a_batch_that_could_not_be_stored_hears_of_it_and_the_next_is_stored(ledger: Ledger) -> None:
    intake = Intake(ledger)
    broken = Push("wechat", {}, b"event", datetime(2026, 1, 1))  # noqa: DTZ001  # no instant of the ledger
    answers = await asyncio.gather(intake.store(push(1)), intake.store(broken), return_exceptions=True)
    assert all(isinstance(answer, Exception) for answer in answers)
    assert await n_stored(ledger, "push") == 0
    assert await intake.store(push(1)) is True


async def test_one_who_stopped_waiting_does_not_stop_the_others(ledger: Ledger) -> None:
    intake = Intake(ledger)
    impatient = asyncio.create_task(intake.store(push(1)))
    patient = asyncio.create_task(intake.store(push(2)))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is True
    assert await n_stored(ledger, "push") == 2
