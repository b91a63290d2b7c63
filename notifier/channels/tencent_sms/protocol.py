"""Calls to Tencent's sms 2021-01-11, built and read without any input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from notifier.channels.code_classes import Kind
from notifier.channels.codes import Codes
from notifier.channels.fields import clean_code, identity, phone, unix_time
from notifier.channels.tencent_sms.signing import CONTENT_TYPE, Credentials, authorization
from notifier.channels.verdicts import batch_refused
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Absent, Accepted, Found, NoAnswer, Outcome, Scope, Settlement, Unsure

VERSION = "2021-01-11"
"""The API's version."""
PULLED = 100
"""Statuses that one pull holds at most; there is no second page (Offset is fixed to 0)."""
KEPT = timedelta(days=7)
"""How far back a pull may look."""
_EARLIER = timedelta(minutes=15)  # how far our clock and theirs may disagree
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Account:
    """What a call needs to know of the account."""

    endpoint: str
    region: str
    app_id: str
    sign_name: str
    keys: Credentials


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready for the wire."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def send_call(account: Account, letters: Sequence[Letter], out_id: str, at: datetime) -> Call:
    """SendSms for 1..200 letters that say the same. Raises ValueError for a text that cannot be written as UTF-8."""
    return signed_call(account, "SendSms", send_body(account, letters, out_id), at)


def send_body(account: Account, letters: Sequence[Letter], out_id: str) -> dict[str, Any]:
    """TemplateParamSet has the letters' values in their order; it is left out when a template has no variables."""
    first = letters[0]
    body: dict[str, Any] = {
        "PhoneNumberSet": [e164(letter.address) for letter in letters],
        "SmsSdkAppId": account.app_id,
        "TemplateId": first.template,
        "SignName": account.sign_name,
    }
    if first.parameters:
        body["TemplateParamSet"] = list(first.parameters.values())
    return body | {"SessionContext": out_id}


def pull_call(account: Account, address: str, sent_at: datetime, now: datetime) -> Call:
    """PullSmsSendStatusByPhoneNumber: what carriers reported of messages to one phone since about `sent_at`."""
    begin = max(sent_at - _EARLIER, now - KEPT + timedelta(minutes=1))
    body = {
        "BeginTime": int(begin.timestamp()),
        "EndTime": int((now + _EARLIER).timestamp()),
        "Offset": 0,
        "Limit": PULLED,
        "PhoneNumber": e164(address),
        "SmsSdkAppId": account.app_id,
    }
    return signed_call(account, "PullSmsSendStatusByPhoneNumber", body, now)


def signed_call(account: Account, action: str, body: Mapping[str, Any], at: datetime) -> Call:
    """Any action of the API. Raises ValueError for a text that cannot be written as UTF-8."""
    try:
        raw = orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise ValueError("a text holds half of a character") from None
    host = urlsplit(account.endpoint).netloc
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Version": VERSION,
        "X-TC-Region": account.region,
        "X-TC-Timestamp": str(int(at.timestamp())),
        "Authorization": authorization(account.keys, host, raw, at),
    }
    return Call(account.endpoint, headers, raw)


def e164(address: str) -> str:
    """A phone as Tencent wants it: +86 before a mainland number."""
    return address if address.startswith("+") else f"+86{address}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's reply: `code` is "Ok", its own, or what is wrong with the reply.

    `readable` False means that nobody can tell from it whether the call was executed.
    """

    code: str
    fields: Mapping[str, Any] = field(repr=False)
    readable: bool


def read_answer(status: int, body: bytes) -> Answer:
    """The reply of any action. Raises nothing: a page that is not a reply has the code `http_<status>` or `garbage`."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        whole = None
    fields = whole.get("Response") if isinstance(whole, dict) else None
    if not isinstance(fields, dict):
        return Answer("garbage" if status < _SERVER_FAULT else f"http_{status}", {}, False)
    if "Error" not in fields:
        return Answer("Ok", fields, status < _SERVER_FAULT)
    error = fields["Error"]
    code = clean_code(error.get("Code")) if isinstance(error, dict) else ""
    if not code:
        return Answer("garbage", {}, False)
    believable = status < _SERVER_FAULT or code.startswith("RequestLimitExceeded")
    return Answer(code, fields, believable)


def read_send(answer: Answer, letters: Sequence[Letter], codes: Codes, now: datetime) -> list[Outcome]:
    """What a SendSms ended in, letter by letter: each number has its own status; one without any is Unsure.

    A call refused whole for one number's or one text's sake is Postponed("batch_refused:<code>", 0) for each.
    """
    if not answer.readable:
        return [Unsure(answer.code)] * len(letters)
    if answer.code != "Ok":
        row = codes.of(answer.code)
        if row.kind is not Kind.UNSURE and len(letters) > 1 and row.scope in (Scope.MESSAGE, Scope.NUMBER):
            return [batch_refused(answer.code)] * len(letters)
        return [codes.outcome(answer.code, now)] * len(letters)
    statuses = answer.fields.get("SendStatusSet")
    items = [item for item in statuses if isinstance(item, dict)] if isinstance(statuses, list) else []
    by_phone = {phone(item.get("PhoneNumber")): item for item in items}
    return [_outcome(by_phone.get(phone(e164(letter.address))), codes, now) for letter in letters]


def _outcome(status: Mapping[str, Any] | None, codes: Codes, now: datetime) -> Outcome:
    if status is None:
        return Unsure("no_status")
    code = clean_code(status.get("Code"))
    if code != "Ok":
        return codes.outcome(code, now) if code else Unsure("no_status")
    serial = identity(status.get("SerialNo"))
    return Accepted(serial) if serial else Unsure("no_serial_no")


def read_pull(answer: Answer, out_id: str, codes: Codes, *, absence_proves: bool) -> Settlement:
    """What a pull says of the message sent under `out_id`; Absent only where its absence proves anything.

    It never does while a status does not name its call: SessionContext is then switched off.
    """
    if answer.code != "Ok" or not answer.readable:
        return NoAnswer(answer.code)
    statuses = answer.fields.get("PullSmsSendStatusSet")
    if not isinstance(statuses, list):
        return NoAnswer("garbage")
    items = [item for item in statuses if isinstance(item, dict)]
    known = [_found(item, codes) for item in items if item.get("SessionContext") == out_id]
    if known:
        return max(known, key=lambda found: found.delivered is True)
    if len(statuses) >= PULLED:
        return NoAnswer("too_many")
    if len(items) < len(statuses) or not all(item.get("SessionContext") for item in items):
        return NoAnswer("no_session_context")
    return Absent() if absence_proves else NoAnswer("not_reported")


def _found(status: Mapping[str, Any], codes: Codes) -> Found:
    """`Description` is the carrier's code; there is no other field for it."""
    serial, code = identity(status.get("SerialNo")) or "", clean_code(status.get("Description"))
    at = unix_time(status.get("UserReceiveTime"))
    match status.get("ReportStatus"):
        case "SUCCESS":
            return Found(serial, True, code or "DELIVRD", None, at)
        case "FAIL":
            return Found(serial, False, code or "UNKNOWN", codes.reason(code), at)
        case _:
            return Found(serial, None, code or "WAITING", None, None)
