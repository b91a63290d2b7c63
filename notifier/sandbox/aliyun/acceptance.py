"""Takes letters in: flow control, one BizId a request, durable rows, and receipts on their way."""

import random
from itertools import count

from notifier.sandbox.aliyun.flow import FlowControl
from notifier.sandbox.aliyun.letters import Letter, Mailbag
from notifier.sandbox.aliyun.receipts import Due, ReceiptPusher
from notifier.sandbox.aliyun.wording import n_segments
from notifier.sandbox.handsets import SMS, WAITING, WITHHELD, Received
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import AliyunSettings, BatchMode

_NEVER_PUSHED = frozenset((Mishap.RECEIPT_LOST, Mishap.RECEIPT_SILENT))


class Acceptance:
    """The product behind the gate. All of a request is recorded, or none of it."""

    def __init__(
        self, settings: AliyunSettings, time_factor: float, recorder: HandsetRecorder, pusher: ReceiptPusher
    ) -> None:
        self.mischief = Mischief(settings.mischief)
        self._time_factor = time_factor
        self._recorder = recorder
        self._pusher = pusher
        self._flow = FlowControl(settings.flow, recorder.clock)
        self._keeps_going = settings.batch_mode is BatchMode.RECEIPT
        low, high = settings.receipt_delay
        self._delay_s = (low.total_seconds(), high.total_seconds())
        self._random = random.Random(settings.mischief.seed)
        self._biz_ids = count(recorder.now_ms() * 100_000)

    async def accept(self, bag: Mailbag, drawn: frozenset[Mishap]) -> str:
        """The BizId; every letter is in the record. Raises BusinessRefusal, and then none is."""
        letters, scopes = self._limit(bag)
        biz_id = f"{next(self._biz_ids)}^0"
        dues = [self._due(letter, bag, biz_id, self.mischief.draw_receipt(drawn)) for letter in letters]
        self._flow.count(scopes)
        await self._recorder.append([due.row for due in dues])
        await self._send_receipts([due for due in dues if due.row.receipt == WAITING])
        return biz_id

    def forget(self) -> None:
        """Flow control starts anew."""
        self._flow.forget()

    def _limit(self, bag: Mailbag) -> tuple[list[Letter], list[int]]:
        kind, code = bag.wording.template.kind, bag.wording.template.code
        letters, scopes, asked = [], [], dict[int, int]()
        for letter in bag.letters:
            scope = self._flow.scope(kind, letter.sign, code, letter.phone)
            n_asked = asked[scope] = asked.get(scope, 0) + 1
            refusal = self._flow.limit_of(kind, scope, n_asked) if not letter.fault else None
            if refusal is not None and not self._keeps_going:
                raise refusal
            if refusal is None and not letter.fault:
                scopes.append(scope)
            letters.append(letter if refusal is None else letter._replace(fault=refusal.code))
        return letters, scopes

    def _due(self, letter: Letter, bag: Mailbag, biz_id: str, mishaps: frozenset[Mishap]) -> Due:
        result = letter.fault or self.mischief.failure_of(letter.phone) or "DELIVERED"
        delay_s = self._random.uniform(*self._delay_s)
        is_pushed = bool(self._pusher.url)
        if mishaps:
            if Mishap.RECEIPT_SILENT in mishaps:
                result = ""
            if Mishap.RECEIPT_LATE in mishaps:
                delay_s += self.mischief.plan.late_by.total_seconds() * self._time_factor
            if Mishap.RECEIPT_EARLY in mishaps:
                delay_s = 0.0
            is_pushed = is_pushed and not mishaps & _NEVER_PUSHED
        at_ms = self._recorder.now_ms()
        row = Received(
            id=self._recorder.next_id(),
            at_ms=at_ms,
            channel=SMS,
            address=letter.phone,
            sender_key=bag.out_id,
            provider_id=biz_id,
            template=bag.wording.template.code,
            text=letter.text,
            n_segments=n_segments(letter.text),
            result=result,
            due_at_ms=at_ms + int(delay_s * 1000),
            receipt=WAITING if is_pushed else WITHHELD,
        )
        return Due(row, mishaps)

    async def _send_receipts(self, dues: list[Due]) -> None:
        early = [due for due in dues if due.mishaps and Mishap.RECEIPT_EARLY in due.mishaps]
        if early:
            await self._pusher.push_now(early)
            dues = [due for due in dues if Mishap.RECEIPT_EARLY not in due.mishaps]
        self._pusher.schedule(dues)
