"""What a payment workbook would bring, before anything is saved: its batches, and how many lines are new."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notifier.domain.benefits import Disbursement
from notifier.domain.free_text import masked
from notifier.sources.payments import identities_of, read_payments
from notifier.store.benefits import hashes_of, line_hash
from notifier.store.ledger import Ledger
from notifier.store.watching import known_identities
from notifier.watch.importing import Handed


@dataclass(frozen=True, slots=True)
class BatchPreview:
    """One batch of the file: how many of its lines the ledger has not, and what they sum up to."""

    title: str
    audit: str
    n_lines: int
    n_new: int
    n_rejected: int
    sum_fen: int


@dataclass(frozen=True, slots=True)
class PaymentPreview:
    """The file's batches; `reasons`: why rows would come back, and how many."""

    n_rows: int
    batches: Sequence[BatchPreview]
    reasons: Sequence[tuple[str, int]]

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return asdict(self)


async def preview_payments(ledger: Ledger, path: Path, handed: Handed) -> PaymentPreview:
    """What importing the file would do now. Changes nothing; raises InputError as `import_payments` does."""
    content = await asyncio.to_thread(path.read_bytes)
    workbook = await asyncio.to_thread(read_payments, content, masked(path.name), handed.aliases)
    digest = hashlib.sha256(content).hexdigest()
    batches = [await _look_at(ledger, batch, digest) for batch in workbook.batches]
    reasons = Counter(line.why for batch in workbook.batches for line in batch.rejected)
    return PaymentPreview(workbook.n_rows, batches, reasons.most_common(20))


async def _look_at(ledger: Ledger, batch: Disbursement, digest: str) -> BatchPreview:
    async with ledger.reading() as c:
        known = await known_identities(c, identities_of(batch, digest))
        held = await hashes_of(ledger, c, sorted({one for one in known.values() if one is not None}))
    hashes = await asyncio.to_thread(lambda: {line_hash(ledger.vault, line) for line in batch.lines})
    amounts = [line.amount_fen for line in batch.lines if line.amount_fen is not None]
    n_new = len(hashes - held.keys())
    return BatchPreview(batch.title, batch.audit.value, len(batch.lines), n_new, len(batch.rejected), sum(amounts))
