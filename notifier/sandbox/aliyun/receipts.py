"""SmsReport: what the carriers reported, many receipts in one JSON array, again after 1, 5 and 10 minutes."""

from collections.abc import Sequence
from functools import lru_cache

import orjson

from notifier.sandbox.beijing import beijing_text
from notifier.sandbox.handsets import ALIYUN, Received
from notifier.sandbox.receipts import PushForm
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
_NO_RECEIPTS = (b"", b"[{", b'{"phone_number":1}', b'[null,[],{"biz_id":{}}]', b"<html>\xff</html>")
_second_text = lru_cache(maxsize=4096)(beijing_text)


def sms_report(settings: AliyunSettings) -> PushForm:
    """How SmsReport is pushed."""
    return PushForm(
        ALIYUN, _write, _NO_RECEIPTS, settings.push_size, _HEADERS, settings.push_timeout, settings.push_retries
    )


def _write(rows: Sequence[Received]) -> bytes:
    return orjson.dumps([receipt_of(row) for row in rows])


def sms_up(phone: str, text: str, at_ms: int, sequence: int) -> bytes:
    """What SmsUp pushes when a person answers."""
    said: dict[str, str | int] = {
        "phone_number": phone,
        "send_time": beijing_text(at_ms),
        "content": text,
        "dest_code": "1069640425",
        # A number in the older manual, a string in the newer; both are seen.
        "sequence_id": sequence if sequence % 2 else str(sequence),
    }
    return orjson.dumps([said])


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
