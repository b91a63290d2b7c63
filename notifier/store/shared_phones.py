"""Households that share a phone are told by one text: their messages travel as one letter of one chunk.

`message.merged_into` names the message whose letter carries this one too; what happens to that letter happens to all
of them (`moving`), so each household keeps its own message, its own evidence and its own next rung. Composing first
puts whoever may share a number into a held chunk, which nobody claims, and gathers them by number once the campaign's
households are all there. WeChat cards are never merged: a follower was bound to each household by name.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.lanes import LANE_OF_CAMPAIGN
from notifier.store.ledger import Ledger, take_ids

HELD = 1 << 62
"""`not_before` of a held chunk: no instant is that late."""

# Somebody else's household carries the number, and is owed this campaign too.
MAY_SHARE = (
    "EXISTS (SELECT 1 FROM contact mine JOIN contact other ON other.value_hash = mine.value_hash "
    "JOIN owed oo ON oo.household_id = other.household_id AND oo.campaign_id = :campaign "
    "WHERE mine.id = {contact} AND other.household_id <> mine.household_id AND other.kind = 'phone' "
    "AND other.state = 'usable' AND other.is_shared = 0)"
)


async def gather(c: AsyncConnection, campaign_id: int, size: int, only: tuple[int, int] | None = None) -> None:
    """The campaign's held messages are in open chunks, those to one number in one chunk and carried by one letter.

    With `only`, those of an id range, both ends included. A chunk has up to `size` letters. Safe to repeat.
    """
    within = "" if only is None else "AND m.id BETWEEN :lo AND :hi "
    bound = {"campaign": campaign_id, "held": HELD} | ({} if only is None else {"lo": only[0], "hi": only[1]})
    held = (
        "FROM chunk k JOIN message m ON m.chunk_id = k.id JOIN contact t ON t.id = m.contact_id "
        f"WHERE k.campaign_id = :campaign AND k.state = 'open' AND k.not_before = :held {within}"
    )
    n_letters = int((await c.execute(text(f"SELECT COUNT(DISTINCT t.value_hash) {held}"), bound)).scalar_one())
    if not n_letters:
        return
    chunks = await take_ids(c, "chunk", -(-n_letters // size))
    await c.execute(
        text(
            "UPDATE message SET chunk_id = CAST(:base AS BIGINT) + g.place / CAST(:size AS BIGINT), "
            "merged_into = CASE WHEN g.leader = message.id THEN NULL ELSE g.leader END FROM ("
            "SELECT id, leader, DENSE_RANK() OVER (ORDER BY leader) - 1 AS place FROM ("
            f"SELECT m.id, MIN(m.id) OVER (PARTITION BY t.value_hash) AS leader {held}) led) g WHERE message.id = g.id"
        ),
        bound | {"base": chunks.start, "size": size},
    )
    await _open(c, chunks)
    await c.execute(
        text(
            "DELETE FROM chunk WHERE campaign_id = :campaign AND state = 'open' AND not_before = :held "
            "AND NOT EXISTS (SELECT 1 FROM message m WHERE m.chunk_id = chunk.id)"
        ),
        {"campaign": campaign_id, "held": HELD},
    )


async def _open(c: AsyncConnection, chunks: range) -> None:
    await c.execute(
        text(
            "INSERT INTO chunk (id, campaign_id, medium, lane, n_messages, state, not_before, lease_until) "
            f"SELECT n.chunk_id, n.campaign_id, n.medium, {LANE_OF_CAMPAIGN}, n.n, 'open', 0, 0 FROM ("
            "SELECT chunk_id, campaign_id, medium, COUNT(*) AS n FROM message "
            "WHERE chunk_id BETWEEN :first AND :last GROUP BY chunk_id, campaign_id, medium) n "
            "JOIN campaign k ON k.id = n.campaign_id"
        ),
        {"first": chunks.start, "last": chunks.stop - 1},
    )


async def with_merged(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int]) -> Sequence[int]:
    """The messages and those that travel in their letters."""
    merged = await merged_into(c, ledger, message_ids)
    return [*message_ids, *(one for ids in merged.values() for one in ids)] if merged else message_ids


async def merged_into(c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
    """The messages that travel in the letters of these, by the id of the letter's own."""
    rows = await c.execute(
        text(
            "SELECT id, merged_into FROM message WHERE merged_into IS NOT NULL "
            f"AND {ledger.among('merged_into', 'ids')} ORDER BY id"
        ),
        {"ids": ledger.listed(message_ids)},
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        found[row.merged_into].append(int(row.id))
    return found


async def regroup(c: AsyncConnection, ledger: Ledger, chunk_id: int) -> None:
    """Letters of the chunk whose own message does not wait any more are carried by the next that does.

    Call it when the chunk was just claimed, after what must not be sent was withdrawn. Safe to repeat.
    """
    rows = (
        await c.execute(
            text(
                "SELECT m.id, m.state, m.merged_into FROM message m WHERE m.chunk_id = :chunk "
                "AND m.merged_into IS NOT NULL AND (m.state = 'withdrawn' OR m.state IN ('ready', 'postponed') "
                "AND NOT EXISTS (SELECT 1 FROM message l WHERE l.id = m.merged_into AND l.chunk_id = m.chunk_id "
                "AND l.state IN ('ready', 'postponed'))) ORDER BY m.id"
            ),
            {"chunk": chunk_id},
        )
    ).all()
    next_of: dict[int, int] = {}
    changed = []
    for row in rows:
        leader = None if row.state == "withdrawn" else next_of.setdefault(row.merged_into, int(row.id))
        changed.append({"id": int(row.id), "leader": None if leader == row.id else leader})
    if changed:
        await c.execute(text("UPDATE message SET merged_into = CAST(:leader AS BIGINT) WHERE id = :id"), changed)


async def n_sharing(c: AsyncConnection, chunk_id: int) -> Mapping[int, int]:
    """For each waiting SMS of the chunk whose number tells, or told, other households of its campaign too: how many
    households in all. Their own text would tell one household what is another's."""
    rows = await c.execute(
        text(
            "SELECT m.id, COUNT(DISTINCT y.owed_id) + 1 AS n FROM message m JOIN contact t ON t.id = m.contact_id "
            "JOIN contact other ON other.value_hash = t.value_hash AND other.household_id <> t.household_id "
            "JOIN owed oo ON oo.household_id = other.household_id AND oo.campaign_id = m.campaign_id "
            "JOIN message y ON y.owed_id = oo.id AND y.contact_id = other.id AND y.state <> 'withdrawn' "
            "WHERE m.chunk_id = :chunk AND m.medium = 'sms' AND m.merged_into IS NULL "
            "AND m.state IN ('ready', 'postponed') GROUP BY m.id"
        ),
        {"chunk": chunk_id},
    )
    return {int(row.id): int(row.n) for row in rows}
