"""Takes letters in: flow control, one BizId a request, durable rows, and receipts on their way."""

from itertools import count

from notifier.sandbox.aliyun.flow import FlowControl
from notifier.sandbox.aliyun.letters import Letter, Mailbag
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.outbox import Outbox, Parcel
from notifier.sandbox.receipts import ReceiptPusher
from notifier.sandbox.segments import n_segments
from notifier.sandbox.settings import AliyunSettings, BatchMode


class Acceptance:
    """The product behind the gate. All of a request is recorded, or none of it."""

    def __init__(self, settings: AliyunSettings, time_factor: float, pusher: ReceiptPusher) -> None:
        self.mischief = Mischief(settings.mischief)
        self._outbox = Outbox(pusher, self.mischief, settings.receipt_delay, time_factor)
        self._flow = FlowControl(settings.flow, pusher.recorder.clock)
        self._keeps_going = settings.batch_mode is BatchMode.RECEIPT
        self._biz_ids = count(pusher.recorder.now_ms() * 100_000)

    async def accept(self, bag: Mailbag, drawn: frozenset[Mishap]) -> str:
        """The BizId; every letter is in the record. Raises BusinessRefusal, and then none is."""
        letters, scopes = self._limit(bag)
        biz_id = f"{next(self._biz_ids)}^0"
        self._flow.count(scopes)
        await self._outbox.take([_parcel(letter, bag, biz_id) for letter in letters], drawn)
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


def _parcel(letter: Letter, bag: Mailbag, biz_id: str) -> Parcel:
    template = bag.wording.template.code
    return Parcel(letter.phone, letter.text, template, bag.out_id, biz_id, n_segments(letter.text), letter.fault)
