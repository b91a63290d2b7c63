"""SmsReport: pushes what the carriers reported, many receipts in one JSON array, again after 1, 5 and 10 minutes."""

import asyncio
import random
from functools import lru_cache
from typing import NamedTuple

import orjson

from notifier.sandbox.aliyun.queries import beijing_text
from notifier.sandbox.handsets import DROPPED, PUSHED, SMS, Received
from notifier.sandbox.mischief import NONE, Mishap
from notifier.sandbox.pushing import Courier, Push, Timetable
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import AliyunSettings

_HEADERS = {"Content-Type": "application/json;charset=utf-8"}
_MEANINGS = {
    "DELIVERED": "用户接收成功",
    "MK:0001": "空号",
    "MK:0005": "停机",
    "MK:0010": "关机",
    "MOBILE_NOT_ON_SERVICE": "停机或空号",
    "MOBILE_IN_BLACK": "黑名单号码",
    "MOBILE_SEND_LIMIT": "发送频率限制",
    "isv.MOBILE_NUMBER_ILLEGAL": "非法手机号",
}
_NOBODY = "19999999999"
_NO_RECEIPTS = (b"", b"[{", b'{"phone_number":1}', b'[null,[],{"biz_id":{}}]', b"<html>\xff</html>")
_second_text = lru_cache(maxsize=4096)(beijing_text)


class Due(NamedTuple):
    """One receipt on its way to the service."""

    row: Received
    mishaps: frozenset[Mishap] = NONE


class ReceiptPusher:
    """Owns every receipt from acceptance to the service's 200, or until it is dropped for good."""

    def __init__(self, settings: AliyunSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        self.url = settings.sms_report_url
        waits = [wait.total_seconds() * time_factor for wait in settings.push_retries]
        self._push_timeout_s = settings.push_timeout.total_seconds()
        self.courier = Courier(self._push_timeout_s, waits)
        self._recorder = recorder
        self._push_size = settings.push_size
        self._timetable: Timetable[Due] = Timetable(self._hand_over)
        self._random = random.Random(settings.mischief.seed)

    async def open(self) -> None:
        """Receipts that a killed process still owed are due again."""
        await self.courier.open()
        now_ms = self._recorder.now_ms()
        for row in self._recorder.unreported(SMS):
            self._timetable.put(max(0.0, (row.due_at_ms - now_ms) / 1000), Due(row))

    async def close(self) -> None:
        self._timetable.clear()
        await self.courier.close()

    @property
    def n_pending(self) -> int:
        """Receipts not yet due and pushes under way; 0 means that the service has all it will ever get."""
        return len(self._timetable) + self.courier.n_under_way

    def schedule(self, dues: list[Due]) -> None:
        """Each is pushed when its row says so."""
        now_ms = self._recorder.now_ms()
        for due in dues:
            self._timetable.put((due.row.due_at_ms - now_ms) / 1000, due)

    async def push_now(self, dues: list[Due]) -> None:
        """They have been pushed (or failed once) before this returns: the receipt overtakes the answer."""
        await asyncio.wait(self._start(dues), timeout=self._push_timeout_s)

    def forget(self) -> None:
        """Receipts that are not due yet never come."""
        self._timetable.clear()

    def _hand_over(self, dues: list[Due]) -> None:
        for due in dues:
            if Mishap.RECEIPT_DOUBLED in due.mishaps:
                self._timetable.put(self._random.uniform(0, 0.1), Due(due.row))
        if any(Mishap.RECEIPT_GARBLED in due.mishaps for due in dues):
            self.courier.start(self._garble())
        if any(Mishap.RECEIPT_SHUFFLED in due.mishaps for due in dues):
            self._random.shuffle(dues)
        self._start(dues)

    def _start(self, dues: list[Due]) -> list[asyncio.Task[None]]:
        has_strangers = any(Mishap.RECEIPT_UNKNOWN in due.mishaps for due in dues)
        size = max(1, self._push_size // 2) if has_strangers else self._push_size  # room for one stranger each
        starts = range(0, len(dues), size)
        return [self.courier.start(self._deliver(dues[start : start + size])) for start in starts]

    async def _deliver(self, dues: list[Due]) -> None:
        receipts = [receipt_of(due.row) for due in dues]
        receipts += [self._stranger(due.row) for due in dues if Mishap.RECEIPT_UNKNOWN in due.mishaps]
        answered = await self.courier.deliver(Push(self.url, orjson.dumps(receipts), _HEADERS))
        self._recorder.mark((due.row.id for due in dues), PUSHED if answered else DROPPED)

    async def _garble(self) -> None:
        await self.courier.deliver(Push(self.url, self._random.choice(_NO_RECEIPTS), _HEADERS))

    def _stranger(self, like: Received) -> dict[str, str | bool]:
        biz_id = f"{self._random.randrange(10**17, 10**18)}^0"
        row = like._replace(address=_NOBODY, provider_id=biz_id, sender_key=f"stranger-{biz_id[:8]}")
        return receipt_of(row)


def receipt_of(row: Received) -> dict[str, str | bool]:
    """One element of the pushed array; times are Beijing's, `sms_size` is a string."""
    return {
        "phone_number": row.address,
        "send_time": _second_text(row.at_ms // 1000 * 1000),
        "report_time": _second_text(row.due_at_ms // 1000 * 1000),
        "success": row.is_delivered,
        "err_code": row.result,
        "err_msg": _MEANINGS.get(row.result, "发送失败"),
        "sms_size": str(row.n_segments),
        "biz_id": row.provider_id,
        "out_id": row.sender_key,
    }
