"""A county's payment lists, messy as real ones, until every household that is owed a notice is planned."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from notifier.campaigns.deciding import CampaignDesk
from notifier.domain.settings import Registry
from notifier.match.step import step as match
from notifier.registry.handing_in import handed_in
from notifier.registry.importing import import_households
from notifier.registry.regions import import_regions
from notifier.sandbox.county import build_county, write_payments, write_rosters
from notifier.schedule import SystemClock
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.watch.importing import Handed, import_payments
from scripts.benchmarks.apart import run_apart
from scripts.benchmarks.databases import a_ledger

_LINES_A_HOUSEHOLD = 1.97  # of a synthetic county's lists, roughly
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Told:
    """What one run did. Memory: ours before and at most, and at most of the process that opens workbooks, in MB."""

    n_files: int
    n_largest: int
    n_lines: int
    n_rejected: int
    n_matched: int
    n_queued: int
    n_owed: int
    read_s: float
    plan_s: float
    before_mb: int
    peak_mb: int
    reader_mb: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A run on one database."""

    database: str
    told: Told
    lines_per_s: int
    is_right: bool

    def as_json(self) -> dict[str, Any]:
        """Every field."""
        return asdict(self)


class _Nobody:
    def advance(self, n_done: int) -> None:
        pass


def run(databases: Sequence[str], n_lines: int, folder: Path) -> list[Planned]:
    """The lists are read, matched and planned in each database, whose registry was filled before, by others."""
    n_households = round(n_lines / _LINES_A_HOUSEHOLD)
    run_apart(write, folder, n_households)
    return [_in(kind, folder, folder / kind) for kind in databases]


async def write(folder: Path, n_households: int) -> None:
    """The county's rosters and payment lists are in the folder."""
    for name in ("rosters", "payments"):
        (folder / name).mkdir()
    county = build_county(n_households=n_households)
    write_rosters(county, folder / "rosters")
    write_payments(county, folder / "payments")


def _in(kind: str, folder: Path, own: Path) -> Planned:
    own.mkdir()
    with a_ledger(kind, own) as database:
        run_apart(settle_in, database.url, own / "keys.toml", folder / "rosters")
        told = run_apart(tell, database.url, own / "keys.toml", folder / "payments").result
    whole = told.read_s + told.plan_s
    is_right = told.n_lines == told.n_matched + told.n_queued and told.n_owed > 0
    return Planned(kind, told, round(told.n_lines / whole), is_right)


async def settle_in(url: str, key_file: Path, rosters: Path) -> None:
    """The registry knows the county's households."""
    ledger = await open_ledger(url, Vault(load_keys(key_file)))
    await import_regions(ledger, Registry().regions_file)
    for file in sorted(rosters.iterdir()):
        await import_households(ledger, handed_in(file), Registry(), SystemClock(), _Nobody())
    await ledger.close()


async def tell(url: str, key_file: Path, lists: Path) -> Told:
    """Every list of the folder is in the ledger, its lines matched or queued, its campaigns planned."""
    ledger = await open_ledger(url, Vault(load_keys(key_file)))
    clock, of = SystemClock(), Settings()
    handed = Handed(load_aliases(of.registry.headers_file, "payments"))
    memory = _Memory()
    began = time.perf_counter()
    files, n_rejected, sizes = sorted(lists.iterdir()), 0, []
    for file in files:
        report = await import_payments(ledger, file, clock, handed)
        n_rejected += report.n_rejected
        sizes.append(report.n_rows)
    read_s = time.perf_counter() - began
    await match(ledger, of, clock)
    await CampaignDesk(ledger, clock, launches_approved=True).launch_approved()
    await match(ledger, of, clock)
    plan_s = time.perf_counter() - began - read_s
    held = memory.ended()
    counts = await _counts(ledger)
    await ledger.close()
    return Told(len(files), max(sizes), counts[0], n_rejected, *counts[1:], read_s, plan_s, *held)


class _Memory:
    """What this process and the readers that it starts hold, looked at again and again until it is ended."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._before = self._peak = self._own.memory_info().rss
        self._reader = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK_EVERY_S):
            self._peak = max(self._peak, self._own.memory_info().rss)
            for child in self._own.children():
                with suppress(psutil.Error):
                    if "apart.py" in " ".join(child.cmdline()):
                        self._reader = max(self._reader, child.memory_info().rss)

    def ended(self) -> tuple[int, int, int]:
        """(before, at most, readers at most) in MB."""
        self._is_over.set()
        self._thread.join()
        return self._before >> 20, self._peak >> 20, self._reader >> 20


async def _counts(ledger: Ledger) -> tuple[int, int, int, int]:
    matched = "SUM(CASE WHEN match_state = 'matched' THEN 1 ELSE 0 END)"
    async with ledger.reading() as c:
        row = (await c.execute(text(f"SELECT COUNT(*), {matched} FROM payment"))).one()
        owed = (await c.execute(text("SELECT COUNT(*) FROM owed"))).scalar_one()
    return int(row[0]), int(row[1]), int(row[0]) - int(row[1]), int(owed)


def table(runs: Sequence[Planned]) -> str:
    """The runs for a person to read."""
    return "\n".join(
        f"{one.database:9} {one.told.n_lines:>9,} lines in {one.told.n_files} files, up to {one.told.n_largest:,}: "
        f"{one.lines_per_s:,} lines/s - read and kept {one.told.read_s:.1f} s, matched and planned "
        f"{one.told.plan_s:.1f} s; {one.told.n_matched:,} matched, {one.told.n_queued:,} queued, "
        f"{one.told.n_rejected:,} rejected, {one.told.n_owed:,} owed; peak {one.told.peak_mb} MB "
        f"(at the start {one.told.before_mb}), the reader {one.told.reader_mb} MB"
        for one in runs
    )
