"""Importing a roster: rows -> households and persons, in batches of one transaction each.

A killed import loses at most its batch; the same file again completes it and changes nothing else.
"""

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from notifier.domain.contracts import Clock, Progress
from notifier.domain.free_text import masked
from notifier.domain.settings import Registry
from notifier.registry.batches import Batch, batches_of, in_order
from notifier.registry.handing_in import HandedIn
from notifier.registry.merging import Merging
from notifier.registry.places import Gazetteer
from notifier.registry.returned import Returned
from notifier.sources.headers import load_aliases
from notifier.sources.workbook import Reading, read_workbook
from notifier.store.ledger import Ledger
from notifier.store.region_aliases import read_places
from notifier.store.registry import alone, find_known, keep
from notifier.store.registry_contacts import count_shared, flag_shared, follow_corrections
from notifier.store.registry_runs import begin_run, finish_run

_MOST_HEADER = 30


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: n_rows = n_added + n_changed + n_unchanged + n_merged + n_rejected + n_skipped.

    A row is added (its person or household is new), changed (it changed something known), unchanged (all was known
    before), merged (it repeats a row of this file), rejected, or skipped (a total, a repeated header, a footer).
    `rejected` is the workbook for the uploader, None when every row was taken whole.
    """

    run_id: int
    file: str
    n_rows: int
    n_added: int
    n_changed: int
    n_unchanged: int
    n_merged: int
    n_rejected: int
    n_skipped: int
    n_households_added: int
    n_households_changed: int
    n_households_unchanged: int
    n_warnings: int
    n_phones_refused: int
    n_landlines: int
    n_shared_phones: int
    ignored_columns: tuple[str, ...]
    sheets_without_table: tuple[str, ...]
    rejected: bytes | None = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The counts, without the rejected rows themselves."""
        told = asdict(self)
        del told["rejected"]
        return told | {"has_rejected": self.rejected is not None}


async def import_households(
    ledger: Ledger, file: HandedIn, settings: Registry, clock: Clock, progress: Progress
) -> ImportReport:
    """Every good row of the roster is in the registry, every other one in the report's workbook with its reason.

    Progress is in rows. Safe to repeat: the same file again changes nothing. Raises InputError in Chinese when the
    file cannot be read; batches that were read before the damage are in, and the mended file completes them.
    """
    gazetteer = Gazetteer(await read_places(ledger))
    digest = await asyncio.to_thread(file.digest, ledger.vault)
    reading = read_workbook(file.path, file.name, load_aliases(settings.headers_file, "roster"))
    returned = Returned()
    try:
        batches = batches_of(reading, gazetteer, Path(file.name).stem, clock)
        batch = await asyncio.to_thread(next, batches, None)
        run_id = await begin_run(ledger, "households", digest, file.by_user, clock.now())
        work = _Work(ledger, clock, returned, Merging(ledger.vault, set(), file.region_code), settings.shared_above)
        while batch is not None:
            await work.take(batch)
            progress.advance(batch.n_rows)
            batch = await asyncio.to_thread(next, batches, None)
        report = await work.report(run_id, file.name, reading)
        await finish_run(ledger, run_id, report.as_json(), report.rejected, clock.now())
        return report
    finally:
        reading.close()
        returned.close()


@dataclass(slots=True)
class _Work:
    """The import under way."""

    ledger: Ledger
    clock: Clock
    returned: Returned
    merging: Merging
    shared_above: int
    counts: Counter[str] = field(default_factory=Counter)

    async def take(self, batch: Batch) -> None:
        """The batch is in the ledger, or nothing of it."""
        merging = self.merging
        merging.remarks = []
        async with self.ledger.writing() as connection:
            keys = [merging.key_of(draft) for draft in batch.drafts]
            ids = [merging.id_of(entry) for draft in batch.drafts for entry in draft.entries]
            await alone(connection)
            merging.known = await find_known(connection, self.ledger, keys, ids)
            # in a thread: the front desk may live in the same process and has receipts to answer
            await asyncio.to_thread(merging.lay_all, batch.drafts)
            new = await keep(connection, self.ledger, merging.known, self.clock.now())
            numbers = [one.id for one in new]
            await follow_corrections(connection, self.ledger, numbers, self.shared_above, self.clock.now())
        self._count(batch)
        await asyncio.to_thread(self.returned.add, in_order(batch.remarks + merging.remarks))

    def _count(self, batch: Batch) -> None:
        rejected = {id(one.line) for one in batch.remarks + self.merging.remarks if one.is_rejection}
        self.counts["rows"] += batch.n_rows
        self.counts["rejected"] += len(rejected)
        self.counts["warnings"] += len([one for one in batch.remarks if not one.is_rejection])
        self.counts["phones_refused"] += sum(draft.n_phones_refused for draft in batch.drafts)
        self.counts["landlines"] += sum(draft.n_landlines for draft in batch.drafts)

    async def report(self, run_id: int, name: str, reading: Reading) -> ImportReport:
        """The report; shared phones are flagged."""
        async with self.ledger.writing() as connection:
            await flag_shared(connection, self.shared_above)
            n_shared = await count_shared(connection)
        counts, rows, homes = self.counts, self.merging.rows, self.merging.homes
        n_skipped = reading.skipped.total()
        return ImportReport(
            run_id,
            name,
            n_rows=counts["rows"] + n_skipped,
            n_added=rows["added"],
            n_changed=rows["changed"],
            n_unchanged=rows["unchanged"],
            n_merged=rows["merged"],
            n_rejected=counts["rejected"],
            n_skipped=n_skipped,
            n_households_added=homes["added"],
            n_households_changed=homes["changed"],
            n_households_unchanged=homes["unchanged"],
            n_warnings=counts["warnings"],
            n_phones_refused=counts["phones_refused"],
            n_landlines=counts["landlines"],
            n_shared_phones=n_shared,
            ignored_columns=tuple(dict.fromkeys(_told(text) for texts in reading.ignored.values() for text in texts)),
            sheets_without_table=tuple(masked(name) for name in reading.without_table),
            rejected=await asyncio.to_thread(self.returned.content),
        )


def _told(header: str) -> str:
    """A header that no alias knows; what stands behind a colon is no header but somebody's name or number."""
    return masked(header).partition(":")[0][:_MOST_HEADER]
