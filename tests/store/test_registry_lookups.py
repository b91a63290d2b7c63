"""Finding, correcting, purging and re-sealing what the registry holds."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.errors import InputError, SealError
from notifier.domain.identity import Phone, read_id
from notifier.sandbox.county.numbers import phone_number
from notifier.store.ledger import open_ledger
from notifier.store.registry_contacts import NewPhone, correct_phone
from notifier.store.registry_finding import find_by_id, find_by_name, find_by_phone, household_members
from notifier.store.registry_runs import list_runs, purge_rejected, read_rejected
from notifier.store.rotation import SEALED_COLUMNS, rotate_seals
from notifier.store.sealing import Keys, Vault
from notifier.store.sharing import LedgerTokens
from notifier.store.tables.people import Person
from tests.registry.rosters import (
    KEYS,
    FrozenClock,
    Watcher,
    a_ledger,
    a_row,
    an_id,
    hand_in,
    one,
    phones_of,
    write_book,
)

NEW = Phone("19988887777")


async def test_people_are_found_by_id_phone_and_name_and_shown_masked(ledger_url: str, tmp_path: Path) -> None:
    number = an_id(1, "19500308")
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2)]))
        found = await find_by_id(ledger, read_id(number))
        assert found is not None
        assert (found.name, found.id_number) == ("王*", f"640425********{number[-4:]}")
        assert [phone.phone for phone in found.phones] == [f"199****{phone_number(1)[-4:]}"]
        assert await find_by_phone(ledger, Phone(phone_number(1))) == [found]
        assert await find_by_name(ledger, " 王样1", "640425100000") == [found]
        assert await find_by_name(ledger, "王样1", "640425101000") == []
        assert await household_members(ledger, found.household_id) == [found]
        assert await find_by_id(ledger, read_id(an_id(9))) is None


async def test_a_phone_is_corrected_as_a_new_version_once(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2, 户联系电话=NEW.number)]))
        person_id = await one(ledger, "SELECT MIN(id) FROM person")
        first = await correct_phone(ledger, NewPhone(person_id, NEW, "guanli"), 1, FrozenClock().now())
        assert await correct_phone(ledger, NewPhone(person_id, NEW, "guanli"), 1, FrozenClock().now()) == first
        assert await phones_of(ledger) == [(phone_number(1), "replaced", 1), (NEW.number, "usable", 2)]
        assert await one(ledger, "SELECT COUNT(*) FROM contact WHERE is_shared = 1") == 2
        with pytest.raises(InputError, match="没有这位成员"):
            await correct_phone(ledger, NewPhone(999_999, NEW, "guanli"), 1, FrozenClock().now())


async def test_rejected_rows_are_for_their_uploader_alone_and_are_purged(ledger_url: str, tmp_path: Path) -> None:
    clock = FrozenClock()
    async with a_ledger(ledger_url) as ledger:
        report = await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1, 姓名=None)]), clock)
        assert await read_rejected(ledger, report.run_id, "clerk") == report.rejected
        assert await read_rejected(ledger, report.run_id, "somebody") is None
        [run] = await list_runs(ledger)
        assert (run["has_rejected"], run["counts"]["n_rejected"]) == (True, 1)
        assert await purge_rejected(ledger, clock.now() + timedelta(days=30), 30) == 0
        assert await purge_rejected(ledger, clock.now() + timedelta(days=31), 30) == 1
        assert await read_rejected(ledger, report.run_id, "clerk") is None


def test_every_sealed_column_of_every_table_is_rotated() -> None:
    sealed = {
        (table.name, column.name)
        for table in Person.metadata.sorted_tables
        for column in table.columns
        if column.name == "sealed" or column.name.endswith("_sealed")
    }
    assert {(one.table, one.column) for one in SEALED_COLUMNS} == sealed


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-gcm"])
async def test_after_a_rotation_the_old_key_is_not_needed(ledger_url: str, tmp_path: Path, cipher: str) -> None:
    new_key = bytes(reversed(range(32)))
    both = Keys({1: KEYS.sealing[1], 2: new_key}, 2, KEYS.blind, "secret")
    clock = FrozenClock()
    async with a_ledger(ledger_url) as ledger:
        report = await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2, 姓名=None)]), clock)
        await LedgerTokens(ledger, clock).replace("wechat", None, "token", clock.now() + timedelta(hours=2))
    rotating = await open_ledger(ledger_url, Vault(both, cipher), pool=2)
    try:
        # name, id, card, phone, the returned workbook, the token
        assert await rotate_seals(rotating, Watcher()) == 6
        assert await rotate_seals(rotating, Watcher()) == 0
    finally:
        await rotating.close()
    async with a_ledger(ledger_url, Keys({2: new_key}, 2, KEYS.blind, "secret")) as ledger:
        assert await phones_of(ledger) == [(phone_number(1), "usable", 1)]
        assert await find_by_id(ledger, read_id(an_id(1, "19500308"))) is not None
        assert await read_rejected(ledger, report.run_id, "clerk") == report.rejected
        held = await LedgerTokens(ledger, clock).read("wechat")
        assert held is not None
        assert held[0] == "token"


async def test_a_value_moved_to_another_row_stops_the_rotation_and_is_named(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    both = Keys({1: KEYS.sealing[1], 2: bytes(32)}, 2, KEYS.blind, "secret")
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2)]))
        async with ledger.writing() as connection:
            await connection.execute(text("UPDATE person SET name_sealed = (SELECT MAX(name_sealed) FROM person)"))
    rotating = await open_ledger(sqlite_ledger_url, Vault(both), pool=2)
    try:
        with pytest.raises(SealError, match=r"person\.name_sealed"):
            await rotate_seals(rotating, Watcher())
    finally:
        await rotating.close()
