"""The unmatched queue as a workbook: out with candidates masked, in with what people decided, line by line."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter

from notifier.domain.errors import InputError
from notifier.domain.identity import written
from notifier.domain.money import yuan
from notifier.sources.lines import Cell, read_lines
from notifier.store.ledger import Ledger
from notifier.store.unmatched import Unmatched, list_unmatched, queued, refuse, resolve

N_SHOWN = 5
"""Candidates beside a line; who is none of them is looked for in the register."""
MOST_LINES = 5000
"""Lines of a workbook; the next one has the next."""
_PAGE = 200
_DECISION, _REMARK = "决定", "说明"
_HEADER = ("编号", "发放批次", "工作表", "行号", "姓名", "身份证号", "行政村", "组", "金额(元)", "为何待核对")
_CANDIDATES = tuple(f"候选{n}" for n in range(1, N_SHOWN + 1))
_KEYS = tuple(f"{one}编号" for one in _CANDIDATES)
_COLUMNS = (*_HEADER, *_CANDIDATES, _DECISION, _REMARK, *_KEYS)
_HOW = (
    f"请在“{_DECISION}”一列填候选的序号（1—{N_SHOWN}）；不是本县登记农户的填“不是”，并在“{_REMARK}”写明原因；"
    "暂不决定的留空。其他各列请勿修改，改好后整份上传。"
)
_NOBODY = ("不是", "不属于", "无", "否")


@dataclass(frozen=True, slots=True)
class Worked:
    """What a workbook did. `left` were left open; `rejected` is a workbook of the rows with a problem, None if none."""

    n_resolved: int
    n_refused: int
    n_left: int
    n_rejected: int
    rejected: bytes | None = field(repr=False)


async def export_queue(ledger: Ledger, benefit_id: int | None = None) -> bytes:
    """The queue, or one benefit's part of it, as an .xlsx: up to 5,000 lines in order, the surest candidate first."""
    lines: list[Unmatched] = []
    while len(lines) < MOST_LINES:
        after = lines[-1].payment_id if lines else 0
        page = await list_unmatched(ledger, benefit_id=benefit_id, after=after, limit=_PAGE)
        lines += page
        if len(page) < _PAGE:
            break
    return await asyncio.to_thread(_book, _COLUMNS, [_cells(line) for line in lines[:MOST_LINES]])


def _cells(line: Unmatched) -> list[object]:
    shown = line.candidates[:N_SHOWN]
    said = [
        f"{one.name} {one.id_number} {one.village}{one.group or ''} {one.confidence}% {'，'.join(one.reasons)}"
        for one in shown
    ]
    blank = [""] * (N_SHOWN - len(shown))
    amount = "" if line.amount_fen is None else yuan(line.amount_fen)
    return [
        line.payment_id, line.title, line.sheet, line.row, line.name, line.id_number or "", line.village or "",
        line.group or "", amount, line.why, *said, *blank, "", "", *(one.person_id for one in shown), *blank,
    ]  # fmt: skip


def _book(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet("待核对")
        sheet.write_string(0, 0, _HOW)
        bold, typed = book.add_format({"bold": True}), book.add_format({"bg_color": "#fff3c4"})
        for at, name in enumerate(columns):
            sheet.write_string(1, at, name, typed if name in (_DECISION, _REMARK) else bold)
            hidden = {"hidden": True} if name in _KEYS else {}
            sheet.set_column(at, at, 44 if name in _CANDIDATES else 14, None, hidden)
        for number, row in enumerate(rows, 2):
            for at, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, at, cell)
                elif cell:
                    sheet.write_string(number, at, str(cell))
        sheet.freeze_panes(2, 0)
    return content.getvalue()


async def import_decisions(ledger: Ledger, content: bytes, name: str, who: str) -> Worked:
    """Every row with a decision is decided as `who` says, each by itself and audited; what is resolved flows on.

    Rows that cannot be decided come back with why: decided by others meanwhile, a candidate who is none any more, a
    refusal without a reason. Safe to repeat. Raises InputError when it is no such workbook.
    """
    header, rows = await asyncio.to_thread(_read, content, name)
    n_resolved = n_refused = n_left = 0
    rejected: list[list[object]] = []
    for row in rows:
        try:
            decided = await _decide(ledger, row, who)
        except InputError as problem:
            rejected.append([str(problem), *(written(row.get(one)) for one in header)])
            continue
        n_resolved, n_refused, n_left = (
            n + (decided is one) for n, one in ((n_resolved, "resolved"), (n_refused, "refused"), (n_left, "left"))
        )
    back = await asyncio.to_thread(_book, ("问题", *header), rejected) if rejected else None
    return Worked(n_resolved, n_refused, n_left, len(rejected), back)


def _read(content: bytes, name: str) -> tuple[Sequence[str], list[Mapping[str, Cell]]]:
    lines = read_lines(content, name)
    header: list[str] = []
    rows: list[Mapping[str, Cell]] = []
    try:
        for line in lines:
            cells = [written(cell) for cell in line.cells]
            if not header and {"编号", _DECISION} <= set(cells):
                header = cells
            elif header and any(cells):
                rows.append(dict(zip(header, line.cells, strict=False)))
            if len(rows) > MOST_LINES:
                raise InputError(f"一次最多处理{MOST_LINES}行；请分几份上传")
    finally:
        lines.close()
    if not header:
        raise InputError(f"文件「{name}」不是从待核对清单导出的表格；请先导出，填好后再上传")
    return [one for one in header if one and one != "问题"], rows


async def _decide(ledger: Ledger, row: Mapping[str, Cell], who: str) -> str:
    decision, payment_id = written(row.get(_DECISION)), _number(row.get("编号"), "编号")
    if not decision:
        return "left"
    if decision in _NOBODY:
        await refuse(ledger, payment_id, written(row.get(_REMARK)), who)
        return "refused"
    place = _number(decision, f"“{_DECISION}”")
    if not 1 <= place <= N_SHOWN or not written(row.get(f"候选{place}编号")):
        raise InputError(f"没有候选{place}；请填本行已有候选的序号，或填“不是”")
    person_id = _number(row[f"候选{place}编号"], f"候选{place}编号")
    waiting = await queued(ledger, payment_id)
    if waiting is not None and person_id not in {one.person_id for one in waiting.candidates}:
        raise InputError(f"候选{place}已有变化；请重新导出后再核对")
    await resolve(ledger, payment_id, person_id, who)
    return "resolved"


def _number(cell: Any, what: str) -> int:
    text = written(cell)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InputError(f"{what}应为数字；请照导出的表格填写")
    return int(text)
