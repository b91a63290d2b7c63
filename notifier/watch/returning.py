"""Rejected rows as a workbook that can be mended and handed in again: the reason beside each, the batch above them."""

import io
from collections.abc import Sequence
from itertools import groupby

import xlsxwriter

from notifier.domain.benefits import AuditState, Disbursement, RejectedLine

_AUDIT_TEXT = {
    AuditState.NONE: "未审核",
    AuditState.VILLAGE: "村级审核通过",
    AuditState.TOWNSHIP: "乡级审核通过",
    AuditState.COUNTY: "县级审核通过",
    AuditState.RETURNED: "待整改",
}
_ADDED = ("退回原因", "原工作表", "原行号")


def rejected_workbook(batches: Sequence[Disbursement]) -> bytes | None:
    """An xlsx with a sheet a batch and header; None when nothing was rejected. Cells are text, so that none is lost."""
    if not any(batch.rejected for batch in batches):
        return None
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        for batch in batches:
            for header, rows in groupby(sorted(batch.rejected, key=_header_first), key=lambda line: tuple(line.header)):
                _write(book.add_worksheet(f"退回{len(book.worksheets()) + 1}"), batch, header, list(rows))
    return content.getvalue()


def _header_first(line: RejectedLine) -> tuple[Sequence[str], str, int]:
    return tuple(line.header), line.sheet, line.row


def _write(
    sheet: xlsxwriter.worksheet.Worksheet, batch: Disbursement, header: Sequence[str], rows: Sequence[RejectedLine]
) -> None:
    said = {
        "备案号": batch.filing_number,
        "审核状态": _AUDIT_TEXT[batch.audit],
        "期次": batch.period,
        "补贴项目": batch.item,
    }
    sheet.write_string(0, 0, "  ".join(f"{word}：{what}" for word, what in said.items() if what))
    width = max([len(header), *(len(line.cells) for line in rows)])
    for at, word in enumerate((*header, *("",) * (width - len(header)), *_ADDED)):
        sheet.write_string(1, at, word)
    for at, line in enumerate(rows, 2):
        padded = (*line.cells, *("",) * (width - len(line.cells)))
        for column, cell in enumerate((*padded, line.why, line.sheet, str(line.row))):
            sheet.write_string(at, column, cell)
