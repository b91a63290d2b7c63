"""The fact table kept in step: what leaves a state is uncounted before a change, what entered one is counted after.

    async with ledger.writing() as c:
        await uncount(c, "message", "m.chunk_id = :chunk", {"chunk": 7})
        ...  # UPDATE message ... WHERE chunk_id = 7
        await count(c, "message", "m.chunk_id = :chunk", {"chunk": 7})

Both conditions must name the same rows, whatever the change does to them: by id, chunk or campaign, not by state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger

Subject = Literal["message", "owed"]

_DAY_US = 86_400_000_000
_EAST_OF_UTC_US = 28_800_000_000
_LOCK_SPACE = 6_404_250_000_000_000

_FACTS: Mapping[Subject, str] = {
    "message": "m.campaign_id, m.region_code, 'message' AS subject, m.medium, m.state, "
    "coalesce(m.reason, '') AS detail",
    # A household that was reached late may still carry the reason of its earlier failure.
    "owed": "o.campaign_id, o.region_code, 'owed' AS subject, '' AS medium, o.state, "
    "coalesce(CASE WHEN o.state = 'reached' THEN o.level ELSE o.reason END, '') AS detail",
}
# By place in _FACTS, the day last: what is the same for all of a subject's rows would only be sorted along.
_GROUPS: Mapping[Subject, str] = {"message": "1, 2, 4, 5, 6, 7", "owed": "1, 2, 5, 6, 7"}
_ROWS: Mapping[Subject, str] = {"message": "message m", "owed": "owed o"}
_ALIAS: Mapping[Subject, str] = {"message": "m", "owed": "o"}
_KEY = "campaign_id, region_code, subject, medium, state, detail, on_day"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of the fact table that does not equal a recount."""

    campaign_id: int
    region_code: str
    subject: str
    medium: str
    state: str
    detail: str
    on_day: int
    surplus: int
    """Counted minus recounted."""


async def uncount(c: AsyncConnection, subject: Subject, where_sql: str, params: Mapping[str, Any]) -> None:
    """The rows that `where_sql` names (alias `m` or `o`) are out of the counts; call before they change.

    Other transactions that count rows of the same campaigns wait until this one ends, so no two ever deadlock over
    the counts: call it before the first change. An empty match is fine.
    """
    await _add(c, subject, where_sql, params, "-")


async def count(c: AsyncConnection, subject: Subject, where_sql: str, params: Mapping[str, Any]) -> None:
    """The rows that `where_sql` names are in the counts, as they are now; call after they changed or were made."""
    await _add(c, subject, where_sql, params, "+")


async def recount(ledger: Ledger, campaign_id: int) -> None:
    """The campaign's counts equal its rows, whatever they said before. Safe to repeat."""
    params = {"campaign_id": campaign_id}
    async with ledger.writing() as c:
        await _wait_for_turn(c, "SELECT CAST(:campaign_id AS BIGINT)", params)
        await c.execute(text("DELETE FROM tally WHERE campaign_id = :campaign_id"), params)
        await _add(c, "owed", "o.campaign_id = :campaign_id", params, "+")
        await _add(c, "message", "m.campaign_id = :campaign_id", params, "+")


async def check(ledger: Ledger) -> Sequence[Difference]:
    """Every cell where the fact table and a recount differ; empty when it was kept in step."""
    statement = (
        f"SELECT {_KEY}, CAST(SUM(n) AS BIGINT) AS surplus FROM ("
        f"SELECT {_KEY}, n FROM tally UNION ALL "
        f"{_recounted('owed', 'true', '-')} UNION ALL {_recounted('message', 'true', '-')}"
        f") both_counts GROUP BY {_KEY} HAVING SUM(n) <> 0 ORDER BY {_KEY}"
    )
    async with ledger.reading() as c:
        return [Difference(**row) for row in (await c.execute(text(statement))).mappings()]


async def _add(c: AsyncConnection, subject: Subject, where_sql: str, params: Mapping[str, Any], sign: str) -> None:
    alias = _ALIAS[subject]
    await _wait_for_turn(c, f"SELECT DISTINCT {alias}.campaign_id FROM {_ROWS[subject]} WHERE {where_sql}", params)
    await c.execute(
        text(
            f"INSERT INTO tally ({_KEY}, n) {_recounted(subject, where_sql, sign)} "
            f"ON CONFLICT ({_KEY}) DO UPDATE SET n = tally.n + excluded.n"
        ),
        dict(params),
    )


def _recounted(subject: Subject, where_sql: str, sign: str) -> str:
    day = f"({_ALIAS[subject]}.state_at + {_EAST_OF_UTC_US}) / {_DAY_US} AS on_day"
    return (
        f"SELECT {_FACTS[subject]}, {day}, {sign}COUNT(*) AS n FROM {_ROWS[subject]} "
        f"WHERE ({where_sql}) GROUP BY {_GROUPS[subject]}"
    )


async def _wait_for_turn(c: AsyncConnection, campaigns_sql: str, params: Mapping[str, Any]) -> None:
    """Without this, two batches that move rows in opposite directions would lock the same cells in opposite orders."""
    if c.dialect.name != "postgresql":  # SQLite has one writer anyway
        return
    await c.execute(
        text(
            f"SELECT pg_advisory_xact_lock({_LOCK_SPACE} + turn.campaign_id) "
            f"FROM ({campaigns_sql} ORDER BY 1) AS turn (campaign_id)"
        ),
        dict(params),
    )
