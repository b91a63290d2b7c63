"""What an SMS gateway has taken: durable rows, one a handset, and their receipts on their way."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from notifier.sandbox.handsets import SMS, WAITING, WITHHELD, Received
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.receipts import Due, ReceiptPusher

_NEVER_PUSHED = frozenset((Mishap.RECEIPT_LOST, Mishap.RECEIPT_SILENT))


class Parcel(NamedTuple):
    """One finished text to one number; `fault` is what its receipt will say when only this number is bad."""

    phone: str
    text: str
    template: str
    sender_key: str
    provider_id: str
    n_segments: int
    fault: str = ""


class Outbox:
    """Takes parcels in: all of a request is recorded, or none of it."""

    def __init__(
        self, pusher: ReceiptPusher, mischief: Mischief, delay: tuple[timedelta, timedelta], time_factor: float
    ) -> None:
        self._pusher = pusher
        self._mischief = mischief
        self._delay_s = (delay[0].total_seconds(), delay[1].total_seconds())
        self._time_factor = time_factor
        self._random = random.Random(mischief.plan.seed)

    async def take(self, parcels: Sequence[Parcel], drawn: frozenset[Mishap]) -> None:
        """Every parcel is in the record and its receipt will come. Raises sqlite3.Error, and then none is."""
        dues = [self._due(parcel, self._mischief.draw_receipt(drawn)) for parcel in parcels]
        await self._pusher.recorder.append([due.row for due in dues])
        await self._send_receipts([due for due in dues if due.row.receipt == WAITING])

    def _due(self, parcel: Parcel, mishaps: frozenset[Mishap]) -> Due:
        result = parcel.fault or self._mischief.failure_of(parcel.phone) or "DELIVERED"
        delay_s = self._random.uniform(*self._delay_s)
        is_pushed = bool(self._pusher.url)
        if mishaps:
            if Mishap.RECEIPT_SILENT in mishaps:
                result = ""
            if Mishap.RECEIPT_LATE in mishaps:
                delay_s += self._mischief.plan.late_by.total_seconds() * self._time_factor
            if Mishap.RECEIPT_EARLY in mishaps:
                delay_s = 0.0
            is_pushed = is_pushed and not mishaps & _NEVER_PUSHED
        at_ms = self._pusher.recorder.now_ms()
        row = Received(
            id=self._pusher.recorder.next_id(),
            at_ms=at_ms,
            channel=SMS,
            address=parcel.phone,
            sender_key=parcel.sender_key,
            provider_id=parcel.provider_id,
            template=parcel.template,
            text=parcel.text,
            n_segments=parcel.n_segments,
            result=result,
            due_at_ms=at_ms + int(delay_s * 1000),
            receipt=WAITING if is_pushed else WITHHELD,
            gateway=self._pusher.form.gateway,
        )
        return Due(row, mishaps)

    async def _send_receipts(self, dues: list[Due]) -> None:
        early = [due for due in dues if due.mishaps and Mishap.RECEIPT_EARLY in due.mishaps]
        if early:
            await self._pusher.push_now(early)
            dues = [due for due in dues if Mishap.RECEIPT_EARLY not in due.mishaps]
        self._pusher.schedule(dues)
