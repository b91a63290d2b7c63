"""Raw things that are kept, sealed, for their days only: snapshots of sources, and pushes of providers (P6)."""

from datetime import datetime, timedelta

from sqlalchemy import text

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

_BATCH = 500


async def purge_snapshots(ledger: Ledger, now: datetime, keep: timedelta, refused: timedelta) -> int:
    """The bytes of snapshots older than `keep` are gone, and those of payment lists that a person refused longer than
    `refused` ago; how many. Their digests stay, so that nothing counts as new again. Safe to repeat.

    What hangs on a page and waits for a person is kept until it is decided.
    """
    async with ledger.writing() as c:
        gone = await c.execute(
            text(
                "UPDATE snapshot SET raw_sealed = NULL WHERE raw_sealed IS NOT NULL AND (taken_at < :before "
                "OR id IN (SELECT snapshot_id FROM attachment WHERE draft = 'refused' AND decided_at < :refused)) "
                "AND id NOT IN (SELECT snapshot_id FROM attachment WHERE draft = 'waiting' "
                "OR (draft = 'taken' AND taken_at >= :before)) RETURNING id"
            ),
            {"before": stamp(now - keep), "refused": stamp(now - refused)},
        )
        return len(gone.all())


async def purge_pushes(ledger: Ledger, now: datetime, keep: timedelta) -> int:
    """Providers' pushes older than `keep` are gone; how many. Safe to repeat.

    Kept are those that still wait, and those by which somebody said that they want no broadcasts, while that holds.
    """
    n, after, before = 0, 0, stamp(now - keep)
    async with ledger.reading() as c:
        oldest = text(f"SELECT id, received_at FROM push WHERE id > :after ORDER BY id LIMIT {_BATCH}")
        rows = (await c.execute(oldest, {"after": after})).all()
    while rows and rows[0].received_at < before:
        async with ledger.writing() as c:
            gone = await c.execute(
                text(
                    "DELETE FROM push WHERE id > :after AND id <= :last AND received_at < :before "
                    "AND id NOT IN (SELECT push_id FROM push_due) AND id NOT IN (SELECT push_id FROM heard_part) "
                    "AND id NOT IN (SELECT push_id FROM consent_entry) RETURNING id"
                ),
                {"after": after, "last": rows[-1].id, "before": before},
            )
            n += len(gone.all())
            after = int(rows[-1].id)
            rows = (await c.execute(oldest, {"after": after})).all()
    return n
