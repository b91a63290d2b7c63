"""Keys and cipher change under a full ledger: nothing needs the old ones afterwards, and people are found as before."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.contracts import Push
from notifier.domain.errors import SealError
from notifier.domain.identity import IdNumber, mask_id
from notifier.domain.settings import Registry
from notifier.registry.followers import import_followers
from notifier.registry.handing_in import handed_in
from notifier.registry.importing import import_households
from notifier.registry.regions import import_regions
from notifier.sandbox.county import build_county, write_followers, write_rosters
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.receipts import store_push, take_due_pushes
from notifier.store.registry_finding import find_by_id
from notifier.store.rotation import SEALED_COLUMNS, is_rotated, rotate_seals
from notifier.store.sealing import Vault, add_key, load_keys
from notifier.store.sharing import LedgerTokens
from notifier.store.tables import Person
from notifier.store.watching import keep_snapshot

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
COUNTY = build_county(seed=7, n_households=30)
WHO = next(home for home in COUNTY.households() if home.openid).householder


class _Clock:
    def now(self) -> datetime:
        return NOW


class _Nobody:
    def advance(self, n_done: int) -> None:
        pass


class _Killer:
    """Ends the rotation after so many rows, as a kill would."""

    def __init__(self, n_rows: int) -> None:
        self.n_left = n_rows

    def advance(self, n_done: int) -> None:
        self.n_left -= n_done
        if self.n_left <= 0:
            raise KeyboardInterrupt


@pytest.fixture
async def filled(ledger_url: str, tmp_path: Path) -> tuple[str, Path]:
    """A ledger with people, contacts, rejected rows, a push, a snapshot and a token, sealed with key 1."""
    keys = tmp_path / "keys.toml"
    ledger = await open_ledger(ledger_url, Vault(load_keys(keys)))
    try:
        await import_regions(ledger, Path("config/regions.csv"))
        write_rosters(COUNTY, tmp_path / "rosters")
        for file in sorted((tmp_path / "rosters").iterdir()):
            await import_households(ledger, handed_in(file), Registry(), _Clock(), _Nobody())
        write_followers(COUNTY, tmp_path / "followers.csv")
        await import_followers(ledger, handed_in(tmp_path / "followers.csv"), Registry(), _Clock(), _Nobody())
        await store_push(ledger, Push("aliyun_sms", {}, b"[]", NOW))
        await LedgerTokens(ledger, _Clock()).replace("wechat:x", None, "a token", NOW + timedelta(hours=1))
        async with ledger.writing() as c:
            await keep_snapshot(ledger, c, "feed", b"<rss/>", NOW)
    finally:
        await ledger.close()
    return ledger_url, keys


async def _opened(url: str, keys: Path, cipher: str = "aes-256-gcm") -> Ledger:
    return await open_ledger(url, Vault(load_keys(keys), cipher))


async def _heads(ledger: Ledger) -> dict[bytes, int]:
    """How many sealed values begin with which suite and key."""
    heads: dict[bytes, int] = {}
    async with ledger.reading() as c:
        for column in SEALED_COLUMNS:
            sql = f"SELECT {column.column} FROM {column.table} WHERE {column.column} IS NOT NULL"
            for (value,) in await c.execute(text(sql)):
                heads[bytes(value)[:3]] = heads.get(bytes(value)[:3], 0) + 1
    return heads


def _only(keys: Path, key_id: int) -> None:
    """The old keys are gone from the file, as an operator removes them."""
    kept = [line for line in keys.read_text().splitlines() if not line[:1].isdigit() or line.startswith(f"{key_id} ")]
    keys.write_text("\n".join(kept) + "\n")
    assert list(tomllib.loads(keys.read_text())["sealing"]) == [str(key_id)]


async def _everything_opens(ledger: Ledger) -> None:
    """Every value opens; the person is found by the hash of the id, and push and token can be read."""
    for column in SEALED_COLUMNS:
        async with ledger.reading() as c:
            sql = f"SELECT {column.key}, {column.column} FROM {column.table} WHERE {column.column} IS NOT NULL"
            for key, value in await c.execute(text(sql)):
                ledger.vault.open(*column.bound(key), bytes(value))
    found = await find_by_id(ledger, IdNumber(WHO.id_number))
    assert found is not None
    assert found.name == f"{WHO.name[0]}*"
    async with ledger.writing() as c:
        (due,) = await take_due_pushes(c, ledger, 9)
    assert due.push.body == b"[]"
    assert await LedgerTokens(ledger, _Clock()).read("wechat:x") is not None


def test_every_sealed_column_of_the_tables_is_rotated() -> None:
    tables = {
        (name, column.name)
        for name, table in Person.metadata.tables.items()
        for column in table.columns
        if column.name.endswith("sealed")
    }
    assert {(one.table, one.column) for one in SEALED_COLUMNS} == tables


@pytest.mark.timeout(180)
async def test_after_a_rotation_the_old_key_can_go_and_people_are_still_found(filled: tuple[str, Path]) -> None:
    url, keys = filled
    before = await _opened(url, keys)
    assert await is_rotated(before)
    n_values = sum((await _heads(before)).values())
    await before.close()
    assert add_key(keys) == 2
    ledger = await _opened(url, keys)
    with pytest.raises(KeyboardInterrupt):
        await rotate_seals(ledger, _Killer(10))
    assert len(await _heads(ledger)) == 2
    assert not await is_rotated(ledger)
    n_left = await rotate_seals(ledger, _Nobody())
    assert 0 < n_left < n_values
    assert await is_rotated(ledger)
    assert await _heads(ledger) == {b"\x01\x00\x02": n_values}
    assert await rotate_seals(ledger, _Nobody()) == 0
    await ledger.close()
    _only(keys, 2)
    alone = await _opened(url, keys)
    await _everything_opens(alone)
    await alone.close()


@pytest.mark.timeout(180)
async def test_a_county_changes_to_sm4_and_back(filled: tuple[str, Path]) -> None:
    url, keys = filled
    for cipher, suite in (("sm4-gcm", 2), ("aes-256-gcm", 1)):
        ledger = await _opened(url, keys, cipher)
        await rotate_seals(ledger, _Nobody())
        assert set(await _heads(ledger)) == {bytes((suite, 0, 1))}
        found = await find_by_id(ledger, IdNumber(WHO.id_number))
        assert found is not None
        assert found.id_number == mask_id(WHO.id_number)
        await ledger.close()


async def test_a_running_service_opens_what_was_sealed_anew_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    service = Vault(load_keys(file), reread=lambda: load_keys(file))
    deaf = Vault(load_keys(file))
    add_key(file)
    sealed = Vault(load_keys(file)).seal("push.sealed", 3, b"x")
    assert service.open("push.sealed", 3, sealed) == b"x"
    assert service.seal("push.sealed", 3, b"x")[:3] == b"\x01\x00\x02"
    with pytest.raises(SealError, match="no key 2"):
        deaf.open("push.sealed", 3, sealed)
