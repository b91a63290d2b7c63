"""The payment lists as offices send them: all of a drop in one walk through the county."""

import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from notifier.sandbox.county.batches import NEW_BATCHES, Batch
from notifier.sandbox.county.claims import Claim
from notifier.sandbox.county.handwriting import Clerk
from notifier.sandbox.county.payment_lines import (
    SPOILED,
    Neighbours,
    Row,
    handle,
    likeness,
    line_cells,
    rounded_otherwise,
    spoil,
    stranger_line,
    without_id,
)
from notifier.sandbox.county.people import County, Household
from notifier.sandbox.county.regions import Village
from notifier.sandbox.county.truth import BatchTruth, PaymentTruth, RejectedRow
from notifier.sandbox.county.workbooks import Book, Cell, CsvBook, XlsxBook, finished_at_once

_MERGING_MOST = 60_000
_VILLAGES_PER_UNKNOWN, _VILLAGES_PER_SPOILED, _VILLAGES_PER_REPEATED = 2, 3, 2
_FIRST_STRANGER = 800_000


def write_payments(county: County, folder: Path, batches: Sequence[Batch] = NEW_BATCHES) -> PaymentTruth:
    """One file a batch is in `folder`, each appearing whole, and what they hold is given back.

    One village is in memory at a time. The same county gives the same cells; files of the same name are replaced.
    """
    streaming = county.n_households > _MERGING_MOST
    with ExitStack() as files:
        pens = []
        for batch in batches:
            path = files.enter_context(finished_at_once(folder / batch.file))
            book: Book = CsvBook(path) if batch.suffix == ".csv" else XlsxBook(path, streaming)
            pens.append(_Pen(batch, book, Clerk(random.Random(f"{county.seed}/{batch.name}"))))
        for order, (village, homes) in enumerate(county.by_village()):
            neighbours = Neighbours.among(homes)
            for pen in pens:
                pen.village(order, village, homes, neighbours)
        for pen in pens:
            pen.close()
    return PaymentTruth([pen.truth for pen in pens])


@dataclass(slots=True)
class _Pen:
    """Writes one batch from top to bottom and notes what it wrote."""

    batch: Batch
    book: Book
    clerk: Clerk
    truth: BatchTruth = field(init=False)
    sheet: str = ""
    serial: int = 0
    sheet_fen: int = 0
    n_strange: int = 0
    # what lines without id and account said in the village at hand
    said: set[tuple[object, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        batch = self.batch
        self.truth = BatchTruth(batch.file, batch.item, batch.filing_number, batch.audited, batch.failed, batch.goods)

    def village(self, order: int, village: Village, homes: list[Household], neighbours: Neighbours) -> None:
        """The village's lines are written, with what goes wrong in a village."""
        sheet = village.township if self.batch.sheet_per_township else "发放清单"
        if self.sheet != sheet:
            self._end_sheet()
            self._begin_sheet(sheet)
        self.said.clear()
        lines = [self._claim(c, neighbours) for home in homes for c in self.batch.claims_of(home)]
        if lines and order % _VILLAGES_PER_REPEATED == 0:
            self._line(lines[0])
            self.truth.n_repeated += 1
        if homes and order % _VILLAGES_PER_UNKNOWN == 0:
            self._line(self._stranger(village))
            self.truth.n_unknown += 1
        if homes and order % _VILLAGES_PER_SPOILED == 0:
            reason = SPOILED[order // _VILLAGES_PER_SPOILED % len(SPOILED)]
            at = self._line(spoil(self._stranger(village), self.batch, reason))
            where = "" if self.batch.suffix == ".csv" else self.sheet
            self.truth.rejected.append(RejectedRow(self.batch.file, where, at, reason))

    def close(self) -> None:
        """The file is complete."""
        if not self.sheet:
            self._begin_sheet("发放清单")
        self._end_sheet()
        self.book.close()

    def _begin_sheet(self, sheet: str) -> None:
        batch, n_columns = self.batch, len(self.batch.columns)
        self.sheet, self.serial, self.sheet_fen = sheet, 0, 0
        self.book.start_sheet(sheet)
        self.book.title(f"彭阳县{batch.name}", n_columns)
        if batch.titled:
            colon = self.clerk.rng.choice((":", "："))
            told = (("备案号", batch.filing_number), ("审核状态", batch.audit_state), ("期次", batch.period))
            self.book.title("  ".join(f"{word}{colon}{what}" for word, what in told), n_columns)
        self.book.title(f"单位：{batch.unit}", n_columns)
        self.book.row([header for _, header in batch.columns])

    def _end_sheet(self) -> None:
        if not self.sheet:
            return
        cells: list[Cell] = [None] * len(self.batch.columns)
        cells[0] = "合计"
        if "amount" in self.batch.fields:
            scale = -6 if self.batch.unit == "万元" else -2
            cells[self.batch.fields.index("amount")] = float(Decimal(self.sheet_fen).scaleb(scale))
        self.book.row(cells)
        self.book.row(["制表人：", None, "复核人：", None, "单位负责人："])

    def _claim(self, claim: Claim, neighbours: Neighbours) -> Row:
        given = rounded_otherwise(self.clerk, claim, self.batch.fields)
        found_by = handle(self.clerk, self.batch, claim, neighbours)
        row = line_cells(self.clerk, self.batch, given)
        row = without_id(self.clerk, row, found_by, claim.holder.card)
        self._line(row)
        truth = self.truth
        truth.n_holder_differs += claim.holder is not claim.person
        truth.n_rounded += given.amount_fen != claim.amount_fen
        if found_by == "ambiguous":
            said = likeness(self.batch, given)
            truth.n_repeated += said in self.said
            truth.n_ambiguous += said not in self.said
            self.said.add(said)
            return row
        truth.n_by_id += found_by == "id"
        truth.n_by_account += found_by == "account"
        truth.n_by_village += found_by == "village"
        truth.total_fen += given.amount_fen
        truth.owed_households.add(claim.home.number)
        return row

    def _stranger(self, village: Village) -> Row:
        self.n_strange += 1
        return stranger_line(self.batch, village, _FIRST_STRANGER + self.n_strange)

    def _line(self, row: Row) -> int:
        self.serial += 1
        self.truth.n_lines += 1
        self.sheet_fen += int(row.get("fen") or 0)
        return self.book.row([float(self.serial) if f == "serial" else row.get(f) for f in self.batch.fields])
