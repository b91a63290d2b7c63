"""What the database's planner knows of the sizes of tables, without which it reads past the right index."""

from sqlalchemy import text

from notifier.store.ledger import Ledger

_MOST_ROWS = 1000
"""Rows of an index that SQLite looks at: enough to choose by, and soon done while nobody else may write."""
_GROWING = "attempt, contact, household, message, notice, owed, payment, person, tally, visit"


async def refresh_statistics(ledger: Ledger) -> None:
    """The planner knows the tables as they are now. Safe to repeat; what has hardly changed costs next to nothing."""
    async with ledger.writing() as c:
        if not ledger.is_sqlite:
            await c.execute(text(f"ANALYZE {_GROWING}"))
            return
        await c.execute(text(f"PRAGMA analysis_limit = {_MOST_ROWS}"))
        # This connection writes and seldom asks; what pages ask of the counts, PRAGMA optimize would not notice.
        await c.execute(text("ANALYZE tally"))
        await c.execute(text("PRAGMA optimize"))
