"""The planner's knowledge of the sizes of tables, on both databases."""

from pathlib import Path

from sqlalchemy import text

from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.statistics import refresh_statistics
from tests.report import ground


async def test_the_planner_knows_the_counts_once_they_are_there(ledger_url: str, tmp_path: Path) -> None:
    ledger = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await ground.lay_county(ledger)
    for _ in range(2):
        await refresh_statistics(ledger)
    asked = "FROM sqlite_stat1 WHERE tbl = 'tally'" if ledger.is_sqlite else "FROM pg_stats WHERE tablename = 'tally'"
    async with ledger.reading() as c:
        assert (await c.execute(text(f"SELECT COUNT(*) {asked}"))).scalar_one() > 0
    await ledger.close()
