"""One policy to every household, from launch to all accepted and recorded: the service beside a bare loop, in turns."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notifier.sandbox import handsets
from notifier.store.sealing import load_keys
from scripts.benchmarks import bare, county, service
from scripts.benchmarks.apart import run_apart
from scripts.benchmarks.databases import a_ledger
from scripts.benchmarks.gateway import a_gateway
from scripts.benchmarks.service import Told

PARTS = ("plan", "compose", "claim+load", "write-ahead", "HTTP", "record", "rest")


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One round on one database. `parts` are seconds of the service's and add up to them."""

    database: str
    n_households: int
    households_per_s: int
    bare_households_per_s: int
    ratio: float
    parts: dict[str, float]
    peak_mb: int
    bare_peak_mb: int
    n_owed: int
    n_accepted: int
    n_received: int
    n_duplicates: int
    n_tally_differences: int
    calls_agree: bool
    """The stand-in received under every out_id as many letters as the ledger says, and under no other."""

    @property
    def is_right(self) -> bool:
        """Everybody was owed, accepted and received once, and the two records agree."""
        counts = {self.n_owed, self.n_accepted, self.n_received, self.n_households}
        return len(counts) == 1 and not self.n_duplicates and not self.n_tally_differences and self.calls_agree

    def as_json(self) -> dict[str, Any]:
        """Every field, and whether it is right."""
        return asdict(self) | {"is_right": self.is_right}


def run(databases: Sequence[str], n_households: int, n_rounds: int, folder: Path) -> list[Broadcast]:
    """The rounds of each database in turn; files go into `folder`."""
    return [one for kind in databases for one in _on(kind, n_households, n_rounds, folder / kind)]


def _on(kind: str, n_households: int, n_rounds: int, folder: Path) -> Iterator[Broadcast]:
    folder.mkdir()
    key_file = folder / "keys.toml"
    load_keys(key_file)
    with a_ledger(kind, folder) as url:
        run_apart(county.settle_in, url, key_file, n_households)
        for number in range(1, n_rounds + 1):
            with a_gateway(folder / f"bare{number}") as gateway:
                loop = run_apart(bare.loop, url, gateway.sms, n_households)
            if handsets.count(gateway.record) != n_households:
                raise RuntimeError("the bare loop lost letters or sent some twice")
            with a_gateway(folder / f"service{number}") as gateway:
                told = run_apart(service.tell, url, key_file, gateway.sms, number)
            rates = (n_households / told.result.seconds, n_households / loop.result)
            yield _judged(kind, rates, told.result, (told.peak_mb, loop.peak_mb), gateway.record)


def _judged(kind: str, rates: tuple[float, float], told: Told, peaks_mb: tuple[int, int], record: Path) -> Broadcast:
    received = _received(record)
    return Broadcast(
        database=kind,
        n_households=round(rates[0] * told.seconds),
        households_per_s=round(rates[0]),
        bare_households_per_s=round(rates[1]),
        ratio=round(rates[0] / rates[1], 3),
        parts={part: round(told.parts.get(part, 0.0), 2) for part in PARTS},
        peak_mb=peaks_mb[0],
        bare_peak_mb=peaks_mb[1],
        n_owed=told.n_owed,
        n_accepted=told.n_accepted,
        n_received=sum(received.values()),
        n_duplicates=handsets.duplicates(record) + handsets.repeated_texts(record),
        n_tally_differences=told.n_tally_differences,
        calls_agree=received == told.calls,
    )


def _received(record: Path) -> dict[str, int]:
    with closing(handsets.open_reading(record)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT sender_key, COUNT(*) AS n FROM handset_record GROUP BY sender_key")
        return {row["sender_key"]: row["n"] for row in rows}


def table(runs: Sequence[Broadcast]) -> str:
    """The runs for a person to read, a paragraph each."""
    return "\n\n".join("\n".join(_lines(one)) for one in runs)


def _lines(one: Broadcast) -> Iterator[str]:
    yield f"{one.database}: {one.n_households:,} households from launch to accepted and recorded"
    yield f"  service   {one.households_per_s:>9,}/s   peak {one.peak_mb:>4} MB"
    yield f"  bare loop {one.bare_households_per_s:>9,}/s   peak {one.bare_peak_mb:>4} MB"
    yield f"  ratio     {one.ratio:>9.2f}     (aim: 0.50)"
    yield "  seconds   " + "   ".join(f"{part} {seconds:.2f}" for part, seconds in one.parts.items())
    agree = "agree" if one.is_right else "DO NOT AGREE"
    yield (
        f"  records   {agree}: {one.n_owed:,} owed, {one.n_accepted:,} accepted, {one.n_received:,} received, "
        f"{one.n_duplicates:,} twice"
    )
