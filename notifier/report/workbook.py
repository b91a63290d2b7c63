"""The report as an Excel workbook: 汇总, 乡镇, 村, 未通知户 (names masked), and 办结率 of inquiries by region."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from notifier.report.rate import Place, Report
from notifier.report.rates import Figures
from notifier.report.words import CAMPAIGN_TEXT, LEVEL_TEXT, MEDIUM_TEXT, VISIT_TEXT, reason_text
from notifier.store.inquiry_rates import RegionRate, rates_below
from notifier.store.ledger import Ledger
from notifier.store.reporting import UnreachedHousehold, region_names, unreached_households

MOST_LISTED = 200_000
_WIDTH = 16
_NUMBERS = ("应通知", "已通知", "其中本人确认", "未通知", "免予通知", "进行中", "通知率")
Cell = str | int | None


async def write_workbook(ledger: Ledger, report: Report, now: datetime) -> bytes:
    """The .xlsx of the report. Names are masked; a cell that looks like a formula stays text.

    The list of unreached households ends after 200,000 rows and then says so in its last row.
    """
    unreached = await unreached_households(ledger, report.campaign_id, report.region_code, MOST_LISTED + 1)
    names = await region_names(ledger)
    settled = await rates_below(ledger, report.region_code, now)
    file = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        styles = {"head": book.add_format({"bold": True, "bg_color": "#DDE8DD", "border": 1, "text_wrap": True})}
        _write(book, styles, "汇总", ("项目", "数值"), _summary(report))
        _write(book, styles, "乡镇", ("代码", "乡镇", *_NUMBERS), map(_place_row, report.townships))
        _write(book, styles, "村", ("代码", "村", *_NUMBERS), map(_place_row, report.villages))
        heads = ("乡镇", "村", "组", "户主（已脱敏）", "原因", "入户情况")
        _write(book, styles, "未通知户", heads, _unreached_rows(unreached, names))
        heads = ("代码", "地区", "办结率", "收到", "办结", "超期未办结")
        _write(book, styles, "咨询办结", heads, [_settled_row(one, names) for one in settled])
    return file.getvalue()


def _write(
    book: Any, styles: Mapping[str, Any], name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> None:
    sheet: Worksheet = book.add_worksheet(name)
    sheet.set_column(0, len(heads) - 1, _WIDTH)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.write_row(0, 0, heads, styles["head"])
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, row)


def _numbers(of: Figures) -> Sequence[Cell]:
    return of.owed, of.reached, of.acknowledged, of.unreached, of.excused, of.pending, of.rate


def _place_row(place: Place) -> Sequence[Cell]:
    return place.code, place.name, *_numbers(place.figures)


def _settled_row(one: RegionRate, names: Mapping[str, str]) -> Sequence[Cell]:
    where = names.get(one.region_code, one.region_code)
    return one.region_code, where, one.rate, one.n_received, one.n_closed, one.n_overdue


def _summary(report: Report) -> Iterable[Sequence[Cell]]:
    yield "通知任务", report.title or "全部"
    if report.state:
        yield "状态", CAMPAIGN_TEXT.get(report.state, report.state)
    yield "地区", report.region or "全部"
    yield "通知率口径", "已到达手机或本人确认 ÷（应通知 - 免予通知），只舍不入"
    yield from zip(_NUMBERS, _numbers(report.total), strict=True)
    yield "通知率（本人确认）", report.total.acknowledged_rate
    yield "待核对的发放明细（未计入应通知）", report.unmatched
    for level, n in sorted(report.total.by_level.items()):
        yield f"已通知：{LEVEL_TEXT.get(level, level)}", n
    for reason, n in sorted(report.total.by_reason.items()):
        yield f"未通知：{reason_text(reason)}", n
    for reason, n in sorted(report.total.by_excuse.items()):
        yield f"免予通知：{reason_text(reason)}", n
    for medium, of in report.media.items():
        name = MEDIUM_TEXT.get(medium, medium)
        yield from ((f"{name}消息", of.made), (f"{name}网关接收", of.accepted), (f"{name}已到达", of.delivered))
        yield from ((f"{name}失败", of.failed), (f"{name}无回执", of.silent), (f"{name}结果不明", of.unsure))
    for problem in report.problems:
        yield "账目不平", problem


def _unreached_rows(found: Sequence[UnreachedHousehold], names: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    for one in found[:MOST_LISTED]:
        township = one.region_code[:9].ljust(12, "0")
        yield (
            names.get(township, township),
            names.get(one.region_code, one.region_code),
            one.group_name or "",
            one.householder,
            reason_text(one.reason),
            VISIT_TEXT.get(one.visit_state, one.visit_state) if one.visit_state else "",
        )
    if len(found) > MOST_LISTED:
        yield (f"只列出前 {MOST_LISTED} 户，请按乡镇或村分别导出",)
