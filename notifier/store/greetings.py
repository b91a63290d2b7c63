"""Who followed the account just now and is still to be told how to bind themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp


async def greet_later(c: AsyncConnection, ledger: Ledger, openid: str, at: datetime) -> None:
    """The openid is to be greeted, unless it is bound to somebody already. Safe to repeat."""
    hashed = ledger.vault.blind("openid", openid)
    bound = await c.execute(
        text("SELECT 1 FROM contact WHERE kind = 'openid' AND value_hash = :hash AND state = 'usable' LIMIT 1"),
        {"hash": hashed},
    )
    if bound.first() is not None:
        return
    (greeting_id,) = await take_ids(c, "greeting", 1)
    await c.execute(
        text(
            "INSERT INTO greeting (id, address_hash, openid_sealed, at) VALUES (:id, :hash, :sealed, :at) "
            "ON CONFLICT (address_hash) DO NOTHING"
        ),
        {
            "id": greeting_id,
            "hash": hashed,
            "sealed": ledger.vault.seal_text("greeting.openid_sealed", greeting_id, openid),
            "at": stamp(at),
        },
    )


async def take_greetings(ledger: Ledger, now: datetime, patience: timedelta) -> Sequence[str]:
    """The openids to greet; they are taken off the list, and so are those whose follow is older than `patience`.

    Who is taken and not greeted, since the process was killed, finds the way by the account's menu.
    """
    async with ledger.writing() as c:
        rows = (await c.execute(text("DELETE FROM greeting RETURNING id, openid_sealed, at"))).all()
    return [
        ledger.vault.open_text("greeting.openid_sealed", row.id, bytes(row.openid_sealed))
        for row in rows
        if int(row.at) > stamp(now - patience)
    ]


async def anybody_to_greet(ledger: Ledger) -> bool:
    """Whether somebody waits: a question that takes no writer's turn."""
    async with ledger.reading() as c:
        return (await c.execute(text("SELECT 1 FROM greeting LIMIT 1"))).first() is not None
