"""The report on a terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from notifier.report.rate import Place, Report
from notifier.report.rates import Figures
from notifier.report.words import CAMPAIGN_TEXT, MEDIUM_TEXT, reason_text

_NUMBERS = ("应通知", "已通知", "其中本人确认", "未通知", "免予通知", "进行中")


def report_table(report: Report, *, villages: bool = False) -> RenderableType:
    """The report as tables for rich: the sum, townships (or villages), reasons, messages; problems in red."""
    parts: list[RenderableType] = [Text(_heading(report), style="bold")]
    parts += [Text(f"账目不平：{problem}", style="bold red") for problem in report.problems]
    parts.append(_places(report.total, report.villages if villages else report.townships, "村" if villages else "乡镇"))
    if report.total.by_reason or report.total.by_excuse:
        parts.append(_reasons(report.total))
    if report.media:
        parts.append(_media(report))
    parts.append(Text(f"待核对的发放明细（未计入应通知）：{report.unmatched}"))
    return Group(*parts)


def _heading(report: Report) -> str:
    what = report.title or "全部通知任务"
    state = f"（{CAMPAIGN_TEXT.get(report.state, report.state)}）" if report.state else ""
    total = report.total
    return (
        f"{what}{state} {report.region or ''}\n"
        f"通知率（到达手机或以上）{total.rate} = "
        f"已通知 {total.reached} ÷（应通知 {total.owed} - 免予通知 {total.excused}）"
    )


def _places(total: Figures, places: Sequence[Place], name: str) -> Table:
    table = Table(name, *_NUMBERS, "通知率")
    for column in table.columns[1:]:
        column.justify = "right"
    for place in places:
        table.add_row(place.name, *_row(place.figures))
    table.add_section()
    table.add_row("合计", *_row(total), style="bold")
    return table


def _row(figures: Figures) -> list[str]:
    counts = (
        figures.owed, figures.reached, figures.acknowledged, figures.unreached, figures.excused, figures.pending,
    )  # fmt: skip
    return [*(f"{n:,}" for n in counts), figures.rate]


def _reasons(total: Figures) -> Table:
    table = Table("未通知或免予通知的原因", "户数", title="原因")
    for reason, n in sorted(total.by_reason.items(), key=lambda item: -item[1]):
        table.add_row(reason_text(reason), f"{n:,}")
    for reason, n in sorted(total.by_excuse.items(), key=lambda item: -item[1]):
        table.add_row(f"免予通知：{reason_text(reason)}", f"{n:,}")
    return table


def _media(report: Report) -> Table:
    table = Table("渠道", "消息", "网关接收", "已到达", "失败", "无回执", "结果不明", title="消息")
    for medium, of in report.media.items():
        counts = (of.made, of.accepted, of.delivered, of.failed, of.silent, of.unsure)
        table.add_row(MEDIUM_TEXT.get(medium, medium), *(f"{n:,}" for n in counts))
    return table
