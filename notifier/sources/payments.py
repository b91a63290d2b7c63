"""A payment workbook as batches: a Disbursement an item, its lines and its rejected rows; nothing is dropped."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from notifier.domain.benefits import Disbursement, PaymentLine, PaymentState, RejectedLine
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked, masked_or_none
from notifier.domain.identity import normal_name, written
from notifier.sources.headers import HeaderAliases
from notifier.sources.lines import Cell
from notifier.sources.payment_rows import BatchKey, key_of, read_line
from notifier.sources.payment_titles import Titles, in_wan, item_of, read_titles
from notifier.sources.workbook import SheetRow, read_workbook

_TITLE_MOST = 80
_LEAST_SPOKEN = 3
_LOSES_DIGITS = 1e15
_HOW_TO_DIFFER = "确有两笔时请在备注以外的列中写出区别（如面积）"
_WHO_IT_IS = "如是同村同名的两人，请补填身份证号"


@dataclass(frozen=True, slots=True)
class PaymentWorkbook:
    """Everything in one file. `n_rows` = lines of all batches + rejected rows of all batches."""

    batches: Sequence[Disbursement]
    n_rows: int


@dataclass(slots=True)
class _Batch:
    basis: str | None
    lines: list[PaymentLine] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)
    seen: dict[PaymentLine, tuple[str, int]] = field(default_factory=dict)


def read_payments(source: Path | bytes, name: str, aliases: HeaderAliases) -> PaymentWorkbook:
    """The batches of a workbook in the order in which they begin. Blocks: call it in a thread.

    Raises InputError (Chinese, naming the file) when nothing can be read at all; a bad row only rejects itself.
    """
    batches: dict[BatchKey, _Batch] = {}
    titles_of: dict[tuple[str, ...], Titles] = {}
    file_item = item_of(Path(name).stem)
    reading = read_workbook(source, name, aliases)
    n_rows = 0
    try:
        for row in reading:
            above = tuple(row.titles)
            titles = titles_of.setdefault(above, titles_of.get(above) or read_titles(above))
            key = key_of(row, titles, file_item)
            _take(batches.setdefault(key, _Batch(titles.basis)), row, titles, key)
            n_rows += 1
    finally:
        reading.close()
    spoken = _names_spoken(batches)
    return PaymentWorkbook([_disbursement(key, batch, spoken) for key, batch in batches.items()], n_rows)


def _names_spoken(batches: Mapping[BatchKey, _Batch]) -> Collection[str]:
    """Beneficiaries whose names stand in a title or a sheet's name, where no row's own name was looked for.

    Names of two characters are left out: they are words too often.
    """
    texts = {text for key in batches for text in (key.item, key.period, key.filing) if text}
    texts |= {batch.basis for batch in batches.values() if batch.basis}
    texts |= {line.sheet for batch in batches.values() for line in batch.lines}
    said = "\n".join(texts)
    names = {line.beneficiary for batch in batches.values() for line in batch.lines}
    return [name for name in names if len(name) >= _LEAST_SPOKEN and name in said]


def _take(batch: _Batch, row: SheetRow, titles: Titles, key: BatchKey) -> None:
    try:
        if row.problem:
            raise InputError(row.problem)
        line = read_line(row, titles, key)
        first = batch.seen.setdefault(_sameness(line), (row.sheet, row.number))
        if first != (row.sheet, row.number):
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


def _sameness(line: PaymentLine) -> PaymentLine:
    """The line without what two writings of one payment may differ in."""
    by_id = line.id_number is not None
    return replace(
        line,
        sheet="",
        row=0,
        beneficiary=normal_name(line.beneficiary),
        holder=None,
        village=None if by_id else line.village,
        group=None if by_id else line.group,
        returned_why=None,
        pick_up=None,
    )


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
    )


def identities_of(batch: Disbursement, file_digest: str) -> tuple[str, ...]:
    """The stable keys of a batch: its file with item, period and filing; and, where it was filed, the filing itself.

    The second one is how the same list with a later audit or more lines is known again.
    """
    what = f"{batch.item}|{batch.period or ''}|{batch.filing_number or ''}"
    in_file = f"file|{file_digest}|{what}|{batch.audit.value}"
    return (in_file, f"batch|{what}") if batch.filing_number else (in_file,)
