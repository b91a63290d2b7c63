"""The front desk over an SQLite ledger."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from notifier.accounts import passwords
from notifier.domain.settings import Inquiries
from notifier.inquiries.answering import InquiryDesk
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.track.visiting import VisitDesk
from tests.web.front import Front, FrozenClock, a_front


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with small parameters: eight users a test would cost seconds."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
async def front(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Front]:
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    front = await a_front(ledger)
    yield front
    await front.client.close()
    await ledger.close()


@pytest.fixture
async def front_at_work(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Front]:
    """With the real desks of people's work: what is done on a page is done in the ledger."""
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    clock = FrozenClock()
    inquiries = InquiryDesk(ledger, clock, Inquiries(), {})
    front = await a_front(ledger, visits=VisitDesk(ledger, clock), inquiries=inquiries, clock=clock)
    yield front
    await front.client.close()
    await ledger.close()
