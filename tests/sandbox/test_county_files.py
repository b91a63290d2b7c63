"""The files of the synthetic county hold what their truth says, read back by an independent reader."""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from python_calamine import load_workbook

from notifier.sandbox.county import (
    BASELINE_BATCHES,
    County,
    PaymentTruth,
    RosterTruth,
    build_county,
    write_followers,
    write_household_truth,
    write_payments,
    write_rosters,
)
from notifier.sandbox.county.numbers import is_valid_id
from notifier.sandbox.county.roster_forms import FORMS
from tests.sandbox.xls_book import XlsBook

Rows = Sequence[Sequence[object]]
_ASCII = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")


@dataclass(frozen=True)
class Drop:
    folder: Path
    county: County
    rosters: RosterTruth
    payments: PaymentTruth


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    folder = tmp_path_factory.mktemp("county")
    county = build_county(seed=11, n_households=4_000)
    rosters = write_rosters(county, folder / "rosters", XlsBook)
    return Drop(folder, county, rosters, write_payments(county, folder / "payments"))


def sheets(path: Path) -> dict[str, Rows]:
    if path.suffix == ".csv":
        with path.open(encoding="gb18030", newline="") as file:
            return {"": [list(row) for row in csv.reader(file)]}
    book = load_workbook(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def text(cell: object) -> str:
    return str(cell).translate(_ASCII).strip(" \t'").upper()


def test_fourteen_files_of_three_formats_lie_there_and_nothing_half_written(drop: Drop) -> None:
    files = sorted(path.name for path in (drop.folder / "rosters").iterdir())
    assert Counter(Path(name).suffix for name in files) == {".xlsx": 12, ".xls": 1, ".csv": 1}
    assert set(drop.rosters.n_rows) == set(files)


def test_without_an_xls_writer_that_form_comes_as_xlsx(tmp_path: Path) -> None:
    write_rosters(build_county(1, 200), tmp_path)
    assert Counter(path.suffix for path in tmp_path.iterdir()) == {".xlsx": 13, ".csv": 1}


def test_every_person_is_on_a_roster_with_their_id(drop: Drop) -> None:
    seen = {
        text(cell)
        for path in (drop.folder / "rosters").iterdir()
        for rows in sheets(path).values()
        for row in rows
        for cell in row
        if isinstance(cell, str)
    }
    people = [person for home in drop.county.households() for person in home.people]
    shown = {p.id_number[:6] + p.id_number[8:17] if p.legacy_id else p.id_number for p in people}
    assert shown <= seen
    assert drop.rosters.n_people == len(people)
    assert drop.rosters.n_short_ids == sum(p.legacy_id for p in people) > 0


def test_rows_counted_are_the_rows_written(drop: Drop) -> None:
    for path in (drop.folder / "rosters").iterdir():
        n_lines = sum(any(is_id(cell) for cell in row) for rows in sheets(path).values() for row in rows)
        idless = sum(r.reason in _IDLESS for r in drop.rosters.rejected if r.file == path.name)
        # form C's rows name the householder's id beside a spoiled one, so those show an id after all
        assert n_lines <= drop.rosters.n_rows[path.name] <= n_lines + idless


_IDLESS = ("id_float", "id_missing", "id_length")


def is_id(cell: object) -> bool:
    number = text(cell)
    return number.startswith("640425") and ((len(number) == 18 and number[17] in "0123456789X") or len(number) == 15)


def test_every_rejected_row_stands_where_the_truth_says_and_is_bad_as_it_says(drop: Drop) -> None:
    files: dict[str, dict[str, Rows]] = {}
    seen: Counter[str] = Counter()
    for bad in drop.rosters.rejected:
        book = files.setdefault(bad.file, sheets(drop.folder / "rosters" / bad.file))
        row = book[bad.sheet][bad.row - 1]
        seen[bad.reason] += 1
        joined = "".join(map(str, row))
        assert bad.reason == "name_missing" or "样例" in joined
        if bad.reason == "id_float":
            assert any((isinstance(c, float) and c > 1e17) or "E+17" in str(c) for c in row)
        if bad.reason == "card_float":
            assert any((isinstance(c, float) and c > 1e18) or "E+18" in str(c) for c in row)
        if bad.reason == "id_check":
            assert any(is_id(c) and not is_valid_id(text(c)) for c in row)
        if bad.reason == "id_date":
            assert any("0230" in text(c) for c in row)
    assert set(seen) == {
        *("id_float", "id_check", "card_float", "id_date"),
        *("id_missing", "id_length", "name_missing", "name_conflict"),
    }


def test_repeated_landline_and_cadre_households_are_counted(drop: Drop) -> None:
    truth = drop.rosters
    assert truth.n_repeated_in_file > 100
    assert truth.n_repeated_across_files == 3 * sum(
        any(form.names_village for form in FORMS[t.name]) for t in drop.county.townships[1:]
    )
    homes = list(drop.county.households())
    assert truth.n_landline == sum(home.phone.startswith("0954") for home in homes)
    assert 0 < truth.n_impossible_phone < sum(not home.phone for home in homes)


def test_merged_cells_titles_totals_and_an_explaining_sheet_are_there(drop: Drop) -> None:
    book = sheets(drop.folder / "rosters" / "01白阳镇农户基本信息登记表.xlsx")
    first, *villages = book.values()
    assert "填表说明" in book
    assert len(villages) == 17
    assert "填报" in str(first)
    assert str(villages[0][0][0]).startswith("彭阳县白阳镇白阳样例一村")
    assert villages[0][2][3] == "姓 名"
    assert villages[0][4][1] == ""
    assert any(row[0] == "合计" for row in villages[0])


def test_the_same_county_gives_the_same_cells(drop: Drop, tmp_path: Path) -> None:
    truth = write_rosters(build_county(seed=11, n_households=4_000), tmp_path, XlsBook)
    assert truth == drop.rosters
    name = "02王洼镇农户花名册.xlsx"
    assert sheets(tmp_path / name) == sheets(drop.folder / "rosters" / name)


def test_lines_of_every_batch_add_up_to_the_rows_in_its_file(drop: Drop) -> None:
    assert len(drop.payments.batches) == 7
    for batch in drop.payments.batches:
        parts = batch.n_matchable + batch.n_ambiguous + batch.n_unknown + batch.n_repeated
        assert batch.n_lines == parts + len(batch.rejected)
        rows = [row for sheet in sheets(drop.folder / "payments" / batch.file).values() for row in sheet]
        assert sum(str(row[0]).removesuffix(".0").isdigit() for row in rows) == batch.n_lines
        assert batch.owed_households


def test_every_sheet_total_is_the_sum_of_its_lines(drop: Drop) -> None:
    for name in ("2026年耕地地力保护补贴发放清册.xlsx", "2026年草原生态保护补助奖励兑付表.xlsx"):
        for rows in sheets(drop.folder / "payments" / name).values():
            header = next(row for row in rows if row[0] == "序号")
            at = next(i for i, cell in enumerate(header) if "金额" in str(cell))
            lines = [row[at] for row in rows if isinstance(row[0], float)]
            total = next(row[at] for row in rows if row[0] == "合计")
            assert yuan(total) == pytest.approx(sum(map(yuan, lines)), abs=0.005)


def yuan(cell: object) -> float:
    try:
        return float(str(cell).replace(",", ""))
    except ValueError:
        return 0.0


def test_one_batch_is_not_audited_one_is_goods_one_failed(drop: Drop) -> None:
    batches = drop.payments.batches
    assert [b.item for b in batches if not b.audited] == ["退耕还林补助"]
    assert [b.item for b in batches if b.goods] == ["冬季取暖煤"]
    assert [b.item for b in batches if b.failed] == ["残疾人两项补贴"]
    assert all(b.total_fen > 0 for b in batches if not b.goods)


def test_faults_of_real_lists_are_all_planted(drop: Drop) -> None:
    batches = drop.payments.batches
    for planted in ("n_by_account", "n_by_village", "n_ambiguous", "n_unknown", "n_repeated", "n_rounded"):
        assert sum(getattr(batch, planted) for batch in batches) > 0, planted
    assert sum(batch.n_holder_differs for batch in batches) > 0
    assert {r.reason for batch in batches for r in batch.rejected} == {
        *("amount_text", "amount_empty", "amount_negative", "name_missing", "id_float"),
    }


def test_filing_and_audit_stand_above_the_header_or_in_columns(drop: Drop) -> None:
    titled = sheets(drop.folder / "payments" / "2026年三季度高龄津贴发放花名册.xlsx")["发放清单"]
    assert "彭民补备〔2026〕33号" in str(titled[1][0])
    assert "县级审核通过" in str(titled[1][0])
    columned = sheets(drop.folder / "payments" / "2026年三季度农村低保金发放表.csv")[""]
    assert columned[2][-3:] == ["备案号", "审核状态", "期次"]
    assert columned[3][-3:] == ["彭民补备〔2026〕31号", "已审核", "2026年第三季度"]


def test_money_in_ten_thousands_is_the_area_times_the_standard(drop: Drop) -> None:
    rows = sheets(drop.folder / "payments" / "2026年草原生态保护补助奖励兑付表.xlsx")["发放清单"]
    assert rows[1][0] == "单位：万元"
    assert rows[2][7] == "补助金额(万元)"
    for row in rows[3:20]:
        if isinstance(row[7], float) and not str(row[3]).startswith("样例"):
            assert row[7] * 10_000 == pytest.approx(float(str(row[5])) * 7.5, abs=0.016)


def test_the_baseline_is_last_years_list_and_truths_are_json(drop: Drop, tmp_path: Path) -> None:
    truth = write_payments(drop.county, tmp_path, BASELINE_BATCHES)
    assert [path.name for path in tmp_path.iterdir()] == ["2025年耕地地力保护补贴发放清册.xlsx"]
    assert json.loads(truth.to_json())["batches"][0]["n_lines"] == truth.batches[0].n_lines
    assert json.loads(drop.rosters.to_json())["n_households"] == 4_000


def test_followers_and_household_truth_have_one_row_each(drop: Drop, tmp_path: Path) -> None:
    n = write_followers(drop.county, tmp_path / "followers.csv")
    with (tmp_path / "followers.csv").open(encoding="utf-8-sig", newline="") as file:
        followers = list(csv.DictReader(file))
    assert len(followers) == n == len({row["openid"] for row in followers}) > 1_000
    assert all(is_valid_id(row["身份证号"]) for row in followers)
    assert write_household_truth(drop.county, tmp_path / "households.csv") == 4_000
    assert len((tmp_path / "households.csv").read_text("utf-8").splitlines()) == 4_001


def test_an_empty_county_still_writes_readable_files(tmp_path: Path) -> None:
    county = build_county(1, 0)
    assert write_rosters(county, tmp_path / "rosters").rejected == []
    assert all(batch.n_lines == 0 for batch in write_payments(county, tmp_path / "payments").batches)
    assert len(list((tmp_path / "payments").iterdir())) == 7
