"""A payment workbook that a person hands in: taken like one from the watched folder, but never as a baseline."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from notifier.domain.benefits import AuditState, Disbursement, Finding, Issue
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.sources.headers import HeaderAliases
from notifier.sources.payments import identities_of, read_payments
from notifier.store.ledger import Ledger
from notifier.store.matching import county_code
from notifier.watch.returning import PaymentRun, keep_run
from notifier.watch.taking import Became, Taken, Terms, take

SOURCE = "import"
"""The source that benefits handed in by a person carry."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch of the file. `n_lines` = `n_new` + lines that the ledger had already; rejected rows are apart."""

    title: str
    audit: AuditState
    became: Became
    benefit_id: int | None
    n_lines: int
    n_new: int
    n_rejected: int
    n_changed: int = 0
    """Lines that this list corrected."""
    n_absent: int = 0
    """Lines of a corrected batch that this list does not have; they stay as they are."""
    n_repeated: int = 0
    """New lines that another batch has too; they wait for a person."""


@dataclass(frozen=True, slots=True)
class PaymentImport:
    """What a file gave: `n_rows` = lines of all batches + rejected rows. `rejected` is the workbook to hand back.

    `notes` say which columns were recognised by their content.
    """

    name: str
    run_id: int
    n_rows: int
    batches: Sequence[BatchReport]
    rejected: bytes | None = field(repr=False)
    notes: Sequence[str] = ()

    @property
    def n_new(self) -> int:
        """Lines that the ledger did not have."""
        return sum(batch.n_new for batch in self.batches)

    @property
    def n_rejected(self) -> int:
        """Rows that came back."""
        return sum(batch.n_rejected for batch in self.batches)


@dataclass(frozen=True, slots=True)
class Handed:
    """Who hands in, for which region (None: the county), and by which rules. `by_user` alone can ask for the rejected
    rows later. `issue`: what the person says the list is; None: as far as it can be told from the list."""

    aliases: HeaderAliases
    final_audit: AuditState = AuditState.COUNTY
    region_code: str | None = None
    by_user: str = "system"
    issue: Issue | None = None


async def import_payments(ledger: Ledger, path: Path, clock: Clock, handed: Handed) -> PaymentImport:
    """The file's batches are benefits with their lines, and its rejected rows are kept sealed. Safe to repeat.

    Raises InputError (Chinese, naming the file) when it cannot be opened or read at all; then nothing has changed.
    """
    name = masked(path.name)
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise InputError(f"打不开文件「{name}」（{error.strerror or '未知原因'}）；请检查路径与权限") from None
    return await import_content(ledger, (name, content), clock, handed)


async def import_content(ledger: Ledger, file: tuple[str, bytes], clock: Clock, handed: Handed) -> PaymentImport:
    """As `import_payments`, for a file at hand: (name without personal data, bytes)."""
    name, content = file
    workbook = await asyncio.to_thread(read_payments, content, name, handed.aliases)
    digest = hashlib.sha256(content).hexdigest()
    region_code = handed.region_code or await county_code(ledger)
    terms = Terms(region_code, is_baseline=False, final_audit=handed.final_audit, is_asked=True)
    batches = []
    for found in workbook.batches:
        batch = found if handed.issue is None else replace(found, issue=handed.issue)
        taken = Taken(Became.KNOWN, None)
        if batch.lines:
            finding = Finding(SOURCE, identities_of(batch, digest), batch, content, clock.now())
            taken = await take(ledger, finding, terms)
        batches.append(_report(batch, taken))
    run = PaymentRun(content, workbook.batches, handed.by_user, sum(batch.n_new for batch in batches))
    run_id, rejected = await keep_run(ledger, run, clock.now())
    return PaymentImport(name, run_id, workbook.n_rows, batches, rejected, workbook.notes)


def _report(batch: Disbursement, taken: Taken) -> BatchReport:
    return BatchReport(
        batch.title,
        batch.audit,
        taken.became,
        taken.benefit_id,
        len(batch.lines),
        taken.n_new,
        len(batch.rejected),
        taken.n_changed,
        taken.n_absent,
        taken.n_repeated,
    )
