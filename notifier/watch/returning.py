"""Rejected rows as a workbook that can be mended and handed in again: the reason beside each, the batch above them."""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import xlsxwriter

from notifier.domain.benefits import AuditState, Disbursement, RejectedLine
from notifier.store.ledger import Ledger
from notifier.store.registry_runs import begin_run, finish_run

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


@dataclass(frozen=True, slots=True)
class PaymentRun:
    """One payment file: its bytes, what was read in it, who handed it in, and how many of its lines were new."""

    content: bytes = field(repr=False)
    batches: Sequence[Disbursement] = field(repr=False)
    by_user: str
    n_new: int


async def keep_run(ledger: Ledger, run: PaymentRun, now: datetime) -> tuple[int, bytes | None]:
    """The run is on record, its rejected rows sealed for `by_user` alone; gives its id and the workbook of them."""
    digest = ledger.vault.blind("file", hashlib.sha256(run.content).hexdigest())
    workbook = await asyncio.to_thread(rejected_workbook, run.batches)
    run_id = await begin_run(ledger, "payments", digest, run.by_user, now)
    n_rejected = sum(len(batch.rejected) for batch in run.batches)
    n_rows = n_rejected + sum(len(batch.lines) for batch in run.batches)
    counts = {"n_rows": n_rows, "n_new": run.n_new, "n_rejected": n_rejected}
    await finish_run(ledger, run_id, counts, workbook, now)
    return run_id, workbook


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
