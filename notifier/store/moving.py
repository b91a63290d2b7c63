"""Moving messages along their life cycle, many at once, with the counts kept in step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MESSAGE, MessageEvent, sources_of
from notifier.domain.operators import says_ported
from notifier.domain.outcomes import Reason
from notifier.store.ledger import Ledger
from notifier.store.operators import note_ported
from notifier.store.setbacks import add_setbacks
from notifier.store.shared_phones import with_merged
from notifier.store.tables.columns import stamp
from notifier.store.tally import count, uncount
from notifier.store.verdicts import note_verdicts


@dataclass(frozen=True, slots=True)
class Cause:
    """Why messages move: what happened, the provider's code, and the reason where they end without evidence."""

    event: MessageEvent
    code: str | None = None
    reason: Reason | None = None


async def move_messages(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], cause: Cause, now: datetime
) -> list[int]:
    """Those of the messages whose state has an edge for the event are moved; their ids, in no order.

    What happens to a letter happens to every message that it carries; only a withdrawal is one message's own.
    The others stay as they are: repeats, and words that came too late. Empty is fine. Safe to repeat.
    """
    edges = sources_of(MESSAGE, cause.event)
    if not message_ids or not edges:
        return []
    if cause.event is not MessageEvent.WITHDRAW:
        message_ids = await with_merged(c, ledger, message_ids)
    (then,) = set(edges.values())
    before = ", ".join(f"'{state.value}'" for state in edges)
    chosen = {"ids": ledger.listed(message_ids)}
    await uncount(c, "message", f"{ledger.among('m.id', 'ids')} AND m.state IN ({before})", chosen)
    rows = await c.execute(
        text(
            "UPDATE message SET state = :then, code = :code, reason = :reason, state_at = :now "
            f"WHERE {ledger.among('id', 'ids')} AND state IN ({before}) RETURNING id"
        ),
        chosen
        | {
            "then": then.value,
            "code": cause.code,
            "reason": cause.reason.value if cause.reason else None,
            "now": stamp(now),
        },
    )
    moved = [int(row.id) for row in rows]
    if moved:
        await count(c, "message", ledger.among("m.id", "ids"), {"ids": ledger.listed(moved)})
    return moved


async def fail_messages(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], cause: Cause, now: datetime
) -> list[int]:
    """As `move_messages`, and the households of those that moved wait for their next rung.

    A number that is said not to exist has that held against it.
    """
    moved = await move_messages(c, ledger, message_ids, cause, now)
    if moved and says_ported(cause.code):
        await note_ported(c, ledger, moved, now)
    await add_setbacks(c, ledger, moved)
    if cause.reason is Reason.DEAD_NUMBER:
        await note_verdicts(c, ledger, moved, cause.code, now)
    return moved
