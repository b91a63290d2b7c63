"""Photos of visits, sealed, for as long as the settings say."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

_PLACE = "visit_photo.photo_sealed"


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that an officer took at a visit: a JPEG without notes of place or device."""

    jpeg: bytes = field(repr=False)
    by_user: str


async def keep_photo(c: AsyncConnection, ledger: Ledger, visit_id: int, photo: Photo, now: datetime) -> None:
    """The visit has this photo, sealed; an earlier one is replaced."""
    await c.execute(
        text(
            "INSERT INTO visit_photo (visit_id, by_user, at, photo_sealed) VALUES (:visit, :who, :now, :sealed) "
            "ON CONFLICT (visit_id) DO UPDATE SET by_user = excluded.by_user, at = excluded.at, "
            "photo_sealed = excluded.photo_sealed"
        ),
        {
            "visit": visit_id,
            "who": photo.by_user,
            "now": stamp(now),
            "sealed": ledger.vault.seal(_PLACE, visit_id, photo.jpeg),
        },
    )


async def photo_of(ledger: Ledger, visit_id: int) -> bytes | None:
    """The JPEG of a visit; None when it has none, or its days are over. The caller leaves the audit entry."""
    async with ledger.reading() as c:
        sealed = (
            await c.execute(text("SELECT photo_sealed FROM visit_photo WHERE visit_id = :id"), {"id": visit_id})
        ).scalar()
    return None if sealed is None else ledger.vault.open(_PLACE, visit_id, bytes(sealed))


async def purge_photos(ledger: Ledger, now: datetime, keep: timedelta) -> int:
    """Photos older than `keep` are gone; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM visit_photo WHERE at < :before RETURNING visit_id"), {"before": stamp(now - keep)}
        )
        return len(gone.all())
