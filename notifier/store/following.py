"""Who follows the official account: whom it can address, what they accept, and when they may be answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.contracts import Clock
from notifier.domain.messages import Acted, Consented, ContactKind, Followed, Heard, Inbound
from notifier.store.greetings import greet_later
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

_WINDOWS = {"acted": (timedelta(minutes=1), 3), "spoke": (timedelta(hours=48), 5)}
"""How long each window lasts and how many answers it has room for; the one that closes sooner is used up first."""


async def take_in(c: AsyncConnection, ledger: Ledger, elements: Sequence[Inbound]) -> None:
    """What followers did is on record. Older news than is known changes nothing. Safe to repeat; empty is fine."""
    for one in elements:
        match one:
            case Followed():
                await _follow(c, ledger, one)
            case Heard():
                await _open_window(c, ledger.vault.blind("openid", one.address), "spoke", one.at)
            case Acted():
                await _open_window(c, ledger.vault.blind("openid", one.openid), "acted", one.at)
            case Consented():
                await _consent(c, ledger, one)


async def _follow(c: AsyncConnection, ledger: Ledger, news: Followed) -> None:
    address = ledger.vault.blind("openid", news.openid)
    known = await c.execute(
        text(
            "INSERT INTO follower (address_hash, following, changed_at, scene, spoke_at, n_since_spoke, acted_at, "
            "n_since_acted) VALUES (:hash, :following, :at, :scene, 0, 0, 0, 0) ON CONFLICT (address_hash) DO UPDATE "
            "SET following = excluded.following, changed_at = excluded.changed_at, "
            "scene = coalesce(excluded.scene, follower.scene) WHERE follower.changed_at <= excluded.changed_at"
        ),
        {"hash": address, "following": int(news.following), "at": stamp(news.at), "scene": news.scene},
    )
    if not known.rowcount:
        return
    await set_following_in(c, ledger, news.openid, following=news.following)
    if news.following:
        await _open_window(c, address, "acted", news.at)
        await greet_later(c, ledger, news.openid, news.at)


async def _open_window(c: AsyncConnection, address: bytes, window: str, at: datetime) -> None:
    began, used = f"{window}_at", f"n_since_{window}"
    await c.execute(
        text(
            f"INSERT INTO follower (address_hash, following, changed_at, spoke_at, n_since_spoke, acted_at, "
            f"n_since_acted) VALUES (:hash, 1, 0, :spoke, 0, :acted, 0) ON CONFLICT (address_hash) DO UPDATE "
            f"SET {began} = excluded.{began}, {used} = 0 WHERE follower.{began} < excluded.{began}"
        ),
        {"hash": address, "spoke": 0, "acted": 0} | {window: stamp(at)},
    )


async def _consent(c: AsyncConnection, ledger: Ledger, news: Consented) -> None:
    await c.execute(
        text(
            "INSERT INTO subscription (address_hash, template, accepts, at) VALUES (:hash, :template, :accepts, :at) "
            "ON CONFLICT (address_hash, template) DO UPDATE SET accepts = excluded.accepts, at = excluded.at "
            "WHERE subscription.at <= excluded.at"
        ),
        {
            "hash": ledger.vault.blind("openid", news.openid),
            "template": news.template,
            "accepts": int(news.accepts),
            "at": stamp(news.at),
        },
    )


async def accepts(ledger: Ledger, openid: str, template: str) -> bool:
    """Whether the openid accepts the template's subscription notices now."""
    async with ledger.reading() as c:
        found = await c.execute(
            text("SELECT accepts FROM subscription WHERE address_hash = :hash AND template = :template"),
            {"hash": ledger.vault.blind("openid", openid), "template": template},
        )
        return bool(found.scalar())


async def end_consents(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], now: datetime) -> None:
    """The addressees of those messages that were subscription notices accept their template no more.

    For refusals that say so; the next notice then takes another way at once. Empty is fine. Safe to repeat.
    """
    if not message_ids:
        return
    await c.execute(
        text(
            "UPDATE subscription SET accepts = 0, at = :now WHERE accepts = 1 AND address_hash IN (SELECT t.value_hash "
            f"FROM message m JOIN contact t ON t.id = m.contact_id WHERE {ledger.among('m.id', 'ids')}) "
            "AND EXISTS (SELECT 1 FROM message m JOIN contact t ON t.id = m.contact_id "
            "JOIN attempt a ON a.chunk_id = m.chunk_id "
            "AND a.message_ids = '[' || CAST(m.id AS VARCHAR(20)) || ']' AND a.template = subscription.template "
            f"WHERE {ledger.among('m.id', 'ids')} AND t.value_hash = subscription.address_hash)"
        ),
        {"ids": ledger.listed(message_ids), "now": stamp(now)},
    )


async def set_following_in(c: AsyncConnection, ledger: Ledger, openid: str, *, following: bool) -> int:
    """Contacts with this openid are usable, or unfollowed; how many changed. Safe to repeat; unknown ones are fine."""
    then, before = ("usable", "unfollowed") if following else ("unfollowed", "usable")
    changed = await c.execute(
        text("UPDATE contact SET state = :then WHERE value_hash = :hash AND kind = :kind AND state = :before"),
        {
            "then": then,
            "before": before,
            "hash": ledger.vault.blind("openid", openid),
            "kind": ContactKind.OPENID.value,
        },
    )
    return int(changed.rowcount)


class LedgerReplyAllowance:
    """The ReplyAllowance of every process: windows and counts in the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def take(self, openid: str) -> str | None:
        """See `ReplyAllowance.take`: "acted", "spoke", or None for a stranger and for one who left, too."""
        address, now = self._ledger.vault.blind("openid", openid), self._clock.now()
        async with self._ledger.writing() as c:
            for window, (lasts, most) in _WINDOWS.items():
                counted = await c.execute(
                    text(
                        f"UPDATE follower SET n_since_{window} = n_since_{window} + 1 WHERE address_hash = :hash "
                        f"AND following = 1 AND {window}_at > :began AND n_since_{window} < :most"
                    ),
                    {"hash": address, "began": stamp(now - lasts), "most": most},
                )
                if counted.rowcount:
                    return window
        return None

    async def give_back(self, openid: str, window: str) -> None:
        """See `ReplyAllowance.give_back`. Nothing when a new window began meanwhile."""
        used = f"n_since_{window}" if window in _WINDOWS else ""
        if not used:
            return
        async with self._ledger.writing() as c:
            await c.execute(
                text(f"UPDATE follower SET {used} = {used} - 1 WHERE address_hash = :hash AND {used} > 0"),
                {"hash": self._ledger.vault.blind("openid", openid)},
            )
