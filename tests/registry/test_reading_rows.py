"""How rows hang together as households, which village they mean, and what they say of a household."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import InputError
from notifier.registry.attributes import is_yes, read_attributes
from notifier.registry.drafts import Drafting
from notifier.registry.entries import by_household, read_entry
from notifier.registry.places import Gazetteer, village_key
from notifier.sources.workbook import SheetRow
from tests.registry.rosters import COUNTY, an_id

GAZETTEER = Gazetteer(COUNTY)
ON = date(2026, 11, 24)


def a_sheet(columns: Sequence[str], *rows: Sequence[Any], sheet: str = "白阳样例一村") -> list[SheetRow]:
    """The rows of a sheet whose columns are given by field."""
    at = {name: x for x, name in enumerate(columns)}
    return [
        SheetRow(sheet, y, dict(zip(columns, row, strict=True)), list(row), columns, (), at)
        for y, row in enumerate(rows, 2)
    ]


def sizes(rows: list[SheetRow]) -> list[int]:
    return [len(lines) for lines in by_household(rows)]


def test_cells_merged_downwards_belong_to_the_whole_household() -> None:
    rows = a_sheet(
        ("household_number", "group", "name", "relation"),
        ("H1", "一组", "王", "户主"),
        (None, None, "李", "妻"),
        ("H2", None, "马", "户主"),
    )
    first, second = by_household(rows)
    assert [line.cells["group"] for line in first] == ["一组", "一组"]
    assert [line.cells["group"] for line in second] == [None]


def test_without_numbers_a_household_goes_from_one_householder_to_the_next() -> None:
    rows = a_sheet(("name", "relation"), ("王", "户主"), ("李", "妻"), ("马", "本人或户主"), ("海", "之子"))
    assert sizes(rows) == [2, 2]


def test_rows_with_the_same_householders_id_are_one_household() -> None:
    rows = a_sheet(("name", "householder_id", "relation"), ("王", "1", "子"), ("李", "1", "户主"), ("马", "2", "子"))
    assert sizes(rows) == [2, 1]


def test_a_row_a_household_stays_alone_and_is_its_householders() -> None:
    rows = a_sheet(
        ("householder", "householder_id", "phone"), ("王样", an_id(1), "19900001234"), ("李样", an_id(2), None)
    )
    assert sizes(rows) == [1, 1]
    entry = read_entry(next(by_household(rows))[0])
    assert entry.is_householder
    assert entry.shared.mobile == "19900001234"


def test_without_any_sign_of_belonging_each_row_is_a_household() -> None:
    assert sizes(a_sheet(("name", "id"), ("王样", an_id(1)), ("李样", an_id(2)))) == [1, 1]


def test_a_new_sheet_begins_a_new_household() -> None:
    columns = ("name", "relation")
    rows = a_sheet(columns, ("王", "户主")) + a_sheet(columns, ("李", "妻"), sheet="样例庄村")
    assert sizes(rows) == [1, 1]


@pytest.mark.parametrize(
    ("word", "relation"),
    [
        ("户 主", "户主"),
        ("本人", "户主"),
        ("之妻", "配偶"),
        ("长子", "子"),
        ("女儿", "女"),
        ("外甥", "外甥"),
        ("", None),
    ],
)
def test_relations_have_one_name_each(word: str, relation: str | None) -> None:
    rows = a_sheet(("name", "id", "relation"), ("王样", an_id(1), word))
    assert read_entry(next(by_household(rows))[0]).relation == relation


def test_a_bare_phone_column_is_the_households_beside_an_own_one_and_else_the_persons() -> None:
    member = ("李样", an_id(2), "妻", "19900001234")
    alone = read_entry(next(by_household(a_sheet(("name", "id", "relation", "phone"), member)))[0])
    assert (alone.own.mobile, alone.shared.mobile) == ("19900001234", None)
    columns = ("name", "id", "relation", "phone", "own_phone")
    beside = read_entry(next(by_household(a_sheet(columns, (*member, None))))[0])
    assert (beside.own.mobile, beside.shared.mobile) == (None, "19900001234")


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["H1", "H2", "H3", None, 6.4e17]),
        st.sampled_from(["王样", "李样", None, " "]),
        st.sampled_from([an_id(1), an_id(2), an_id(3), "64", None, 6.4e17]),
        st.sampled_from(["户主", "妻", "子", None]),
        st.sampled_from(["白阳样例一村", "没有的村", None]),
    ),
    max_size=12,
)


@given(ROWS)
def test_every_row_is_either_taken_or_has_a_reason(rows: list[tuple[Any, ...]]) -> None:
    sheet = a_sheet(("household_number", "name", "id", "relation", "village"), *rows)
    drafting = Drafting(GAZETTEER, ("名册",), ON)
    seen = 0
    for lines in by_household(sheet):
        assert [line.row.number for line in lines] == list(range(seen + 2, seen + 2 + len(lines)))
        seen += len(lines)
        draft, remarks = drafting.draft(lines)
        taken = {entry.line.row.number for entry in draft.entries} if draft else set()
        rejected = [one.line.row.number for one in remarks if one.is_rejection]
        assert len(rejected) == len(set(rejected))
        assert taken.isdisjoint(rejected)
        assert taken | set(rejected) == {line.row.number for line in lines}
    assert seen == len(rows)


@pytest.mark.parametrize("suffix", ["", "委会", "村委会", "村民委员会", "民委员会"])
def test_a_village_is_the_same_with_its_committee(suffix: str) -> None:
    # 委会 and 民委员会 follow a name that ends in 村 already
    assert village_key(f"白阳样例一村{suffix}") == "白阳样例一"


def test_a_village_is_told_by_column_sheet_title_or_file() -> None:
    assert GAZETTEER.village_of({"village": "白阳样例一村"}, "Sheet1", ()) == "640425100201"
    assert GAZETTEER.village_of({}, "白阳样例一村委会", ()) == "640425100201"
    assert GAZETTEER.village_of({}, "Sheet1", ("彭阳县白阳镇白阳样例一村登记表",)) == "640425100201"
    assert GAZETTEER.village_of({}, "Sheet1", ("农户登记表",)) is None


def test_villages_of_one_name_are_told_apart_by_township_column_sheet_or_file() -> None:
    assert GAZETTEER.village_of({"village": "样例庄", "township": "王洼镇"}, "", ()) == "640425101201"
    assert GAZETTEER.village_of({"village": "样例庄", "township": "王洼"}, "", ()) == "640425101201"
    assert GAZETTEER.village_of({"village": "样例庄"}, "", ("02王洼镇花名册",)) == "640425101201"
    with pytest.raises(InputError, match="有多个行政村"):
        GAZETTEER.village_of({"village": "样例庄"}, "", ())


def test_a_village_of_another_township_than_the_file_says_is_still_found() -> None:
    assert GAZETTEER.village_of({"village": "白阳样例一村"}, "", ("02王洼镇花名册",)) == "640425100201"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"village": "没有的村"}, "区划表中没有"),
        ({"village": "白阳样例一村", "township": "王洼镇"}, "该乡镇没有"),
        ({"village": "样例庄", "township": "没有镇"}, "不在区划表中"),
    ],
)
def test_an_unknown_place_is_refused(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        GAZETTEER.village_of(cells, "", ())


@pytest.mark.parametrize("cell", ["是", "√", "有", 1.0, "1", "已参保", "一级", True, "A类"])
def test_words_that_say_yes(cell: Any) -> None:
    assert is_yes(cell)


@pytest.mark.parametrize("cell", [None, "", "否", "无", 0.0, "0", "未参保", "×", False, "/"])
def test_words_that_say_no(cell: Any) -> None:
    assert not is_yes(cell)


def test_attributes_are_read_for_the_columns_that_the_sheet_has() -> None:
    values, problems = read_attributes({"farmland": "12.5亩", "sheep": "３０只", "low_income": "√", "grassland": None})
    assert values == {
        "farmland_mu": Decimal("12.5"),
        "n_sheep": Decimal(30),
        "is_low_income": Decimal(1),
        "grassland_mu": Decimal(0),
    }
    assert problems == []


@pytest.mark.parametrize("cell", ["约3", -1.0, float("nan"), "1e99", "三"])
def test_a_nonsensical_area_is_left_out_and_said(cell: Any) -> None:
    values, problems = read_attributes({"farmland": cell, "cattle": 2.0})
    assert values == {"n_cattle": Decimal(2)}
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("cells", "poor", "monitored"),
    [
        ({"kind": "脱贫户"}, 1, 0),
        ({"kind": "一般户"}, 0, 0),
        ({"kind": "监测对象"}, 0, 1),
        ({"kind": "脱贫不稳定户"}, 1, 1),
        ({"kind": "一般户", "monitored_kind": "突发严重困难户"}, 0, 1),
        ({"kind": "监测对象", "monitored_kind": "边缘易致贫户", "risk_cleared": "是"}, 0, 0),
    ],
)
def test_the_kind_of_a_household_says_whether_it_is_out_of_poverty_and_watched(
    cells: dict[str, Any], poor: int, monitored: int
) -> None:
    values, _ = read_attributes(cells)
    assert values == {"is_out_of_poverty": Decimal(poor), "is_monitored": Decimal(monitored)}


def test_the_old_and_the_disabled_are_counted_once_each() -> None:
    columns = ("household_number", "name", "id", "relation", "village", "disability")
    old = ("H1", "王样", an_id(1, "19461124"), "户主", "白阳样例一村", "肢体二级")
    rows = a_sheet(columns, old, old, ("H1", "李样", an_id(2, "19461125"), "妻", "白阳样例一村", ""))
    draft, remarks = Drafting(GAZETTEER, (), ON).draft(next(by_household(rows)))
    assert remarks == []
    assert draft is not None
    assert draft.counted(draft.entries) == {"n_elderly": Decimal(1), "n_disabled": Decimal(1)}
