"""What people write back, done: wishes, wrong numbers and acknowledgements, each on the messages to their address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import ContactKind
from notifier.domain.outcomes import Reason
from notifier.domain.replies import Meaning
from notifier.store.consent import Contacted, Wish, record_wish
from notifier.store.corrections import open_corrections
from notifier.store.dispatching import lose_what_was_in_the_air
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, fail_messages, move_messages
from notifier.store.reaching import disown_owed, reach_owed
from notifier.store.setbacks import add_setbacks
from notifier.store.tables.columns import stamp
from notifier.store.withholding import STOPPED, WRONG, withdraw

_DISOWNED = Cause(MessageEvent.FAIL, "wrong_number", Reason.WRONG_NUMBER)
_READ = Cause(MessageEvent.DELIVER, "reply")


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody wrote from, and the registered contacts that are it; none for a stranger."""

    kind: ContactKind
    hashed: bytes = field(repr=False)
    contacts: Sequence[Contacted]


async def is_new(c: AsyncConnection, key: str, push_id: int, meant: frozenset[Meaning], now: datetime) -> bool:
    """True the first time that the provider's key is seen; the text is on record as worked on."""
    kept = await c.execute(
        text(
            "INSERT INTO heard_text (key, push_id, meanings, at) VALUES (:key, :push, :meanings, :now) "
            "ON CONFLICT (key) DO NOTHING RETURNING key"
        ),
        {"key": key, "push": push_id, "meanings": ",".join(sorted(meant)), "now": stamp(now)},
    )
    return kept.first() is not None


async def forget_heard(ledger: Ledger, now: datetime, keep: timedelta) -> int:
    """Keys older than `keep` are gone, since no provider repeats itself that late; how many. Safe to repeat."""
    async with ledger.writing() as c:
        gone = await c.execute(
            text("DELETE FROM heard_text WHERE at < :before RETURNING key"), {"before": stamp(now - keep)}
        )
        return len(gone.all())


async def whose(c: AsyncConnection, ledger: Ledger, kind: ContactKind, address: str) -> Address:
    """The address with everybody registered under it, the one who was told last first; replaced numbers only if no
    other is."""
    hashed = ledger.vault.blind(kind.value, address)
    rows = (
        await c.execute(
            text(
                "SELECT t.id, t.person_id, t.household_id, t.state, h.region_code, (SELECT MAX(m.id) FROM owed o "
                "JOIN message m ON m.owed_id = o.id AND m.contact_id = t.id WHERE o.household_id = t.household_id) "
                "AS last_message FROM contact t JOIN household h ON h.id = t.household_id "
                "WHERE t.value_hash = :hash AND t.kind = :kind ORDER BY coalesce("
                "(SELECT MAX(m.id) FROM owed o JOIN message m ON m.owed_id = o.id AND m.contact_id = t.id "
                "WHERE o.household_id = t.household_id), 0) DESC, t.id"
            ),
            {"hash": hashed, "kind": kind.value},
        )
    ).all()
    current = [row for row in rows if row.state != "replaced"] or rows
    return Address(
        kind,
        hashed,
        [Contacted(row.id, row.person_id, row.household_id, row.region_code, row.state) for row in current],
    )


async def stop_or_resume(c: AsyncConnection, ledger: Ledger, address: Address, wish: Wish, now: datetime) -> int:
    """The wish is in the consent ledger; policy messages to a stopped address that have not left are withdrawn.

    How many were. Their households go on to the next contact. What is in a gateway's hands just now still arrives.
    """
    await record_wish(c, wish, address.contacts)
    if wish.what is not Meaning.STOP:
        return 0
    waiting = await _messages(c, ledger, address, "k.kind = 'policy' AND m.state IN ('ready', 'postponed')", now)
    return len(await _withdraw_unclaimed(c, ledger, waiting, STOPPED, now))


@dataclass(frozen=True, slots=True)
class _Told:
    message_id: int
    owed_id: int
    campaign_id: int
    household_id: int
    contact_id: int
    chunk_id: int
    state: str


async def _messages(
    c: AsyncConnection, ledger: Ledger, address: Address, condition: str, since: datetime
) -> list[_Told]:
    rows = await c.execute(
        text(
            "SELECT m.id, m.owed_id, m.campaign_id, o.household_id, m.contact_id, m.chunk_id, m.state FROM owed o "
            "JOIN message m ON m.owed_id = o.id JOIN campaign k ON k.id = m.campaign_id "
            f"WHERE {ledger.among('o.household_id', 'homes')} AND {ledger.among('m.contact_id', 'contacts')} "
            f"AND ({condition}) ORDER BY m.id DESC"
        ),
        {
            "homes": ledger.listed(sorted({one.household_id for one in address.contacts})),
            "contacts": ledger.listed(sorted(one.contact_id for one in address.contacts)),
        }
        | ({"since": stamp(since)} if ":since" in condition else {}),
    )
    return [_Told(r.id, r.owed_id, r.campaign_id, r.household_id, r.contact_id, r.chunk_id, r.state) for r in rows]


async def _withdraw_unclaimed(
    c: AsyncConnection, ledger: Ledger, waiting: Sequence[_Told], cause: Cause, now: datetime
) -> list[int]:
    """Those whose chunk nobody holds; the others are seen to when their chunk is claimed next."""
    rows = await c.execute(
        text(
            f"SELECT id FROM chunk WHERE {ledger.among('id', 'ids')} AND state = 'open' AND lease_until < :now "
            # Waiting for one who holds it, with counts in hand, could be for ever.
            "ORDER BY id" + ("" if ledger.is_sqlite else " FOR UPDATE SKIP LOCKED")
        ),
        {"ids": ledger.listed(sorted({one.chunk_id for one in waiting})), "now": stamp(now)},
    )
    chunk_ids = {int(row.id) for row in rows}
    for chunk_id in sorted(chunk_ids):
        await lose_what_was_in_the_air(c, ledger, chunk_id, now)
    return await withdraw(c, ledger, [one.message_id for one in waiting if one.chunk_id in chunk_ids], cause, now)


async def disown(c: AsyncConnection, ledger: Ledger, address: Address, since: datetime, now: datetime) -> int:
    """The address is nobody's whom we mean: its contacts are wrong, each with a correction task; how many were.

    Nothing is sent there any more, payments neither. Households that were only told there since `since`, or wait for
    a receipt from there, go on to their next contact. Safe to repeat.
    """
    ids = [one.contact_id for one in address.contacts if one.state == "usable"]
    if not ids:
        return 0
    await c.execute(
        text(f"UPDATE contact SET state = 'wrong' WHERE {ledger.among('id', 'ids')} AND state = 'usable'"),
        {"ids": ledger.listed(ids)},
    )
    await open_corrections(c, ledger, ids, Reason.WRONG_NUMBER, now)
    told = await _messages(
        c, ledger, address, "m.state IN ('ready', 'postponed', 'accepted', 'unsure') OR (m.state = 'delivered' "
        "AND m.state_at >= :since)", since,
    )  # fmt: skip
    by_state = {state: [one for one in told if one.state == state] for state in {one.state for one in told}}
    await _withdraw_unclaimed(c, ledger, [*by_state.get("ready", ()), *by_state.get("postponed", ())], WRONG, now)
    on_their_way = [*by_state.get("accepted", ()), *by_state.get("unsure", ())]
    await fail_messages(c, ledger, [one.message_id for one in on_their_way], _DISOWNED, now)
    arrived = by_state.get("delivered", ())
    await disown_owed(c, ledger, sorted({one.owed_id for one in arrived}), now)
    await _go_on(c, ledger, [one.message_id for one in arrived])
    return len(ids)


async def _go_on(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int]) -> None:
    """Delivered messages of households that are pending are set back; their finished campaigns run again."""
    rows = (
        await c.execute(
            text(
                "SELECT m.id, m.campaign_id FROM message m JOIN owed o ON o.id = m.owed_id "
                f"WHERE {ledger.among('m.id', 'ids')} AND o.state = 'pending'"
            ),
            {"ids": ledger.listed(message_ids)},
        )
    ).all()
    await add_setbacks(c, ledger, [int(row.id) for row in rows])
    await run_again(c, ledger, sorted({int(row.campaign_id) for row in rows}))


async def run_again(c: AsyncConnection, ledger: Ledger, campaign_ids: Sequence[int]) -> None:
    """Those of the campaigns that were finished run again. Empty is fine. Safe to repeat."""
    await c.execute(
        text(
            "UPDATE campaign SET state = 'running', finished_at = NULL "
            f"WHERE {ledger.among('id', 'ids')} AND state = 'finished'"
        ),
        {"ids": ledger.listed(campaign_ids)},
    )


async def acknowledge(
    c: AsyncConnection, ledger: Ledger, address: Address, since: datetime, now: datetime
) -> list[int]:
    """Each household of the address is reached, acknowledged, for the last message that it had from us there.

    The message counts as delivered too, if its state changed since `since`. The owed ids; empty for a stranger.
    """
    told = await _messages(
        c, ledger, address, "m.state IN ('delivered', 'silent', 'accepted', 'unsure') AND m.state_at >= :since", since
    )
    last: dict[int, _Told] = {}
    for one in told:
        last.setdefault(one.household_id, one)
    await move_messages(c, ledger, [one.message_id for one in last.values()], _READ, now)
    return await reach_owed(c, ledger, [one.owed_id for one in last.values()], "acknowledged", now)
