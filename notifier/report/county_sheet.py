"""The county sheet as an Excel workbook: 备案, 审核, 待整改, 发布惠民政策 by township, with their sums."""

import io
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from notifier.store.filing_counts import TownshipCounts

_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_HEADS = ("乡镇", "项目备案（件）", "项目审核（件）", "待整改（件）", "发布惠民政策（件）")
_WIDTH = 18


def write_county_sheet(counts: Sequence[TownshipCounts], since: datetime, until: datetime) -> bytes:
    """The .xlsx, a row a township and the sum below; its title says the period."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("备案审核统计")
        head = book.add_format({"bold": True, "bg_color": "#DDE8DD", "border": 1, "text_wrap": True})
        bold = book.add_format({"bold": True})
        sheet.set_column(0, len(_HEADS) - 1, _WIDTH)
        sheet.set_landscape()
        sheet.write_string(0, 0, "涉农惠农项目三级备案、三级审核统计表", bold)
        sheet.write_string(1, 0, f"统计时间：{_day(since)} 至 {_day(until)}（不含当日零时以后）")
        sheet.write_row(2, 0, _HEADS, head)
        sheet.freeze_panes(3, 0)
        for at, one in enumerate(counts, 3):
            sheet.write_row(at, 0, _row(one))
        for column, total in enumerate(map(sum, zip(*(_row(one)[1:] for one in counts), strict=True)), 1):
            sheet.write_number(len(counts) + 3, column, total, bold)
        sheet.write_string(len(counts) + 3, 0, "合计", bold)
    return file.getvalue()


def _row(one: TownshipCounts) -> tuple[str, int, int, int, int]:
    return one.name, one.n_filed, one.n_audited, one.n_returned, one.n_published


def _day(at: datetime) -> str:
    return f"{at.astimezone(_COUNTY_TIME):%Y年%m月%d日 %H:%M}"
