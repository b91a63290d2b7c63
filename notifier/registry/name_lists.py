"""Uploading a list of persons (名单) that rules can name."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.name_lists import list_name, read_person
from notifier.domain.settings import Registry
from notifier.registry.drafts import Remark
from notifier.registry.entries import Line, household_number
from notifier.registry.handing_in import HandedIn
from notifier.registry.places import Gazetteer
from notifier.registry.returned import Returned
from notifier.sources.headers import load_aliases
from notifier.sources.workbook import Reading, SheetRow, read_workbook
from notifier.store.ledger import Ledger
from notifier.store.name_lists import Placed, find_listed, keep_list
from notifier.store.region_aliases import read_places
from notifier.store.registry_runs import begin_run, finish_run

_ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class ListReport:
    """n_rows = rows that found a household + n_rejected; `rejected` is the workbook of the others with reasons."""

    run_id: int
    name: str
    n_rows: int
    n_households: int
    n_rejected: int
    rejected: bytes | None = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The counts, without the rejected rows themselves."""
        told = asdict(self)
        del told["rejected"]
        return told | {"has_rejected": self.rejected is not None}


async def import_list(ledger: Ledger, file: HandedIn, name: str, settings: Registry, clock: Clock) -> ListReport:
    """The list of this name is the households that the file's rows mean; rows that mean nobody come back with why.
    Where the file has a region, nobody outside of it is meant, or told apart from somebody who is not registered.

    Safe to repeat; a new file under an old name replaces the list. Raises InputError in Chinese when the name cannot
    be used or the file cannot be read; then the old list stays.
    """
    named = list_name(name)
    digest = await asyncio.to_thread(file.digest, ledger.vault)
    gazetteer = Gazetteer(await read_places(ledger))
    reading = read_workbook(file.path, file.name, load_aliases(settings.headers_file, "list"))
    returned = Returned()
    try:
        run_id = await begin_run(ledger, "list", digest, file.by_user, clock.now())
        found = _Found(ledger, gazetteer, Path(file.name).stem, file.region_code)
        while rows := await asyncio.to_thread(_some, reading):
            returned.add(await found.take(rows))
        counts = (found.n_rows, found.n_rejected)
        await keep_list(ledger, named, found.entries, counts, (file.by_user or "system", clock.now()))
        content = await asyncio.to_thread(returned.content)
        report = ListReport(run_id, named, found.n_rows, len(found.entries), found.n_rejected, content)
        await finish_run(ledger, run_id, report.as_json(), content, clock.now())
        return report
    finally:
        reading.close()
        returned.close()


def _some(reading: Reading) -> list[SheetRow]:
    return list(islice(reading, _ROWS_AT_ONCE))


@dataclass(slots=True)
class _Found:
    """What the rows so far mean."""

    ledger: Ledger
    gazetteer: Gazetteer
    file: str
    region_code: str | None
    entries: dict[int, tuple[int, str]] = field(default_factory=dict)
    n_rows: int = 0
    n_rejected: int = 0

    async def take(self, rows: Sequence[SheetRow]) -> list[Remark]:
        """Their households are among the entries; a remark for each row that has none."""
        read: list[tuple[SheetRow, Placed]] = []
        remarks: list[Remark] = []
        for row in rows:
            try:
                read.append((row, self._placed(row)))
            except InputError as problem:
                remarks.append(Remark(Line(row, row.cells), str(problem), True))
        found = await find_listed(self.ledger, [placed for _, placed in read], self.region_code)
        for (row, _), one in zip(read, found, strict=True):
            if isinstance(one, str):
                remarks.append(Remark(Line(row, row.cells), one, True))
            else:
                self.entries.setdefault(one.household_id, (row.number, one.why))
        self.n_rows += len(rows)
        self.n_rejected += len(remarks)
        return sorted(remarks, key=lambda one: (one.line.row.sheet, one.line.row.number))

    def _placed(self, row: SheetRow) -> Placed:
        if row.problem:
            raise InputError(row.problem)
        person = read_person(row.cells, household_number(row.cells))
        by_name = not (person.id_number or person.household_number)
        around = (*row.titles, self.file)
        return Placed(person, self.gazetteer.village_of(row.cells, row.sheet, around) if by_name else None)
