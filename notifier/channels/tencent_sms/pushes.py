"""What Tencent pushes to us: arrays of receipts, and single answers of people. Unsigned; pure."""

from collections.abc import Mapping
from typing import Any

from notifier.channels.codes import Codes
from notifier.channels.fields import beijing_time, clean_code, elements, identity, phone, plain, unix_time
from notifier.channels.repeats import repeat_key
from notifier.domain.contracts import Push
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt

ANSWER = (200, "application/json", '{"result":0,"errmsg":"OK"}')
"""Anything else is pushed twice more, and then never."""
_FATES = {"SUCCESS": True, "FAIL": False}


def read_push(push: Push, codes: Codes, secret: str) -> list[Inbound]:
    """The elements in their order. Raises InputError for what is no such JSON.

    `secret` (up to 64 bytes count) keys the de-duplication of people's answers, which carry no id.
    """
    return [_element(element, push, codes, secret) for element in elements(push.body)]


def _element(element: object, push: Push, codes: Codes, secret: str) -> Inbound:
    if not isinstance(element, dict):
        return Damaged("not an object")
    address = _address(element)
    if not address:
        return Damaged("no mobile")
    if "report_status" in element:
        return _receipt(element, address, push, codes)
    if isinstance(element.get("text"), str):
        return _heard(element, address, push, secret)
    return Damaged("neither a receipt nor a person's answer")


def _address(element: Mapping[str, Any]) -> str:
    nation, number = plain(element.get("nationcode")), plain(element.get("mobile"))
    is_abroad = nation not in ("", "86", "+86") and not number.startswith(("+", "00"))
    return phone(f"+{nation.lstrip('+')}{number}" if is_abroad else number)


def _receipt(element: Mapping[str, Any], address: str, push: Push, codes: Codes) -> Inbound:
    delivered = _FATES.get(plain(element["report_status"]).upper())
    if delivered is None:
        return Damaged("report_status is neither SUCCESS nor FAIL")
    out_id, serial = identity(element.get("ext")), identity(element.get("sid"))
    if out_id is None and serial is None:
        return Damaged("neither ext nor sid")
    code = clean_code(element.get("errmsg"))
    return Receipt(
        gateway=push.gateway,
        out_id=out_id,
        provider_ref=serial,
        address=address,
        delivered=delivered,
        code=code or ("DELIVRD" if delivered else "UNKNOWN"),
        reason=None if delivered else codes.reason(code),
        at=beijing_time(element.get("user_receive_time")) or push.received_at,
    )


def _heard(element: Mapping[str, Any], address: str, push: Push, secret: str) -> Heard:
    text = element["text"].encode("utf-8", "replace").decode()
    when = plain(element.get("time"))
    key = repeat_key(secret, address, when, text)
    return Heard(address, text, f"{push.gateway}:{key}", unix_time(when) or beijing_time(when) or push.received_at)
