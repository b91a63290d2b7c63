"""What Aliyun pushes to us: arrays of receipts (SmsReport) and of people's answers (SmsUp). Unsigned; pure."""

from collections.abc import Mapping
from typing import Any

from notifier.channels.codes import Codes
from notifier.channels.fields import beijing_time, clean_code, elements, identity, phone, plain
from notifier.channels.repeats import repeat_key
from notifier.domain.contracts import Push
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt

ANSWER = (200, "application/json", '{"code":0,"msg":"接收成功"}')
"""HTTP 200 is what counts; anything else is pushed again after 1, 5 and 10 minutes, and then never."""
_MOST_SEGMENTS = 100
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def read_push(push: Push, codes: Codes, secret: str) -> list[Inbound]:
    """The elements in their order; one object alone counts as an array of one. Raises InputError for no such JSON.

    `secret` (up to 64 bytes count) keys the de-duplication of answers that carry no sequence_id.
    """
    return [_element(element, push, codes, secret) for element in elements(push.body)]


def _element(element: object, push: Push, codes: Codes, secret: str) -> Inbound:
    if not isinstance(element, dict):
        return Damaged("not an object")
    address = phone(element.get("phone_number"))
    if not address:
        return Damaged("no phone_number")
    if "success" in element:
        return _receipt(element, address, push, codes)
    if isinstance(element.get("content"), str):
        return _heard(element, address, push, secret)
    return Damaged("neither a receipt nor a person's answer")


def _receipt(element: Mapping[str, Any], address: str, push: Push, codes: Codes) -> Inbound:
    delivered = _TRUTHS.get(plain(element["success"]).lower())
    if delivered is None:
        return Damaged("success is neither true nor false")
    out_id, biz_id = identity(element.get("out_id")), identity(element.get("biz_id"))
    if out_id is None and biz_id is None:
        return Damaged("neither out_id nor biz_id")
    code = clean_code(element.get("err_code"))
    at = beijing_time(element.get("report_time")) or beijing_time(element.get("send_time")) or push.received_at
    return Receipt(
        gateway=push.gateway,
        out_id=out_id,
        provider_ref=biz_id,
        address=address,
        delivered=delivered,
        code=code or ("DELIVERED" if delivered else "UNKNOWN"),
        reason=None if delivered else codes.reason(code),
        at=at,
        n_segments=_segments(element.get("sms_size")),
    )


def _heard(element: Mapping[str, Any], address: str, push: Push, secret: str) -> Heard:
    text = element["content"].encode("utf-8", "replace").decode()
    when = plain(element.get("send_time"))
    key = identity(element.get("sequence_id")) or repeat_key(secret, address, when, text)
    return Heard(address, text, f"{push.gateway}:{key}", beijing_time(when) or push.received_at)


def _segments(value: object) -> int:
    text = plain(value)
    n = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_SEGMENTS)) else 1
    return min(max(n, 1), _MOST_SEGMENTS)
