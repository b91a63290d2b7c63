"""A rule over attributes and region plans a county's owed rows, beside the bare INSERT … SELECT of the same rows.

The bare statement writes a twin of `owed` with the same columns and indexes, in one transaction with the same
durability, and does nothing else. Ours also reads the rule, counts the households, takes their ids, keeps the counts
in step and marks the campaign.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.rule_forms import explain, to_json
from notifier.domain.rule_language import parse_rule
from notifier.schedule import SystemClock
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.planning import plan
from notifier.store.rule_counting import vocabulary
from notifier.store.sealing import Vault, load_keys
from notifier.store.tally import check
from scripts.benchmarks.databases import a_ledger

RULE = "居住在 彭阳县 且 (耕地亩 >= 5 或 羊只数 > 30) 且 非 特困"
_BARE_RULE = (
    "h.region_code BETWEEN '640425000000' AND '640425999999' AND (h.farmland_mu >= 5000 OR h.n_sheep > 30) "
    "AND NOT h.is_destitute = 1"
)
_WHY = "符合条件：居住在彭阳县，且（耕地不少于5亩或羊只数多于30），且不符合（是特困）"
_N_VILLAGES = 160
_LEAST_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class MatchRun:
    """What planning took on one database, beside the bare statement; medians of the rounds, in seconds."""

    database: str
    n_households: int
    n_owed: int
    ours_s: float
    bare_s: float
    is_counted: bool
    """The counts equal a recount, and both wrote the same rows."""

    @property
    def ratio(self) -> float:
        """Ours to bare."""
        return self.ours_s / self.bare_s

    @property
    def is_right(self) -> bool:
        """The same rows, in at most twice the time."""
        return self.is_counted and self.ratio <= _LEAST_RATIO

    def as_json(self) -> dict[str, Any]:
        """The figures, with what follows from them."""
        rates = {"ours_rows_s": self.n_owed / self.ours_s, "bare_rows_s": self.n_owed / self.bare_s}
        return asdict(self) | {"ratio": self.ratio} | {name: round(rate) for name, rate in rates.items()}


def run(databases: Sequence[str], n_households: int, rounds: int, folder: Path) -> list[MatchRun]:
    """Each database filled and planned anew, the contestants in turns."""
    found = []
    for kind in databases:
        with a_ledger(kind, folder) as database:
            found.append(asyncio.run(_run(kind, database.url, n_households, rounds, folder)))
    return found


async def _run(kind: str, url: str, n_households: int, rounds: int, folder: Path) -> MatchRun:
    ledger = await open_ledger(url, Vault(load_keys(folder / "keys.toml")))
    try:
        await _fill(ledger, n_households)
        ours: list[float] = []
        bare: list[float] = []
        n_owed = n_bare = 0
        for _ in range(rounds):
            await _begin_anew(ledger)
            n_bare, took = await _bare(ledger)
            bare.append(took)
            began = perf_counter()
            n_owed = await plan(ledger, 1, SystemClock())
            ours.append(perf_counter() - began)
        is_counted = n_owed == n_bare > 0 and await _same_rows(ledger) and not await check(ledger)
        return MatchRun(kind, n_households, n_owed, median(ours), median(bare), is_counted)
    finally:
        await ledger.close()


async def _fill(ledger: Ledger, n: int) -> None:
    """Households of every kind, made by one statement; areas and stock spread over them without a pattern."""
    series, key = (
        ("WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :n) ", "CAST(s.n AS BLOB)")
        if ledger.is_sqlite
        else ("WITH s (n) AS (SELECT generate_series(1, CAST(:n AS BIGINT))) ", "int8send(s.n)")
    )
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO region (code, name, level, parent) VALUES ('640425000000', '彭阳县', 'county', NULL), "
                "('640422000000', '样例县', 'county', NULL)"
            )
        )
        await c.execute(
            text(
                "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, is_low_income, "
                "is_destitute, is_out_of_poverty, is_monitored, is_insured, n_disabled, n_elderly, n_sheep, n_cattle, "
                f"n_pigs, farmland_mu, grassland_mu, reforested_mu, content_digest, registered_at, changed_at) {series}"
                f"SELECT s.n, {key}, CAST(CASE WHEN s.n % 10 = 0 THEN 640422100201 ELSE 640425100201 END "
                f"+ s.n % {_N_VILLAGES} AS VARCHAR(12)), NULL, s.n, 'active', s.n % 11 / 10, s.n % 29 / 28, 0, 0, "
                f"1, 0, s.n % 7 / 6, s.n * 7919 % 60, 0, 0, s.n * 104729 % 20000, 0, 0, {key}, 0, 0 FROM s"
            ),
            {"n": n},
        )
    rule = parse_rule(RULE, await vocabulary(ledger))
    said = explain(rule, {"640425000000": "彭阳县"})
    assert said in _WHY, said
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, rule, rule_text, "
                "evidence, confidence, summary, ladder, state, reviews_needed, created_by, created_at) VALUES (1, 1, "
                "1, 'tell', 'policy', '样例政策', :rule, :said, '[]', 0, '', '短信必达', 'running', 0, 'bench', 0)"
            ),
            {"rule": to_json(rule), "said": said},
        )
    if not ledger.is_sqlite:
        async with ledger.writing() as c:
            await c.execute(text("ANALYZE household"))


async def _begin_anew(ledger: Ledger) -> None:
    """`owed`, its counts and its twin are empty."""
    async with ledger.writing() as c:
        for table in ("owed", "tally"):
            await c.execute(text(f"{'DELETE FROM' if ledger.is_sqlite else 'TRUNCATE'} {table}"))
        await c.execute(text("UPDATE campaign SET planned_at = NULL"))
        await _twin(c, is_sqlite=ledger.is_sqlite)
    if ledger.is_sqlite:
        async with ledger.reading() as c:
            await c.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


async def _twin(c: AsyncConnection, *, is_sqlite: bool) -> None:
    await c.execute(text("DROP TABLE IF EXISTS bare"))
    if not is_sqlite:
        await c.execute(text("CREATE TABLE bare (LIKE owed INCLUDING ALL)"))
        return
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = 'owed' AND sql IS NOT NULL ORDER BY type DESC"
    for (sql,) in (await c.execute(text(made))).all():
        twin = str(sql).replace('"owed"', "owed").replace("TABLE owed", "TABLE bare").replace("ON owed", "ON bare")
        await c.execute(text(twin.replace("INDEX ix_owed", "INDEX ix_bare").replace("INDEX uq_owed", "INDEX uq_bare")))


async def _bare(ledger: Ledger) -> tuple[int, float]:
    statement = text(
        "INSERT INTO bare (id, campaign_id, household_id, region_code, why, state, composed_step, state_at) "
        "SELECT ROW_NUMBER() OVER (ORDER BY h.id), 1, h.id, h.region_code, CAST(:why AS TEXT), 'pending', -1, "
        f"CAST(:now AS BIGINT) FROM household h WHERE h.state = 'active' AND {_BARE_RULE}"
    )
    began = perf_counter()
    async with ledger.writing() as c:
        inserted = await c.execute(statement, {"why": _WHY, "now": 1})
    return inserted.rowcount, perf_counter() - began


async def _same_rows(ledger: Ledger) -> bool:
    differing = (
        "SELECT COUNT(*) FROM owed o FULL OUTER JOIN bare b ON b.household_id = o.household_id "
        "AND b.why = o.why AND b.region_code = o.region_code WHERE o.id IS NULL OR b.id IS NULL"
    )
    async with ledger.reading() as c:
        return int((await c.execute(text(differing))).scalar_one()) == 0


def table(runs: Sequence[MatchRun]) -> str:
    """The figures as a table for people."""
    lines = [f"{RULE}", "", "database   households       owed   ours s   bare s   ratio   ours rows/s   bare rows/s"]
    for one in runs:
        figures = one.as_json()
        lines.append(
            f"{one.database:9} {one.n_households:11,} {one.n_owed:10,} {one.ours_s:8.2f} {one.bare_s:8.2f} "
            f"{one.ratio:7.2f} {figures['ours_rows_s']:13,} {figures['bare_rows_s']:13,}"
            + ("" if one.is_counted else "   THE ROWS OR THE COUNTS DIFFER")
        )
    return "\n".join(lines)
