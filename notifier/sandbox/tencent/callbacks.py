"""Callbacks: what the carriers reported, up to 100 in one JSON array, and single answers of people."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson

from notifier.sandbox.beijing import beijing_text
from notifier.sandbox.handsets import TENCENT, Received
from notifier.sandbox.receipts import PushForm
from notifier.sandbox.tencent.settings import TencentSettings

DELIVERED = "DELIVRD"
_HEADERS = {"Content-Type": "application/json"}
_NO_RECEIPTS = (b"", b"[{", b'[{"mobile":1}]', b'[null,[],{"sid":{}}]', b"<html>\xff</html>")
Item = dict[str, Any]


def callback(settings: TencentSettings) -> PushForm:
    """How receipts are pushed."""
    write = partial(_write, with_context=settings.session_context)
    return PushForm(
        TENCENT, write, _NO_RECEIPTS, settings.push_size, _HEADERS, settings.push_timeout, settings.push_waits
    )


def _write(rows: Sequence[Received], *, with_context: bool) -> bytes:
    return orjson.dumps([receipt_of(row) | ({"ext": row.sender_key} if with_context else {}) for row in rows])


def receipt_of(row: Received) -> Item:
    """One element of the pushed array; the time is Beijing's."""
    return {
        "user_receive_time": beijing_text(row.due_at_ms),
        "nationcode": "86",
        "mobile": row.address,
        "report_status": "SUCCESS" if row.is_delivered else "FAIL",
        "errmsg": DELIVERED if row.is_delivered else row.result,
        "description": "用户短信送达成功" if row.is_delivered else "用户短信送达失败",
        "sid": row.provider_id,
    }


def answer_of(phone: str, text: str, sign: str, clock: Callable[[], float]) -> bytes:
    """What is pushed when a person answers."""
    said = {"extend": "", "mobile": phone, "nationcode": "86", "sign": sign, "text": text, "time": int(clock())}
    return orjson.dumps(said)
