"""What Aliyun pushes to us: arrays of receipts (SmsReport) and of people's answers (SmsUp). Unsigned; pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from notifier.channels.aliyun_sms.protocol import beijing_time, clean_code, plain
from notifier.channels.codes import Codes
from notifier.channels.repeats import repeat_key
from notifier.domain.contracts import Push
from notifier.domain.errors import InputError
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt

ANSWER = (200, "application/json", '{"code":0,"msg":"接收成功"}')
"""HTTP 200 is what counts; anything else is pushed again after 1, 5 and 10 minutes, and then never."""
_MAINLAND = re.compile(r"(?:\+|00)?86(1\d{10})")
_LONGEST_ID = 256
_MOST_SEGMENTS = 100
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def read_push(push: Push, codes: Codes, secret: str) -> list[Inbound]:
    """The elements in their order; one object alone counts as an array of one. Raises InputError for no such JSON.

    `secret` (up to 64 bytes count) keys the de-duplication of answers that carry no sequence_id.
    """
    elements = _parsed(push.body)
    if isinstance(elements, dict):
        elements = [elements]
    if not isinstance(elements, list):
        raise InputError("短信回执推送应为 JSON 数组，收到的不是；请检查回调地址是否填错")
    return [_element(element, push, codes, secret) for element in elements]


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:  # a carrier's text may hold bytes that are not UTF-8; its neighbours still count
        return json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        raise InputError("短信回执推送不是 JSON，无法读取；请检查回调地址是否填错") from None


def _element(element: object, push: Push, codes: Codes, secret: str) -> Inbound:
    if not isinstance(element, dict):
        return Damaged("not an object")
    phone = _phone(element.get("phone_number"))
    if not phone:
        return Damaged("no phone_number")
    if "success" in element:
        return _receipt(element, phone, push, codes)
    if isinstance(element.get("content"), str):
        return _heard(element, phone, push, secret)
    return Damaged("neither a receipt nor a person's answer")


def _receipt(element: Mapping[str, Any], phone: str, push: Push, codes: Codes) -> Inbound:
    delivered = _TRUTHS.get(plain(element["success"]).lower())
    if delivered is None:
        return Damaged("success is neither true nor false")
    out_id, biz_id = _identity(element.get("out_id")), _identity(element.get("biz_id"))
    if out_id is None and biz_id is None:
        return Damaged("neither out_id nor biz_id")
    code = clean_code(element.get("err_code"))
    at = beijing_time(element.get("report_time")) or beijing_time(element.get("send_time")) or push.received_at
    return Receipt(
        gateway=push.gateway,
        out_id=out_id,
        provider_ref=biz_id,
        address=phone,
        delivered=delivered,
        code=code or ("DELIVERED" if delivered else "UNKNOWN"),
        reason=None if delivered else codes.reason(code),
        at=at,
        n_segments=_segments(element.get("sms_size")),
    )


def _heard(element: Mapping[str, Any], phone: str, push: Push, secret: str) -> Heard:
    text = element["content"].encode("utf-8", "replace").decode()
    when = plain(element.get("send_time"))
    key = _identity(element.get("sequence_id")) or repeat_key(secret, phone, when, text)
    return Heard(phone, text, f"{push.gateway}:{key}", beijing_time(when) or push.received_at)


def _phone(value: object) -> str:
    """As we sent it: mainland numbers lose the country code that a carrier may have put before them."""
    text = plain(value)
    mainland = _MAINLAND.fullmatch(text)
    bare = mainland[1] if mainland else text
    return bare if bare.lstrip("+").isdigit() and bare.isascii() and len(bare) <= len("+123456789012345") else ""


def _identity(value: object) -> str | None:
    text = plain(value)
    return text if text and len(text) < _LONGEST_ID and text.isprintable() else None


def _segments(value: object) -> int:
    text = plain(value)
    n = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_SEGMENTS)) else 1
    return min(max(n, 1), _MOST_SEGMENTS)
