"""What MAS pushes to us: single receipts and single answers of people, or arrays of them. Unsigned; pure."""

from collections.abc import Mapping
from typing import Any

from notifier.channels.codes import Codes
from notifier.channels.fields import beijing_time, clean_code, elements, identity, phone, plain
from notifier.channels.repeats import repeat_key
from notifier.domain.contracts import Push
from notifier.domain.messages import Damaged, Heard, Inbound, Receipt

ANSWER = (200, "application/json", '{"rspcod":"success"}')
"""No manual says what to answer; the status is what counts."""
_ARRIVED = frozenset(("DELIVRD", "CM:0000"))


def read_push(push: Push, codes: Codes, secret: str) -> list[Inbound]:
    """The elements in their order. Raises InputError for what is no such JSON.

    `secret` (up to 64 bytes count) keys the de-duplication of people's answers, which carry no id.
    """
    return [_element(element, push, codes, secret) for element in elements(push.body)]


def _element(element: object, push: Push, codes: Codes, secret: str) -> Inbound:
    if not isinstance(element, dict):
        return Damaged("not an object")
    address = phone(element.get("mobile"))
    if not address:
        return Damaged("no mobile")
    if isinstance(element.get("smsContent"), str):
        return _heard(element, address, push, secret)
    if "reportStatus" in element or "errorCode" in element:
        return _receipt(element, address, push, codes)
    return Damaged("neither a receipt nor a person's answer")


def _receipt(element: Mapping[str, Any], address: str, push: Push, codes: Codes) -> Inbound:
    """Both fields are seen with either marker of success; it arrived when neither of them speaks against it."""
    group = identity(element.get("msgGroup"))
    if group is None:
        return Damaged("no msgGroup")
    said = [code for name in ("errorCode", "reportStatus") if (code := clean_code(element.get(name)))]
    if not said:
        return Damaged("neither errorCode nor reportStatus")
    submitted_at = beijing_time(element.get("submitDate"))
    failure = next((code for code in said if code not in _ARRIVED), None)
    return Receipt(
        gateway=push.gateway,
        out_id=None,
        provider_ref=group,
        address=address,
        delivered=failure is None,
        code=failure or said[0],
        reason=None if failure is None else codes.reason(failure),
        at=beijing_time(element.get("receiveDate")) or submitted_at or push.received_at,
        submitted_at=submitted_at,
    )


def _heard(element: Mapping[str, Any], address: str, push: Push, secret: str) -> Heard:
    text = element["smsContent"].encode("utf-8", "replace").decode()
    when = plain(element.get("sendTime"))
    key = repeat_key(secret, address, when, text)
    return Heard(address, text, f"{push.gateway}:{key}", beijing_time(when) or push.received_at)
