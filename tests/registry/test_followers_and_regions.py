"""Followers are bound to known persons; the tree of regions is loaded once."""

import csv
from pathlib import Path

import pytest

from notifier.domain.errors import InputError
from notifier.registry.followers import FollowersReport, import_followers
from notifier.registry.handing_in import HandedIn, handed_in
from notifier.registry.regions import import_regions
from notifier.store.ledger import Ledger
from notifier.store.registry_contacts import set_following
from tests.registry.rosters import (
    SETTINGS,
    FrozenClock,
    Watcher,
    a_ledger,
    a_row,
    an_id,
    hand_in,
    one,
    write_book,
)

REGIONS = Path(__file__).parents[2] / "config/regions.csv"
FIRST, SECOND = "oSBX" + "a" * 24, "oSBX" + "b" * 24


def a_list(path: Path, *rows: tuple[str, str]) -> HandedIn:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("身份证号", "openid"), *rows])
    return handed_in(path, "clerk")


async def follow(ledger: Ledger, file: HandedIn) -> FollowersReport:
    report = await import_followers(ledger, file, SETTINGS, FrozenClock(), Watcher())
    accounted = report.n_added + report.n_changed + report.n_unchanged + report.n_rejected + report.n_skipped
    assert report.n_rows == accounted
    return report


def person(index: int) -> str:
    return an_id(index, "19500308")


async def test_followers_are_bound_once_and_strangers_come_back(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2)]))
        file = a_list(
            tmp_path / "f.csv",
            (person(1), FIRST),
            (person(2), SECOND),
            (person(3), FIRST),
            ("64", FIRST),
            (person(1), "x"),
        )
        report = await follow(ledger, file)
        assert (report.n_added, report.n_rejected) == (2, 3)
        assert report.rejected is not None
        assert person(3) not in repr(report)
        again = await follow(ledger, file)
        assert (again.n_unchanged, again.n_rejected) == (2, 3)
        assert await one(ledger, "SELECT COUNT(*) FROM contact WHERE kind = 'openid' AND state = 'usable'") == 2


async def test_another_openid_of_a_person_replaces_the_first(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1)]))
        await follow(ledger, a_list(tmp_path / "f.csv", (person(1), FIRST)))
        report = await follow(ledger, a_list(tmp_path / "g.csv", (person(1), SECOND)))
        assert report.n_changed == 1
        states = (
            "SELECT MAX(CASE WHEN version = 1 THEN state END), MAX(CASE WHEN version = 2 THEN state END) FROM contact"
        )
        assert await one(ledger, f"{states} WHERE kind = 'openid'") == ("replaced", "usable")


async def test_who_stops_following_is_not_addressed_until_he_follows_again(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1)]))
        await follow(ledger, a_list(tmp_path / "f.csv", (person(1), FIRST)))
        state = "SELECT state FROM contact WHERE kind = 'openid'"
        assert await set_following(ledger, FIRST, False) == 1
        assert await set_following(ledger, FIRST, False) == 0
        assert await one(ledger, state) == "unfollowed"
        assert await set_following(ledger, FIRST, True) == 1
        assert await one(ledger, state) == "usable"
        assert await set_following(ledger, SECOND, True) == 0


async def test_the_tree_of_regions_is_loaded_once(ledger_url: str) -> None:
    async with a_ledger(ledger_url) as ledger:
        assert await import_regions(ledger, REGIONS) > 100
        assert await import_regions(ledger, REGIONS) == 0
        assert await one(ledger, "SELECT level, parent FROM region WHERE code = '640425100201'") == (
            "village",
            "640425100000",
        )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "三列"),
        ("code,name,level,parent\n64,宁夏,省,\n", "第 2 行的代码"),
        ("code,name,level,parent\n640000000000,,省,\n", "缺少名称"),
        ("code,name,level,parent\n640400000000,固原市,市,640000000000\n", "上级代码不在文件中"),
    ],
)
async def test_a_wrong_region_file_names_the_line(
    sqlite_ledger_url: str, tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "regions.csv"
    path.write_text(text, encoding="utf-8")
    async with a_ledger(sqlite_ledger_url) as ledger:
        with pytest.raises(InputError, match=reason):
            await import_regions(ledger, path)
