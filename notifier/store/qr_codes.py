"""Permanent QR codes of the official account: made once for a scene and printed again from here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp


@dataclass(frozen=True, slots=True)
class KeptQr:
    """A code that was made: its ticket, what it holds, and where its picture is."""

    ticket: str
    content: str
    picture: str


async def kept_qr(ledger: Ledger, scene: str) -> KeptQr | None:
    """The code of the scene, or None before it was made."""
    async with ledger.reading() as c:
        row = (
            await c.execute(text("SELECT ticket, content, picture FROM qr_code WHERE scene = :scene"), {"scene": scene})
        ).first()
    return None if row is None else KeptQr(row.ticket, row.content, row.picture)


async def keep_qr(ledger: Ledger, scene: str, made: KeptQr, now: datetime) -> KeptQr:
    """The code that the scene has from now on: `made`, or the one that somebody made just before."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO qr_code (scene, ticket, content, picture, made_at) "
                "VALUES (:scene, :ticket, :content, :picture, :now) ON CONFLICT (scene) DO NOTHING"
            ),
            {
                "scene": scene,
                "ticket": made.ticket,
                "content": made.content,
                "picture": made.picture,
                "now": stamp(now),
            },
        )
        row = (
            await c.execute(text("SELECT ticket, content, picture FROM qr_code WHERE scene = :scene"), {"scene": scene})
        ).one()
    return KeptQr(row.ticket, row.content, row.picture)
