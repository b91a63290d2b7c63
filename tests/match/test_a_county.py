"""A synthetic county's messy lists against its truth: every line is matched, queued or handed back, and they add up."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from notifier.domain import settings
from notifier.match.step import step
from notifier.registry.handing_in import handed_in
from notifier.registry.importing import import_households
from notifier.registry.regions import import_regions
from notifier.sandbox.county import build_county, write_payments, write_rosters
from notifier.sandbox.county.truth import PaymentTruth
from notifier.sources.headers import load_aliases
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.watch.importing import Handed, import_payments
from tests.match.test_step import Slices
from tests.registered import FrozenClock

# Five households and more in some villages: enough for two of one name.
N_HOUSEHOLDS = 500
_OF_BATCH = (
    "SELECT match_state, confidence, COUNT(*) FROM payment p JOIN benefit b ON b.id = p.benefit_id "
    "WHERE b.filing_number = :filing GROUP BY match_state, confidence"
)


class Nobody:
    def advance(self, n_done: int) -> None:
        """Watches nothing."""


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def fill(ledger: Ledger, folder: Path) -> PaymentTruth:
    county = build_county(2026, N_HOUSEHOLDS)
    (folder / "rosters").mkdir()
    (folder / "payments").mkdir()
    await import_regions(ledger, Path("config/regions.csv"))
    write_rosters(county, folder / "rosters")
    for file in sorted((folder / "rosters").iterdir()):
        await import_households(ledger, handed_in(file), settings.Registry(), FrozenClock(), Nobody())
    truth = write_payments(county, folder / "payments")
    aliases = load_aliases(Path("config/headers.toml"), "payments")
    for file in sorted((folder / "payments").iterdir()):
        await import_payments(ledger, file, FrozenClock(), Handed(aliases))
    return truth


async def counted(ledger: Ledger, sql: str, **bound: Any) -> list[Any]:
    async with ledger.reading() as c:
        return [tuple(row) for row in await c.execute(text(sql), bound)]


async def test_every_line_finds_who_the_truth_says(ledger: Ledger, tmp_path: Path) -> None:
    truth = await fill(ledger, tmp_path)
    await step(ledger, Slices(), FrozenClock())
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'running'"))
    await step(ledger, Slices(), FrozenClock())
    for batch in truth.batches:
        filing = batch.filing_number.replace("[", "〔").replace("]", "〕").replace("（", "〔").replace("）", "〕")
        rows = {(state, sure): n for state, sure, n in await counted(ledger, _OF_BATCH, filing=filing)}
        assert rows.get(("matched", 100), 0) + rows.get(("matched", 95), 0) == batch.n_by_id, batch.file
        assert rows.get(("matched", 90), 0) == batch.n_by_account, batch.file
        assert rows.get(("unknown", 0), 0) == batch.n_unknown, batch.file
        # A group in the line tells two of one name apart, and equal lines without an id are handed back.
        by_name = rows.get(("matched", 70), 0)
        assert batch.n_by_village <= by_name <= batch.n_by_village + batch.n_ambiguous, batch.file
        assert by_name + rows.get(("ambiguous", 0), 0) <= batch.n_by_village + batch.n_ambiguous, batch.file
        ((n_owed,),) = await counted(
            ledger,
            "SELECT COUNT(*) FROM owed o JOIN campaign k ON k.id = o.campaign_id "
            "JOIN benefit b ON b.id = k.benefit_id WHERE b.filing_number = :filing",
            filing=filing,
        )
        expected = len(batch.owed_households) if batch.audited else 0
        assert expected <= n_owed <= expected + batch.n_ambiguous, batch.file
