"""What is done about an inquiry, step by step: answered, settled, opened again, handed over."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError, TransitionError
from notifier.domain.inquiries import INQUIRY, INQUIRY_TEXT, InquiryEvent, InquiryState
from notifier.domain.lifecycle import after
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person does about an inquiry; `text` may be an answer, a remark, or nothing."""

    event: InquiryEvent
    by_user: str
    text: str = field(default="", repr=False)
    delivery: str = ""


async def do_deed(c: AsyncConnection, ledger: Ledger, inquiry_id: int, deed: Deed, now: datetime) -> int:
    """The step is on record and the inquiry in its next state; the step's id.

    Raises InputError (Chinese) for no such inquiry, or one whose state does not allow it.
    """
    # An update that changes nothing is a row lock: two people decide one after the other.
    row = (
        await c.execute(text("UPDATE inquiry SET state = state WHERE id = :id RETURNING state"), {"id": inquiry_id})
    ).one_or_none()
    if row is None:
        raise InputError(f"没有编号为 {inquiry_id} 的咨询;请刷新后重新选择")
    before = InquiryState(row.state)
    try:
        then = after(INQUIRY, before, deed.event)
    except TransitionError:
        raise InputError(f"{inquiry_id} 号咨询现在是“{INQUIRY_TEXT[before]}”,不能这样操作;请刷新后再试") from None
    if deed.event is InquiryEvent.CLOSE and before is not InquiryState.ANSWERED and not deed.text:
        raise InputError("还没有答复就办结,请写明原因,如:重复来信、已当面解释")
    await c.execute(text("UPDATE inquiry SET state = :then WHERE id = :id"), {"then": then.value, "id": inquiry_id})
    (step_id,) = await take_ids(c, "inquiry_step", 1)
    await c.execute(
        text(
            "INSERT INTO inquiry_step (id, inquiry_id, what, by_user, at, text_sealed, delivery) "
            "VALUES (:id, :inquiry, :what, :by, :now, :text, :delivery)"
        ),
        {
            "id": step_id,
            "inquiry": inquiry_id,
            "what": deed.event.value,
            "by": deed.by_user,
            "now": stamp(now),
            "text": ledger.vault.seal_text("inquiry_step.text_sealed", step_id, deed.text) if deed.text else None,
            "delivery": deed.delivery,
        },
    )
    return step_id


async def hand_over(c: AsyncConnection, inquiry_id: int, region_code: str) -> None:
    """Another region answers for the inquiry. Raises InputError when there is no such region."""
    known = await c.execute(text("SELECT 1 FROM region WHERE code = :code"), {"code": region_code})
    if known.first() is None:
        raise InputError(f"没有代码为 {region_code} 的行政区划;请从区划表中选择")
    await c.execute(
        text("UPDATE inquiry SET region_code = :code WHERE id = :id"), {"code": region_code, "id": inquiry_id}
    )


async def mark_delivery(ledger: Ledger, step_id: int, delivery: str) -> None:
    """How an answer got to the person: sent, pending or unsure."""
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE inquiry_step SET delivery = :delivery WHERE id = :id"), {"delivery": delivery, "id": step_id}
        )


async def where_to_answer(c: AsyncConnection, ledger: Ledger, inquiry_id: int) -> tuple[str, str] | None:
    """(channel, address) of an inquiry; None when there is no address. The address is personal data: only to send."""
    row = (
        await c.execute(text("SELECT channel, contact_sealed FROM inquiry WHERE id = :id"), {"id": inquiry_id})
    ).one_or_none()
    if row is None or row.contact_sealed is None:
        return None
    return row.channel, ledger.vault.open_text("inquiry.contact_sealed", inquiry_id, bytes(row.contact_sealed))
