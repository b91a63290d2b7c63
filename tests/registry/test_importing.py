"""What becomes of each row of a roster - on both databases where they could differ."""

from pathlib import Path
from typing import Any

import pytest

from notifier.domain.errors import InputError
from notifier.sandbox.county.numbers import card_number, phone_number, short_id
from tests.registry.rosters import (
    HEADER,
    FrozenClock,
    a_ledger,
    a_row,
    an_id,
    everything,
    hand_in,
    one,
    phones_of,
    rejected_rows,
    write_book,
)

REGIONS = Path(__file__).parents[2] / "config/regions.csv"


async def test_importing_the_same_file_again_changes_nothing(ledger_url: str, tmp_path: Path) -> None:
    path = write_book(tmp_path / "a.xlsx", [a_row(index) for index in range(1, 8)])
    async with a_ledger(ledger_url) as ledger:
        first = await hand_in(ledger, path)
        held = await everything(ledger)
        clock = FrozenClock()
        clock.at = clock.at.replace(day=25)
        again = await hand_in(ledger, path, clock)
        assert (first.n_added, first.n_households_added) == (7, 7)
        assert (again.n_unchanged, again.n_households_unchanged) == (7, 7)
        assert again.rejected is None
        assert await everything(ledger) == held


async def test_a_household_twice_in_a_file_is_merged_and_counted(ledger_url: str, tmp_path: Path) -> None:
    rows = [a_row(1), a_row(2), a_row(1)]
    async with a_ledger(ledger_url) as ledger:
        report = await hand_in(ledger, write_book(tmp_path / "a.xlsx", rows))
        assert (report.n_added, report.n_merged, report.n_rejected) == (2, 1, 0)
        assert await one(ledger, "SELECT COUNT(*) FROM household") == 2


async def test_another_file_adds_persons_and_phones_to_a_household(ledger_url: str, tmp_path: Path) -> None:
    wife = a_row(1, 姓名="李样", 身份证号=an_id(500), 与户主关系="妻", 本人电话="19911112222", 一卡通账号=None)
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1, 户联系电话=None)]))
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1), wife]))
        assert (report.n_added, report.n_changed, report.n_households_changed) == (1, 1, 1)
        assert await phones_of(ledger) == [(phone_number(1), "usable", 1)]
        assert await one(ledger, "SELECT COUNT(*) FROM contact") == 2


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"姓名": "赵样"}, "另一姓名"),
        ({"户编号": "H99999"}, "另一户"),
    ],
)
async def test_a_contradiction_is_rejected_and_overwrites_nothing(
    ledger_url: str, tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1)]))
        held = await everything(ledger)
        other = a_row(1, **({"户联系电话": "19988887777", "耕地面积(亩)": 99.0} | cells))
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [other, a_row(2)]))
        assert (report.n_rejected, report.n_added) == (1, 1)
        assert reason in rejected_rows(report)[0][1]
        after = await everything(ledger)
        assert all(after[table][: len(rows)] == rows for table, rows in held.items())


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"身份证号": 6.40425197003081e17}, "变成了数字"),
        ({"身份证号": an_id(1)[:17]}, "18 位"),
        ({"身份证号": None}, "缺少身份证号"),
        ({"姓名": None}, "缺少姓名"),
        ({"一卡通账号": 6.29900000000000e18}, "变成了数字"),
        ({"行政村": "没有的村"}, "区划表中没有"),
        ({"行政村": "样例庄村"}, "有多个行政村"),
        ({"行政村": None}, "看不出属于哪个行政村"),
        ({"户编号": 6.40425100201000e17}, "户编号被表格软件"),
    ],
)
async def test_a_bad_row_comes_back_with_its_reason_and_its_neighbour_goes_in(
    sqlite_ledger_url: str, tmp_path: Path, cells: dict[str, Any], reason: str
) -> None:
    path = write_book(tmp_path / "名册.xlsx", [a_row(1, **cells), a_row(2)])
    async with a_ledger(sqlite_ledger_url) as ledger:
        report = await hand_in(ledger, path)
        assert (report.n_added, report.n_rejected) == (1, 1)
        [row] = rejected_rows(report)
        assert (row[0], row[2]) == ("退回", 2)
        assert reason in row[1]
        assert len(row) == 3 + len(HEADER)


async def test_a_mended_workbook_of_rejected_rows_can_be_handed_in_as_it_is(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    header = [name for name in HEADER if name not in ("户编号", "行政村")]
    drop = [HEADER.index("户编号"), HEADER.index("行政村")]
    son = a_row(1, 姓名="王小", 身份证号=an_id(501)[:17], 与户主关系="子", 户联系电话=None, 一卡通账号=None)
    rows = [[cell for at, cell in enumerate(row) if at not in drop] for row in (a_row(1), son)]
    async with a_ledger(sqlite_ledger_url) as ledger:
        first = await hand_in(ledger, write_book(tmp_path / "a.xlsx", rows, header, "白阳样例一村委会"))
        [row] = rejected_rows(first)
        assert row[3] == an_id(1, "19500308")  # whose household it is, which the row alone did not say
        mended = [["退回", row[1], row[2], row[3], *row[4:5], an_id(501), *row[6:]]]
        names = ["处理结果", "原因及改法", "原行号", "户主身份证号", *header]
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", mended, names, "白阳样例一村委会"))
        assert (report.n_added, report.n_rejected) == (1, 0)
        assert await one(ledger, "SELECT COUNT(DISTINCT household_id), COUNT(*) FROM person") == (1, 2)


async def test_a_bad_phone_costs_the_phone_and_not_the_household(ledger_url: str, tmp_path: Path) -> None:
    rows = [a_row(1, 户联系电话="1990123"), a_row(2, 户联系电话="0954-7012345"), a_row(3, 户联系电话="无")]
    async with a_ledger(ledger_url) as ledger:
        report = await hand_in(ledger, write_book(tmp_path / "a.xlsx", rows))
        assert (report.n_added, report.n_rejected, report.n_warnings) == (3, 0, 1)
        assert (report.n_phones_refused, report.n_landlines) == (1, 1)
        [row] = rejected_rows(report)
        assert row[0] == "已导入,请核对"
        assert await phones_of(ledger, 1) == []
        assert await phones_of(ledger, 2) == [("09547012345", "landline", 1)]


async def test_a_corrected_number_is_a_new_version_and_an_old_file_does_not_undo_it(
    ledger_url: str, tmp_path: Path
) -> None:
    old = write_book(tmp_path / "old.xlsx", [a_row(1)])
    new = write_book(tmp_path / "new.xlsx", [a_row(1, 户联系电话="19988887777")])
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, old)
        assert (await hand_in(ledger, new)).n_changed == 1
        assert (await hand_in(ledger, old)).n_changed == 0
        assert await phones_of(ledger) == [(phone_number(1), "replaced", 1), ("19988887777", "usable", 2)]


async def test_a_landline_does_not_replace_a_mobile_number(sqlite_ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1)]))
        await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1, 户联系电话="0954-7012345")]))
        assert await phones_of(ledger) == [(phone_number(1), "usable", 1)]


async def test_a_phone_of_more_households_than_allowed_is_flagged_until_it_is_not(
    ledger_url: str, tmp_path: Path
) -> None:
    shared = [a_row(index, 户联系电话="19900009999") for index in (1, 2, 3)]
    async with a_ledger(ledger_url) as ledger:
        report = await hand_in(ledger, write_book(tmp_path / "a.xlsx", [*shared, a_row(4)]))
        assert report.n_shared_phones == 1
        assert await one(ledger, "SELECT COUNT(*) FROM contact WHERE is_shared = 1") == 3
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(3, 户联系电话="19900008888")]))
        assert report.n_shared_phones == 0
        assert await one(ledger, "SELECT COUNT(*) FROM contact WHERE is_shared = 1") == 0


async def test_a_household_without_its_householders_row_goes_in_and_gets_him_later(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    wife = a_row(1, 姓名="李样", 身份证号=an_id(500), 与户主关系="妻", 一卡通账号=None)
    of = "SELECT p.relation FROM household h JOIN person p ON p.id = h.householder_id"
    async with a_ledger(sqlite_ledger_url) as ledger:
        bad = await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1, 身份证号="64"), wife]))
        assert (bad.n_added, bad.n_rejected) == (1, 1)
        assert await one(ledger, of) == "配偶"
        await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1), wife]))
        assert await one(ledger, of) == "户主"


async def test_a_household_known_by_its_householder_is_found_again_under_its_number(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1, 户编号=None)]))
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1)]))
        assert (report.n_unchanged, report.n_households_unchanged) == (1, 1)


async def test_an_id_of_15_digits_and_its_18_digits_are_one_person(sqlite_ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1, 身份证号=short_id(an_id(1, "19500308")))]))
        assert await one(ledger, "SELECT id_is_legacy FROM person") == 1
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1)]))
        assert report.n_unchanged == 1


async def test_a_new_card_is_taken_and_a_part_of_the_people_does_not_lower_the_counts(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    old = a_row(1, 姓名="王老", 身份证号=an_id(7, "19400101"), 与户主关系="父", 一卡通账号=None)
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), old]))
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1, 一卡通账号=card_number(77))]))
        assert report.n_changed == 1
        assert await one(ledger, "SELECT n_elderly, farmland_mu FROM household") == (1, 3500)
        hashed = ledger.vault.blind("account", f"{card_number(77)[-4:]}|王样1")
        assert await one(ledger, "SELECT COUNT(*) FROM person WHERE account_hash = :h", h=hashed) == 1


async def test_a_sheet_without_the_needed_columns_comes_back_and_the_file_without_any_is_refused(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    async with a_ledger(sqlite_ledger_url) as ledger:
        with pytest.raises(InputError, match="缺少「身份证号」"):
            await hand_in(ledger, write_book(tmp_path / "a.xlsx", [["王样", "1"]], ("姓名", "联系电话")))
        assert await one(ledger, "SELECT COUNT(*) FROM import_run") == 0
