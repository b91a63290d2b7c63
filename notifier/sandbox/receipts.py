"""Pushes what the carriers reported, each gateway in its own form, and again after each wait until it is dropped."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from notifier.sandbox.handsets import DROPPED, PUSHED, Received
from notifier.sandbox.mischief import NONE, Mishap
from notifier.sandbox.pushing import Courier, Push, Timetable
from notifier.sandbox.recorder import HandsetRecorder

_NOBODY = "19999999999"


@dataclass(frozen=True)
class PushForm:
    """How one gateway pushes receipts."""

    gateway: str
    """Whose rows of the record these are."""
    write: Callable[[Sequence[Received]], bytes]
    """The body that says what became of 1..size rows."""
    garbage: Sequence[bytes]
    """Bodies that are no receipts at all."""
    size: int
    """Most receipts in one push."""
    headers: Mapping[str, str]
    """Headers of every push."""
    timeout: timedelta
    """No answer within this counts as a failed push."""
    waits: Sequence[timedelta]
    """Before each re-push; after the last one the receipts are dropped."""


class Due(NamedTuple):
    """One receipt on its way to the service."""

    row: Received
    mishaps: frozenset[Mishap] = NONE


class ReceiptPusher:
    """Owns every receipt from acceptance to the service's 200, or until it is dropped for good."""

    def __init__(self, url: str, form: PushForm, time_factor: float, recorder: HandsetRecorder, seed: int) -> None:
        self.url = url
        self.form = form
        self.recorder = recorder
        waits_s = [wait.total_seconds() * time_factor for wait in form.waits]
        self.courier = Courier(form.timeout.total_seconds(), waits_s)
        self._timetable: Timetable[Due] = Timetable(self._hand_over)
        self._random = random.Random(seed)

    async def open(self) -> None:
        """Receipts that a killed process still owed are due again."""
        await self.courier.open()
        now_ms = self.recorder.now_ms()
        for row in self.recorder.unreported(self.form.gateway):
            self._timetable.put(max(0.0, (row.due_at_ms - now_ms) / 1000), Due(row))

    async def close(self) -> None:
        self._timetable.clear()
        await self.courier.close()

    @property
    def n_pending(self) -> int:
        """Receipts not yet due and pushes under way; 0 means that the service has all it will ever get."""
        return len(self._timetable) + self.courier.n_under_way

    def schedule(self, dues: Sequence[Due]) -> None:
        """Each is pushed when its row says so."""
        now_ms = self.recorder.now_ms()
        for due in dues:
            self._timetable.put((due.row.due_at_ms - now_ms) / 1000, due)

    async def push_now(self, dues: Sequence[Due]) -> None:
        """They have been pushed (or failed once) before this returns: the receipt overtakes the answer."""
        await asyncio.wait(self._start(dues), timeout=self.form.timeout.total_seconds())

    def say(self, body: bytes) -> None:
        """What a person answered is pushed to the same place, with the same patience, if there is one."""
        if self.url:
            self.courier.start(self._just(body))

    def forget(self) -> None:
        """Receipts that are not due yet never come."""
        self._timetable.clear()

    def _hand_over(self, dues: list[Due]) -> None:
        for due in dues:
            if Mishap.RECEIPT_DOUBLED in due.mishaps:
                self._timetable.put(self._random.uniform(0, 0.1), Due(due.row))
        if any(Mishap.RECEIPT_GARBLED in due.mishaps for due in dues):
            self.courier.start(self._just(self._random.choice(self.form.garbage)))
        if any(Mishap.RECEIPT_SHUFFLED in due.mishaps for due in dues):
            self._random.shuffle(dues)
        self._start(dues)

    def _start(self, dues: Sequence[Due]) -> list[asyncio.Task[None]]:
        has_strangers = any(Mishap.RECEIPT_UNKNOWN in due.mishaps for due in dues)
        size = max(1, self.form.size // 2) if has_strangers else self.form.size  # room for one stranger each
        starts = range(0, len(dues), size)
        return [self.courier.start(self._deliver(dues[start : start + size])) for start in starts]

    async def _deliver(self, dues: Sequence[Due]) -> None:
        rows = [due.row for due in dues]
        strangers = [self._stranger(due.row) for due in dues if Mishap.RECEIPT_UNKNOWN in due.mishaps]
        if len(rows) + len(strangers) <= self.form.size:
            rows += strangers
        elif strangers:
            self.courier.start(self._just(self.form.write(strangers)))
        answered = await self.courier.deliver(Push(self.url, self.form.write(rows), self.form.headers))
        self.recorder.mark((due.row.id for due in dues), PUSHED if answered else DROPPED)

    async def _just(self, body: bytes) -> None:
        await self.courier.deliver(Push(self.url, body, self.form.headers))

    def _stranger(self, like: Received) -> Received:
        """A receipt of a message that nobody sent."""
        provider_id = f"{self._random.randrange(10**17, 10**18)}^0"
        return like._replace(address=_NOBODY, provider_id=provider_id, sender_key=f"stranger-{provider_id[:8]}")
