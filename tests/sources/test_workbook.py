"""Tables are found in workbooks as clerks keep them, and a bad file says what is wrong with it."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from xlwt.CompoundDoc import XlsDoc

from notifier.domain.errors import ConfigError, InputError
from notifier.sources.headers import HeaderAliases, load_aliases
from notifier.sources.workbook import SheetRow, read_workbook

HEADERS = Path(__file__).parents[2] / "config/headers.toml"
ALIASES = load_aliases(HEADERS, "roster")
ID = "640425197003080127"


def a_book(**sheets: Sequence[Sequence[object]]) -> bytes:
    """An .xlsx with the rows of each sheet; text is text, numbers are numbers."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                if cell is not None:
                    sheet.write(y, x, cell)
    book.close()
    return held.getvalue()


def rows_of(content: bytes, name: str = "名册.xlsx", aliases: HeaderAliases = ALIASES) -> list[SheetRow]:
    return list(read_workbook(content, name, aliases))


def test_a_header_is_found_below_titles_and_the_titles_are_kept() -> None:
    [row] = rows_of(
        a_book(
            一村=[["彭阳县农户花名册"], [None, "填报时间:2026年", None], [], ["姓 名", "身份证\n号码"], ["王样", ID]]
        )
    )
    assert row.cells == {"name": "王样", "id": ID}
    assert (row.sheet, row.number) == ("一村", 5)
    assert row.titles == ("彭阳县农户花名册", "填报时间:2026年")
    assert row.header_of("id") == "身份证 号码"
    assert row.header_of("card") == ""


def test_a_header_of_two_lines_is_one_header() -> None:
    book = a_book(
        一村=[
            ["农户统计表"],
            ["序号", "家庭成员", None, "联系方式", None, "户类别"],
            [None, "姓名", "身份证号", "户主电话", "本人电话"],
            [1, "王样", ID, "19900001234", None, "一般户"],
            ["序号", "家庭成员", None, "联系方式", None, "户类别"],
            [None, "姓名", "身份证号", "户主电话", "本人电话"],
            [2, "李样", ID],
        ]
    )
    reading = read_workbook(book, "名册.xlsx", ALIASES)
    first, second = reading
    assert first.cells["kind"] == "一般户"
    assert first.cells["household_phone"] == "19900001234"
    assert first.titles == ("农户统计表",)
    assert second.cells["name"] == "李样"
    assert reading.skipped == {"header": 2}


def test_totals_blank_lines_repeated_headers_and_footers_are_skipped_and_counted() -> None:
    book = a_book(
        一村=[
            ["序号", "姓名", "身份证号"],
            [1, "王样", ID],
            [],
            [" "],
            ["小计", "1户1人"],
            ["序号", "姓 名", "身份证号"],
            [2, "李样", ID],
            [None, "合 计", None],
            ["填表人:  ", None, "审核人:"],
        ]
    )
    reading = read_workbook(book, "名册.xlsx", ALIASES)
    assert [row.cells["name"] for row in reading] == ["王样", "李样"]
    assert reading.skipped == {"total": 2, "header": 1, "footer": 1}
    assert reading.ignored == {"一村": ["序号"]}


def test_every_sheet_has_its_own_header_and_a_sheet_without_a_table_is_named() -> None:
    reading = read_workbook(
        a_book(说明=[["请填写"]], 一村=[["姓名", "身份证号"], ["王样", ID]], 二村=[["证件号码", "姓名"], [ID, "李样"]]),
        "名册.xlsx",
        ALIASES,
    )
    assert [(row.sheet, row.cells["name"]) for row in reading] == [("一村", "王样"), ("二村", "李样")]
    assert reading.without_table == ["说明"]


def test_a_sheet_that_lacks_a_column_says_so_and_its_neighbour_is_read() -> None:
    bad, good = rows_of(a_book(一村=[["姓名", "联系电话"], ["王样", "1"]], 二村=[["姓名", "身份证号"], ["李样", ID]]))
    assert bad.problem is not None
    assert "「身份证号」" in bad.problem
    assert "姓名、联系电话" in bad.problem
    assert good.cells["name"] == "李样"


def test_a_file_whose_only_sheet_lacks_a_column_names_sheet_found_columns_and_mend() -> None:
    with pytest.raises(InputError, match=r"名册.xlsx」工作表「一村」第 2 行表头缺少「身份证号」.*姓名、电话.*请补上"):
        rows_of(a_book(一村=[["标题"], ["姓名", "电话"], ["王样", "1"]]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_in_either_encoding(encoding: str, delimiter: str) -> None:
    text = f"花名册\r\n姓名{delimiter}身份证号\r\n王䶮{delimiter}{ID}\r\n"
    [row] = rows_of(text.encode(encoding), "名册.csv")
    assert (row.cells["name"], row.cells["id"], row.number) == ("王䶮", ID, 3)


def test_an_old_xls_is_read() -> None:
    book, held = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("一村")
    lines: list[list[object]] = [["姓名", "身份证号", "耕地(亩)"], ["王样", ID, 3.5]]
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            sheet.write(y, x, cell)
    book.save(held)
    [row] = rows_of(held.getvalue(), "名册.xls")
    assert row.cells == {"name": "王样", "id": ID, "farmland": 3.5}


def a_locked_book() -> bytes:
    """The shell of a password-protected .xlsx: a compound file whose stream is called EncryptedPackage."""
    held = io.BytesIO()
    XlsDoc().save(held, b"x" * 5000)
    raw = held.getvalue()
    at = raw.index("Workbook".encode("utf-16-le"))
    name = "EncryptedPackage".encode("utf-16-le")
    entry = name.ljust(64, b"\0") + (len(name) + 2).to_bytes(2, "little")
    return raw[:at] + entry + raw[at + len(entry) :]


GOOD = a_book(一村=[["姓名", "身份证号"], ["王样", ID]])


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "名册.xlsx", "空文件"),
        (b"", "名册.csv", "空文件"),
        (GOOD[: len(GOOD) // 2], "名册.xlsx", "已损坏"),
        (b"PK\x03\x04" + bytes(500), "名册.xlsx", "已损坏"),
        (a_locked_book(), "名册.xlsx", "密码"),
        ("姓名,身份证号\n".encode(), "名册.xlsx", "不是真正的表格文件"),
        (b"<html><table><tr><td>", "名册.xls", "不是真正的表格文件"),
        (b"\x81\xff\xff\xfe\x00", "名册.csv", "编码无法识别"),
        ("姓名,身份证号\n王\0,1\n".encode(), "名册.csv", "CSV"),
        (("姓名,身份证号\n" + "王" * 200_000 + ",1\n").encode(), "名册.csv", "CSV"),
        (a_book(一村=[[f"列{y}{x}" for x in range(40)] for y in range(50)]), "名册.xlsx", "没有找到表头"),
        (a_book(一村=[]), "名册.xlsx", "没有找到表头"),
        (b"\n\n", "名册.csv", "没有找到表头"),
    ],
)
def test_a_broken_file_says_in_chinese_what_is_wrong_with_it(content: bytes, name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        rows_of(content, name)
    assert name in str(refused.value)


def test_a_stray_cell_in_the_last_corner_ends_the_reading_and_nothing_else() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = book.add_worksheet("一村")
    sheet.write(0, 0, "姓名")
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    with pytest.raises(InputError, match="多余的远端单元格"):
        rows_of(held.getvalue())


def test_a_cell_with_a_formula_error_costs_only_itself() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = book.add_worksheet("一村")
    sheet.write_row(0, 0, ["姓名", "身份证号", "耕地(亩)"])
    sheet.write_row(1, 0, ["王样", ID])
    sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    book.close()
    [row] = rows_of(held.getvalue())
    assert row.cells["name"] == "王样"
    assert row.cells["farmland"] in (None, "#DIV/0!")


def test_forty_columns_of_junk_beside_the_table_do_not_matter() -> None:
    junk = [f"列{x}" for x in range(40)]
    [row] = rows_of(a_book(一村=[[*junk, "姓名", "身份证号"], [*junk, "王样", ID]]))
    assert row.cells == {"name": "王样", "id": ID}


def test_leaving_early_leaves_nothing_open() -> None:
    reading = read_workbook(a_book(一村=[["姓名", "身份证号"], *([["王样", ID]] * 3000)]), "名册.xlsx", ALIASES)
    next(reading)
    reading.close()
    reading.close()


def test_dates_come_as_iso_text_and_floats_stay_floats() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = book.add_worksheet("一村")
    sheet.write_row(0, 0, ["姓名", "身份证号", "备注"])
    sheet.write_string(1, 0, "王样")
    sheet.write_number(1, 1, 6.40425197003081e17)
    sheet.write_number(1, 2, 46_000, book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    [row] = rows_of(held.getvalue())
    assert row.cells["id"] == 6.40425197003081e17
    assert row.original[2] == "2025-12-09"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[other]\n", "KeyError"),
        ("[roster]\nrequired=[['a']]\n[roster.columns]\nb=['姓名']\n", "names a"),
        ("[roster]\nrequired=[['a']]\n[roster.columns]\na=['姓名']\nb=['姓 名']\n", "to both a and b"),
        ("[roster", "TOMLDecodeError"),
    ],
)
def test_a_wrong_alias_file_says_what_to_mend(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "headers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=reason):
        load_aliases(path, "roster")
