"""One policy to every household, from launch to all accepted and recorded: the service beside a bare loop, in turns."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from notifier.sandbox import handsets
from notifier.store.sealing import load_keys
from scripts.benchmarks import bare, county, ours
from scripts.benchmarks.apart import Apart, run_apart
from scripts.benchmarks.databases import Database, a_ledger
from scripts.benchmarks.gateway import Gateway, a_gateway
from scripts.benchmarks.ours import Told

T = TypeVar("T")
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
    cpu_s_per_1000: float
    """Processor seconds of the contestant and the database's server; steadier than the rate on a shared machine."""
    bare_cpu_s_per_1000: float
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
    with a_ledger(kind, folder) as database:
        run_apart(county.settle_in, database.url, key_file, n_households)
        for number in range(1, n_rounds + 1):
            with a_gateway(folder / f"bare{number}") as gateway:
                loop = _costed(database, partial(_loop, database.url, n_households), gateway)
            if handsets.count(gateway.record) != n_households:
                raise RuntimeError("the bare loop lost letters or sent some twice")
            with a_gateway(folder / f"service{number}") as gateway:
                told = _costed(database, partial(_tell, database.url, key_file, number), gateway)
            yield _judged((kind, n_households), told, loop, gateway.record)


def _loop(url: str, n_households: int, sms: str) -> Apart[float]:
    return run_apart(bare.loop, url, sms, n_households)


def _tell(url: str, key_file: Path, campaign_id: int, sms: str) -> Apart[Told]:
    return run_apart(ours.tell, url, key_file, sms, campaign_id)


def _costed(database: Database, contestant: Callable[[str], Apart[T]], gateway: Gateway) -> Apart[T]:
    """The contestant's result, with what the database's server did for it in its processor time."""
    before = database.cpu_s()
    done = contestant(gateway.sms)
    return replace(done, cpu_s=done.cpu_s + database.cpu_s() - before)


def _judged(of: tuple[str, int], told: Apart[Told], loop: Apart[float], record: Path) -> Broadcast:
    received, ledger, (kind, n) = _received(record), told.result, of
    return Broadcast(
        database=kind,
        n_households=n,
        households_per_s=round(n / ledger.seconds),
        bare_households_per_s=round(n / loop.result),
        ratio=round(loop.result / ledger.seconds, 3),
        parts={part: round(ledger.parts.get(part, 0.0), 2) for part in PARTS},
        peak_mb=told.peak_mb,
        bare_peak_mb=loop.peak_mb,
        cpu_s_per_1000=round(told.cpu_s * 1000 / n, 4),
        bare_cpu_s_per_1000=round(loop.cpu_s * 1000 / n, 4),
        n_owed=ledger.n_owed,
        n_accepted=ledger.n_accepted,
        n_received=sum(received.values()),
        n_duplicates=handsets.duplicates(record) + handsets.repeated_texts(record),
        n_tally_differences=ledger.n_tally_differences,
        calls_agree=received == ledger.calls,
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
    yield f"  service   {_figures(one.households_per_s, one.peak_mb, one.cpu_s_per_1000)}"
    yield f"  bare loop {_figures(one.bare_households_per_s, one.bare_peak_mb, one.bare_cpu_s_per_1000)}"
    yield f"  ratio     {one.ratio:>9.2f}     (aim: 0.50)"
    yield "  seconds   " + "   ".join(f"{part} {seconds:.2f}" for part, seconds in one.parts.items())
    agree = "agree" if one.is_right else "DO NOT AGREE"
    yield (
        f"  records   {agree}: {one.n_owed:,} owed, {one.n_accepted:,} accepted, {one.n_received:,} received, "
        f"{one.n_duplicates:,} twice"
    )


def _figures(rate: int, peak_mb: int, cpu_s: float) -> str:
    return f"{rate:>9,}/s   peak {peak_mb:>4} MB   {cpu_s:.3f} CPU s per 1,000"
