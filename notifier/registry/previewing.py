"""What a roster would do, before anything is saved: counts, a masked sample of changes, and why rows would come back.

The same laying of drafts over what is known as in an import; what the file brings itself is held in memory.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from notifier.domain.contracts import Clock, Progress
from notifier.domain.free_text import masked
from notifier.domain.identity import mask_name, mask_phone
from notifier.domain.rules import ATTRIBUTES, AttributeKind
from notifier.domain.settings import Registry
from notifier.registry.batches import Batch, batches_of
from notifier.registry.drafts import Draft
from notifier.registry.handing_in import HandedIn
from notifier.registry.merging import Merging
from notifier.registry.places import Gazetteer
from notifier.sources.headers import load_aliases
from notifier.sources.workbook import read_workbook
from notifier.store.ledger import Ledger
from notifier.store.region_aliases import read_places
from notifier.store.registry import Known, KnownHousehold, KnownPerson, find_known
from notifier.store.registry_regions import read_regions
from notifier.store.tables.columns import MU_SCALE

_MOST_SAMPLES = 30
_MOST_NEW = 5
_MOST_REASONS = 20
_QUOTED = re.compile(r"「[^」]*」")


@dataclass(frozen=True, slots=True)
class Preview:
    """Counts as in ImportReport, and no personal data.

    `sample` holds (village, who, what), masked; `reasons` why rows would come back, and how many.
    """

    n_rows: int
    n_added: int
    n_changed: int
    n_unchanged: int
    n_merged: int
    n_rejected: int
    n_skipped: int
    n_households_added: int
    n_households_changed: int
    n_warnings: int
    sample: Sequence[tuple[str, str, str]]
    reasons: Sequence[tuple[str, int]]
    ignored_columns: Sequence[str]
    sheets_without_table: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return asdict(self)


async def preview_households(
    ledger: Ledger, file: HandedIn, settings: Registry, clock: Clock, progress: Progress
) -> Preview:
    """What importing the file would do now. Changes nothing; raises InputError as `import_households` does."""
    regions = await read_regions(ledger)
    reading = read_workbook(file.path, file.name, load_aliases(settings.headers_file, "roster"))
    looking = _Looking(Merging(ledger.vault, set(), file.region_code), {one.code: one.name for one in regions})
    try:
        batches = batches_of(reading, Gazetteer(await read_places(ledger)), Path(file.name).stem, clock)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            keys = [looking.merging.key_of(draft) for draft in batch.drafts]
            ids = [looking.merging.id_of(entry) for draft in batch.drafts for entry in draft.entries]
            async with ledger.reading() as c:
                known = await find_known(c, ledger, keys, ids)
            await asyncio.to_thread(looking.take, batch, known)
            progress.advance(batch.n_rows)
        n_skipped = reading.skipped.total()
        ignored = dict.fromkeys(masked(text)[:30] for texts in reading.ignored.values() for text in texts)
        return looking.preview(n_skipped, tuple(ignored), tuple(masked(name) for name in reading.without_table))
    finally:
        reading.close()


@dataclass(slots=True)
class _Looking:
    """The preview under way. `homes` and `persons` are what earlier batches made or changed."""

    merging: Merging
    names: dict[str, str]
    homes: dict[bytes, KnownHousehold] = field(default_factory=dict)
    persons: dict[bytes, KnownPerson] = field(default_factory=dict)
    sample: list[tuple[str, str, str]] = field(default_factory=list)
    n_new: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, batch: Batch, known: Known) -> None:
        """The batch is counted; what it brings is known to the next."""
        merging = self.merging
        keys = {merging.key_of(draft) for draft in batch.drafts}
        ids = {merging.id_of(entry) for draft in batch.drafts for entry in draft.entries}
        households = {key: self.homes.get(home.key_hash, home) for key, home in known.households.items()}
        households |= {key: self.homes[key] for key in keys & self.homes.keys()}
        held = {hashed: self.persons[hashed] for hashed in (ids | known.persons.keys()) & self.persons.keys()}
        merging.known = Known(households, known.persons | held, known.merged)
        merging.remarks = []
        for draft in batch.drafts:
            self._lay(draft)
        for home in merging.known.households.values():
            if home.is_changed or not home.id or any(one.is_changed or not one.id for one in home.persons):
                self.homes[home.key_hash] = home
                self.persons |= {one.id_hash: one for one in home.persons}
        remarks = batch.remarks + merging.remarks
        rejected = {id(one.line) for one in remarks if one.is_rejection}
        n_warnings = len([one for one in batch.remarks if not one.is_rejection])
        self.counts.update(rows=batch.n_rows, rejected=len(rejected), warnings=n_warnings)
        # What a row says stands between these marks; it is for the rejected rows, not for a count.
        self.reasons.update(_QUOTED.sub("", one.reason) for one in remarks if one.is_rejection)

    def _lay(self, draft: Draft) -> None:
        home = self.merging.known.households.get(self.merging.key_of(draft))
        before = None if home is None or len(self.sample) >= _MOST_SAMPLES else _Before(home)
        self.merging.lay(draft)
        if len(self.sample) >= _MOST_SAMPLES:
            return
        after = self.merging.known.households.get(self.merging.key_of(draft))
        if after is None:
            return
        who = mask_name((draft.householder or draft.entries[0]).name)
        place = self.names.get(after.region_code, after.region_code)
        if before is None and not after.id and self.n_new < _MOST_NEW:
            self.n_new += 1
            self.sample.append((place, who, f"新登记,{len(after.persons)} 人"))
        elif before is not None:
            self.sample += [(place, who, what) for what in before.differences(after)]

    def preview(self, n_skipped: int, ignored: Sequence[str], without_table: Sequence[str]) -> Preview:
        """The whole file's."""
        rows, homes, counts = self.merging.rows, self.merging.homes, self.counts
        return Preview(
            n_rows=counts["rows"] + n_skipped,
            n_added=rows["added"],
            n_changed=rows["changed"],
            n_unchanged=rows["unchanged"],
            n_merged=rows["merged"],
            n_rejected=counts["rejected"],
            n_skipped=n_skipped,
            n_households_added=homes["added"],
            n_households_changed=homes["changed"],
            n_warnings=counts["warnings"],
            sample=self.sample[:_MOST_SAMPLES],
            reasons=self.reasons.most_common(_MOST_REASONS),
            ignored_columns=ignored,
            sheets_without_table=without_table,
        )


class _Before:
    """A household as it was, to say what a draft changed."""

    def __init__(self, home: KnownHousehold) -> None:
        self._attributes = dict(home.attributes)
        self._persons = len(home.persons)
        self._phones = {id(contact) for person in home.persons for contact in person.contacts}
        self._place = (home.region_code, home.group_name)

    def differences(self, home: KnownHousehold) -> list[str]:
        """What is otherwise now, in Chinese and masked; empty when nothing is."""
        found = []
        for one in ATTRIBUTES:
            before, after = self._attributes.get(one.column, 0), home.attributes.get(one.column, 0)
            if before != after:
                scale = MU_SCALE if one.kind is AttributeKind.AREA else 1
                found.append(f"{one.name} {before / scale:g} → {after / scale:g}")
        if len(home.persons) > self._persons:
            found.append(f"增加 {len(home.persons) - self._persons} 人")
        for person in home.persons:
            found += [
                f"电话改为 {mask_phone(contact.value)}"
                for contact in person.contacts
                if contact.value is not None and id(contact) not in self._phones
            ]
        if (home.region_code, home.group_name) != self._place:
            found.append("村、组有变")
        return found
