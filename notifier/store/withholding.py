"""Messages that were composed and are not sent after all: overtaken, refused, or to a number that is not theirs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.lifecycle import MessageEvent
from notifier.domain.outcomes import Reason
from notifier.store.consent import OPTED_OUT
from notifier.store.corrections import DISOWNED
from notifier.store.ledger import Ledger
from notifier.store.moving import Cause, move_messages
from notifier.store.setbacks import add_setbacks

STOPPED = Cause(MessageEvent.WITHDRAW, "opted_out", Reason.OPTED_OUT)
WRONG = Cause(MessageEvent.WITHDRAW, "wrong_number", Reason.WRONG_NUMBER)
_CORRECTED = Cause(MessageEvent.WITHDRAW, "corrected", Reason.WRONG_NUMBER)


async def withhold(c: AsyncConnection, ledger: Ledger, chunk_id: int, now: datetime) -> None:
    """What of the chunk must not be sent any more is withdrawn; call it when the chunk was just claimed.

    Overtaken: a late receipt reached a person between the setback and their next message, or two people excused the
    household. Refused or wrong: the household goes on to its next contact.
    """
    await _withdraw_overtaken(c, ledger, chunk_id, now)
    rows = (
        await c.execute(
            text(
                "SELECT m.id, t.state FROM message m JOIN contact t ON t.id = m.contact_id "
                "JOIN campaign k ON k.id = m.campaign_id WHERE m.chunk_id = :chunk "
                "AND m.state IN ('ready', 'postponed') AND (t.state IN ('wrong', 'replaced') "
                f"OR (k.kind = 'policy' AND t.value_hash IN {OPTED_OUT}))"
            ),
            {"chunk": chunk_id},
        )
    ).all()
    for state, cause in (("wrong", WRONG), ("replaced", _CORRECTED), ("", STOPPED)):
        ids = [int(row.id) for row in rows if (row.state if row.state in ("wrong", "replaced") else "") == state]
        await withdraw(c, ledger, ids, cause, now)


async def withdraw(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], cause: Cause, now: datetime
) -> list[int]:
    """Those of the messages that no gateway has seen are withdrawn and their households go on; their ids.

    Call it only for messages of which no call is under way. Empty is fine. Safe to repeat.
    """
    moved = await move_messages(c, ledger, message_ids, cause, now)
    await add_setbacks(c, ledger, moved, corrected=cause is _CORRECTED)
    return moved


async def _withdraw_overtaken(c: AsyncConnection, ledger: Ledger, chunk_id: int, now: datetime) -> None:
    # An unreached household is still told when it has a message: to a corrected number, or of another person's lines.
    rows = await c.execute(
        text(
            "SELECT m.id FROM message m JOIN owed o ON o.id = m.owed_id WHERE m.chunk_id = :chunk "
            "AND m.state IN ('ready', 'postponed') AND (o.state = 'excused' OR m.step > 0 AND (o.state = 'reached' "
            "OR EXISTS (SELECT 1 FROM message y WHERE y.owed_id = m.owed_id AND y.person_id = m.person_id "
            f"AND y.retry = m.retry AND y.state = 'delivered' AND y.contact_id NOT IN {DISOWNED})))"
        ),
        {"chunk": chunk_id},
    )
    overtaken = [int(row.id) for row in rows]
    await move_messages(c, ledger, overtaken, Cause(MessageEvent.WITHDRAW, "overtaken"), now)
