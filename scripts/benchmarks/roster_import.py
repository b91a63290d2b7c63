"""A county's rosters, messy as real ones, into the registry: rows a second, peak memory, and the same again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notifier.domain.settings import Registry
from notifier.registry.handing_in import handed_in
from notifier.registry.importing import import_households
from notifier.registry.regions import import_regions
from notifier.sandbox.county import build_county, write_rosters
from notifier.schedule import SystemClock
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from scripts.benchmarks.apart import run_apart
from scripts.benchmarks.databases import a_ledger

_ROWS_A_HOUSEHOLD = 3.8  # of a synthetic county's rosters, roughly; some list persons, some householders only


@dataclass(frozen=True, slots=True)
class Imported:
    """One pass over all files of the county."""

    database: str
    what: str
    n_files: int
    n_rows: int
    n_added: int
    n_rejected: int
    seconds: float
    rows_per_s: int
    peak_mb: int

    def as_json(self) -> dict[str, Any]:
        """Every field."""
        return asdict(self)


class _Nobody:
    def advance(self, n_done: int) -> None:
        pass


def run(databases: Sequence[str], n_rows: int, folder: Path) -> list[Imported]:
    """The rosters are imported twice into each database: the second time changes nothing."""
    rosters = folder / "rosters"
    rosters.mkdir()
    run_apart(write, rosters, round(n_rows / _ROWS_A_HOUSEHOLD))
    return [one for kind in databases for one in _into(kind, rosters, folder / kind)]


async def write(folder: Path, n_households: int) -> None:
    """The county's rosters are in `folder`."""
    write_rosters(build_county(n_households=n_households), folder)


def _into(kind: str, rosters: Path, folder: Path) -> Iterator[Imported]:
    folder.mkdir()
    with a_ledger(kind, folder) as database:
        for what in ("first", "again"):
            done = run_apart(take, database.url, folder / "keys.toml", rosters)
            seconds, counts = done.result
            yield Imported(kind, what, *counts, round(seconds, 2), round(counts[1] / seconds), done.peak_mb)


async def take(url: str, key_file: Path, rosters: Path) -> tuple[float, tuple[int, int, int, int]]:
    """(seconds, (files, rows, added, rejected)) of importing every roster of the folder."""
    ledger = await open_ledger(url, Vault(load_keys(key_file)))
    await import_regions(ledger, Registry().regions_file)
    files = sorted(rosters.iterdir())
    began = time.perf_counter()
    n_rows = n_added = n_rejected = 0
    for file in files:
        report = await import_households(ledger, handed_in(file), Registry(), SystemClock(), _Nobody())
        n_rows, n_added, n_rejected = (
            n_rows + report.n_rows,
            n_added + report.n_added,
            n_rejected + report.n_rejected,
        )
    seconds = time.perf_counter() - began
    await ledger.close()
    return seconds, (len(files), n_rows, n_added, n_rejected)


def table(runs: Sequence[Imported]) -> str:
    """The passes for a person to read, a line each."""
    return "\n".join(
        f"{one.database:9} {one.what:6} {one.n_rows:>9,} rows in {one.n_files} files: {one.rows_per_s:>7,} rows/s, "
        f"{one.seconds:.1f} s, peak {one.peak_mb} MB; {one.n_added:,} added, {one.n_rejected:,} rejected"
        for one in runs
    )
