"""Payments as batches: a Disbursement an item, its lines and its rejected rows; nothing is dropped."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from notifier.domain.benefits import Disbursement, Issue, PaymentLine, PaymentState, RejectedLine
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked, masked_or_none
from notifier.domain.identity import normal_name, written
from notifier.sources.headers import HeaderAliases
from notifier.sources.lines import Cell
from notifier.sources.payment_rows import BatchKey, corrects, key_of, read_line
from notifier.sources.payment_titles import Titles, corrects_another, in_wan, item_of, read_titles, without_correction
from notifier.sources.workbook import Reading, SheetRow, read_workbook

_TITLE_MOST = 80
_LEAST_SPOKEN = 3
_LOSES_DIGITS = 1e15
_HOW_TO_DIFFER = "确有两笔时请在备注以外的列中写出区别（如面积）"
_WHO_IT_IS = "如是同村同名的两人，请补填身份证号"
_MENDED = ("退回原因", "原行号")
"""Headers of the workbook in which rejected rows go back."""


@dataclass(frozen=True, slots=True)
class PaymentWorkbook:
    """Everything in one file. `n_rows` = lines of all batches + rejected rows of all batches.

    `notes` say in Chinese which columns were recognised by their content.
    """

    batches: Sequence[Disbursement]
    n_rows: int
    notes: Sequence[str] = ()


@dataclass(slots=True)
class _Batch:
    basis: str | None
    lines: list[PaymentLine] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)
    seen: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    issue: Issue = Issue.LIST


def read_payments(source: Path | bytes, name: str, aliases: HeaderAliases) -> PaymentWorkbook:
    """The batches of a workbook in the order in which they begin. Blocks: call it in a thread.

    Raises InputError (Chinese, naming the file) when nothing can be read at all; a bad row only rejects itself.
    """
    return batches_of(read_workbook(source, name, aliases, by_content=True), name)


def batches_of(reading: Reading, name: str, issue: Issue = Issue.LIST) -> PaymentWorkbook:
    """The batches of what is being read, which is closed then. `name` is the last resort for the item. As above."""
    stem = Path(name).stem
    issue = Issue.AGAIN if issue is Issue.LIST and corrects_another(stem) else issue
    batches: dict[BatchKey, _Batch] = {}
    titles_of: dict[tuple[str, ...], Titles] = {}
    file_item = item_of(without_correction(stem))
    n_rows = 0
    try:
        for row in reading:
            above = tuple(row.titles)
            titles = titles_of.setdefault(above, titles_of.get(above) or read_titles(above))
            key = key_of(row, titles, file_item)
            batch = batches.setdefault(key, _Batch(titles.basis, issue=issue))
            batch.issue = _issue(batch.issue, row, titles)
            _take(batch, row, titles, key)
            n_rows += 1
    finally:
        reading.close()
    spoken = _names_spoken(batches)
    found = [_disbursement(key, batch, spoken) for key, batch in batches.items()]
    return PaymentWorkbook(found, n_rows, tuple(reading.recognised))


def _issue(so_far: Issue, row: SheetRow, titles: Titles) -> Issue:
    if titles.corrects or corrects(row):
        return Issue.AGAIN
    if so_far is Issue.LIST and all(word in row.header for word in _MENDED):
        return Issue.PART
    return so_far


def _names_spoken(batches: Mapping[BatchKey, _Batch]) -> Collection[str]:
    """Beneficiaries whose names stand in a title or a sheet's name, where no row's own name was looked for.

    Names of two characters are left out: they are words too often.
    """
    texts = {text for key in batches for text in (key.item, key.period, key.filing) if text}
    texts |= {batch.basis for batch in batches.values() if batch.basis}
    texts |= {line.sheet for batch in batches.values() for line in batch.lines}
    said = "\n".join(texts)
    names = {line.beneficiary for batch in batches.values() for line in batch.lines if line.beneficiary in said}
    return [name for name in names if len(name) >= _LEAST_SPOKEN]


def _take(batch: _Batch, row: SheetRow, titles: Titles, key: BatchKey) -> None:
    try:
        if row.problem:
            raise InputError(row.problem)
        line = read_line(row, titles, key)
        first = batch.seen.setdefault(_sameness(line), (line.sheet, row.number))
        if first != (line.sheet, row.number):
            sheet = f"工作表“{first[0]}”" if first[0] else ""
            raise InputError(f"与{sheet}第{first[1]}行重复；{_HOW_TO_DIFFER if line.id_number else _WHO_IT_IS}")
        batch.lines.append(line)
    except InputError as why:
        cells = tuple(_as_it_stands(cell) for cell in row.original)
        batch.rejected.append(RejectedLine(row.sheet, row.number, str(why), cells, _header(row, titles)))


def _as_it_stands(cell: Cell) -> str:
    """The cell as text; a number that lost digits keeps looking like one, so that handing it in again refuses it."""
    return f"{cell:.5E}" if isinstance(cell, float) and abs(cell) >= _LOSES_DIGITS else written(cell)


def _header(row: SheetRow, titles: Titles) -> tuple[str, ...]:
    """The header with the unit of the title in it, since the title does not go back with the row."""
    header = list(row.header)
    if "amount" in row.columns and in_wan(row.header_of("amount"), titles.unit):
        at = row.columns["amount"]
        header[at] += "" if "万元" in header[at] else "(万元)"
    return tuple(header)


def _sameness(line: PaymentLine) -> bytes:
    """A digest of the line without what two writings of one payment may differ in."""
    where = (line.village, line.group) if line.id_number is None else ()
    said = (
        *(normal_name(line.beneficiary), line.id_number, line.account_tail, *where, line.item, line.area_mu),
        *(line.standard_fen, line.amount_fen, line.period, line.state, line.goods, line.quantity, line.unit),
    )
    return hashlib.blake2b(repr(said).encode("utf-8", "replace"), digest_size=12).digest()


def _disbursement(key: BatchKey, batch: _Batch, spoken: Collection[str]) -> Disbursement:
    item, period = masked(key.item, spoken), masked(key.period or "", spoken)
    what = item if period and item.startswith(period) else f"{period}{item}"
    lines = [replace(line, sheet=masked(line.sheet, spoken)) for line in batch.lines] if spoken else batch.lines
    is_back = bool(batch.lines) and all(line.state is PaymentState.RETURNED for line in batch.lines)
    title = what[:_TITLE_MOST] + ("退票" if is_back else "")
    return Disbursement(
        title=title,
        item=item,
        period=period or None,
        filing_number=masked_or_none(key.filing, spoken),
        audit=key.audit,
        basis=masked_or_none(batch.basis, spoken),
        lines=lines,
        rejected=batch.rejected,
        issue=batch.issue,
    )


def identities_of(batch: Disbursement, file_digest: str) -> tuple[str, ...]:
    """The stable keys of a batch: its file with item, period and filing; and, where it was filed, the filing itself.

    The second one is how the same list with a later audit or more lines is known again.
    """
    what = f"{batch.item}|{batch.period or ''}|{batch.filing_number or ''}"
    in_file = f"file|{file_digest}|{what}|{batch.audit.value}"
    return (in_file, f"batch|{what}") if batch.filing_number else (in_file,)
