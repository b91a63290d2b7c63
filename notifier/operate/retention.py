"""What is kept for a number of days only."""

from datetime import datetime

from notifier.store.ledger import Ledger
from notifier.store.registry_runs import purge_rejected


async def purge(ledger: Ledger, now: datetime, rejected_days: int) -> int:
    """Uploaders' rejected rows older than their days are gone (P6); of how many files. Safe to repeat."""
    return await purge_rejected(ledger, now, rejected_days)
