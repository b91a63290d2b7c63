"""Files in which clerks wrote people where no people belong: titles, sheet names, wrong columns, remarks."""

from pathlib import Path

import xlsxwriter

from notifier.sandbox.county.people import Household

VILLAGE = "白阳样例一村"


def _write(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


def shifted_roster(folder: Path, home: Household, other: Household) -> Path:
    """Groups, relations and strange headers that hold a person; the file and a sheet are called after one."""
    who, them = home.householder, other.householder
    header = [
        "乡镇",
        "行政村",
        "组",
        "户编号",
        "姓名",
        "身份证号",
        "与户主关系",
        "联系电话",
        f"联系人:{them.name}{them.id_number}",
    ]
    rows = [
        [f"白阳镇样例花名册 填表人：{them.name} {who.card}"],
        header,
        ["白阳镇", VILLAGE, f"{who.name}家 {who.card}", "990001", who.name, who.id_number, "户主", "19900000017", ""],
        ["白阳镇", VILLAGE, who.id_number, "990002", them.name, them.id_number, f"户主{them.name}", "19900000025", ""],
        ["白阳镇", VILLAGE, "1组", "990002", "样例戊己", who.id_number[:-1], them.name, "19900000033", ""],
        ["白阳镇", who.name, "1组", "990003", "样例戊己", "", "户主", them.card, ""],
    ]
    return _write(folder / f"花名册{who.id_number}.xlsx", {"名册": rows, f"{who.card}说明": [["无表", "格"]]})


def talkative_payments(folder: Path, home: Household, other: Household) -> Path:
    """Money and goods whose titles, places and reasons name the people they are for."""
    who, them = home.householder, other.householder
    back = [
        [f"2026年{who.name}高龄津贴发放花名册 {who.card}"],
        [
            f"备案号:彭民补备〔2026〕77号 经办人:{them.name} {who.id_number}  "
            f"审核状态:县级审核通过  期次:2026年 {who.card}"
        ],
        ["序号", "行政村", "村民小组", "姓名", "身份证号", "补贴项目", "金额(元)", "发放状态", "退票原因"],
        [
            "1",
            VILLAGE,
            f"{who.name}院 {who.card}",
            who.name,
            who.id_number,
            f"{who.name}津贴",
            "100",
            "发放失败",
            f"{who.name}（{who.id_number}，{them.card}）户名不符",
        ],
        ["2", f"{them.name}{them.id_number}", "", them.name, "", "津贴", "90", "发放失败", f"请电{them.card}"],
    ]
    goods = [
        ["2026年样例取暖煤发放表"],
        ["备案号:彭民补备〔2026〕78号  审核状态:县级审核通过"],
        ["序号", "行政村", "姓名", "身份证号", "物资名称", "数量", "单位", "领取地点", "领取时间"],
        [
            "1",
            VILLAGE,
            who.name,
            who.id_number,
            f"煤{who.card}",
            "1",
            f"吨{who.id_number}",
            f"{who.name}门口{who.card}",
            "11月28日",
        ],
    ]
    return _write(folder / f"发放{them.id_number}.xlsx", {f"{who.name[:20]}": back, "物资": goods})


def broken_workbook(folder: Path, home: Household) -> Path:
    """A file that claims to be a workbook, is called after a person and holds one."""
    path = folder / f"破损{home.householder.id_number}.xlsx"
    path.write_bytes(b"PK\x03\x04" + home.householder.name.encode() + home.householder.id_number.encode())
    return path
