"""Calls to Dysmsapi 2017-05-25, built and read without any input or output."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from notifier.channels.aliyun_sms.signing import Credentials, Stamp, form, sign_v1, sign_v3
from notifier.channels.code_classes import Kind
from notifier.channels.codes import BEIJING, Codes
from notifier.channels.fields import beijing_time, clean_code, identity, plain
from notifier.channels.verdicts import batch_refused
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted, Found, Outcome, Postponed, Refused, Scope, Unsure

VERSION = "2017-05-25"
"""The API's version."""
PAGE = 50
"""Details a page of QuerySendDetails holds at most."""
LIMIT_CONTROL = "isv.BUSINESS_LIMIT_CONTROL"
"""A number got too many messages; the unit in the message says for how long."""
_LIMIT_DELAYS = (
    ("分钟级", timedelta(minutes=1)),
    ("小时级", timedelta(hours=1)),
    ("天级", timedelta(days=1)),
)
_NIGHT = timedelta(minutes=15)  # how far our clock and theirs may disagree on which day it is
_SERVER_STRING = "server string to sign is:"
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Account:
    """What a call needs to know of the account."""

    endpoint: str
    region_id: str
    sign_name: str
    keys: Credentials
    signature: Literal["v1", "v3"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready for the wire. Everything is in the body, so that no phone number is ever in a URL."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    signed: str = field(repr=False)


def send_call(account: Account, letters: Sequence[Letter], out_id: str, stamp: Stamp) -> Call:
    """SendSms for one letter, SendBatchSms for 2..100 of one template.

    Raises ValueError for a text that cannot be written as UTF-8.
    """
    action = "SendSms" if len(letters) == 1 else "SendBatchSms"
    return signed_call(account, action, send_parameters(letters, out_id, account.sign_name), stamp)


def send_parameters(letters: Sequence[Letter], out_id: str, sign_name: str) -> dict[str, str]:
    """The action's own parameters, unsigned. TemplateParam is left out when a template has no variables."""
    first = letters[0]
    parameters = {"TemplateCode": first.template, "OutId": out_id}
    if len(letters) == 1:
        parameters |= {"PhoneNumbers": first.address, "SignName": sign_name}
        if first.parameters:
            parameters["TemplateParam"] = _json(dict(first.parameters))
        return parameters
    parameters["PhoneNumberJson"] = _json([letter.address for letter in letters])
    parameters["SignNameJson"] = _json([sign_name] * len(letters))
    if first.parameters:
        parameters["TemplateParamJson"] = _json([dict(letter.parameters) for letter in letters])
    return parameters


def details_call(account: Account, phone: str, day: date, page: int, stamp: Stamp) -> Call:
    """QuerySendDetails: what became of a day's messages to one phone; `day` is Beijing's, `page` starts at 1."""
    parameters = {
        "PhoneNumber": phone,
        "SendDate": day.strftime("%Y%m%d"),
        "PageSize": str(PAGE),
        "CurrentPage": str(page),
    }
    return signed_call(account, "QuerySendDetails", parameters, stamp)


def signed_call(account: Account, action: str, parameters: Mapping[str, str], stamp: Stamp) -> Call:
    """Any action of the API, signed as the account says."""
    if account.signature == "v1":
        return _v1_call(account, action, parameters, stamp)
    body = form(parameters).encode()
    address = urlsplit(account.endpoint)
    headers = {
        "host": address.netloc,
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "x-acs-action": action,
        "x-acs-version": VERSION,
        "x-acs-date": stamp.text(),
        "x-acs-signature-nonce": stamp.nonce,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    authorization = sign_v3(address.path or "/", "", headers, account.keys)
    return Call(account.endpoint, headers | {"authorization": authorization}, body, "")


def _v1_call(account: Account, action: str, parameters: Mapping[str, str], stamp: Stamp) -> Call:
    common = {
        "AccessKeyId": account.keys.key_id,
        "Action": action,
        "Format": "JSON",
        "RegionId": account.region_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": stamp.nonce,
        "SignatureVersion": "1.0",
        "Timestamp": stamp.text(),
        "Version": VERSION,
    }
    body, to_sign = sign_v1("POST", {**parameters, **common}, account.keys.secret)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Call(account.endpoint, headers, body.encode(), to_sign)


def _json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise ValueError("a text holds half of a character") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's reply: `code` is its own, or what is wrong with the reply.

    `readable` False means that nobody can tell from it whether the call was executed.
    """

    code: str
    message: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    readable: bool


def read_answer(status: int, body: bytes) -> Answer:
    """The reply of any action. Raises nothing: a page that is not a reply has the code `http_<status>` or `garbage`."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = None
    code = fields.get("Code") if isinstance(fields, dict) else None
    if not isinstance(code, str) or clean_code(code) != code:
        return Answer("garbage" if status < _SERVER_FAULT else f"http_{status}", "", {}, False)
    message = fields.get("Message")
    believable = status < _SERVER_FAULT or code.startswith("Throttling")  # a fault inside may come after the sending
    return Answer(code, message if isinstance(message, str) else "", fields, believable)


def read_send(answer: Answer, n_letters: int, call: Call, codes: Codes, now: datetime) -> Outcome:
    """What a SendSms or SendBatchSms ended in, for each of its letters alike.

    A batch refused for one number's or one text's sake is Postponed("batch_refused:<code>", 0): nobody was sent, and
    each letter alone learns whether it was meant.
    """
    if not answer.readable:
        return Unsure(answer.code)
    if answer.code == "OK":
        given = answer.fields.get("BizId")
        reference = identity(given) if isinstance(given, str) else None
        return Accepted(reference) if reference else Unsure("no_biz_id")
    if answer.code == "SignatureDoesNotMatch":
        return Refused(_which_secret(answer, call), Scope.ACCOUNT, codes.reason(answer.code))
    row = codes.of(answer.code)
    if row.kind is not Kind.UNSURE and n_letters > 1 and row.scope in (Scope.MESSAGE, Scope.NUMBER):
        return batch_refused(answer.code)
    outcome = codes.outcome(answer.code, now)
    if answer.code == LIMIT_CONTROL and isinstance(outcome, Postponed):
        return Postponed(answer.code, _limit_delay(answer.message, outcome.delay))
    return outcome


def _which_secret(answer: Answer, call: Call) -> str:
    """When the provider signed the very same string, the secret is wrong and not the string; say so."""
    theirs = answer.message.partition(_SERVER_STRING)[2].strip()
    return "InvalidAccessKeySecret" if call.signed and theirs == call.signed else answer.code


def _limit_delay(message: str, otherwise: timedelta) -> timedelta:
    return next((delay for unit, delay in _LIMIT_DELAYS if unit in message), otherwise)


def days_of(sent_at: datetime) -> list[date]:
    """The Beijing day of an instant, then its neighbour when the instant is close to midnight."""
    days = (moment.astimezone(BEIJING).date() for moment in (sent_at, sent_at - _NIGHT, sent_at + _NIGHT))
    return list(dict.fromkeys(days))


def read_details(answer: Answer, out_id: str, codes: Codes) -> tuple[Found | None, int] | None:
    """(the message sent under `out_id` or None, how many messages the day has); None when the reply is no answer.

    `provider_ref` is empty: the reply does not carry the BizId.
    """
    details = answer.fields.get("SmsSendDetailDTOs")
    items = details.get("SmsSendDetailDTO") if isinstance(details, dict) else None
    total = plain(answer.fields.get("TotalCount"))
    if answer.code != "OK" or not isinstance(items, list) or not (total.isascii() and total.isdigit()):
        return None
    ours = (item for item in items if isinstance(item, dict) and item.get("OutId") == out_id)
    known = [found for found in (_found(item, codes) for item in ours) if found is not None]
    best = max(known, key=lambda found: (found.delivered is True, found.delivered is None), default=None)
    return best, min(int(total[:9] or "0"), PAGE * 100)


def _found(item: Mapping[str, Any], codes: Codes) -> Found | None:
    code = clean_code(item.get("ErrCode"))
    match plain(item.get("SendStatus")):
        case "1":
            return Found("", None, code or "WAITING", None, None)
        case "2":
            return Found("", False, code or "UNKNOWN", codes.reason(code), beijing_time(item.get("ReceiveDate")))
        case "3":
            return Found("", True, code or "DELIVERED", None, beijing_time(item.get("ReceiveDate")))
        case _:
            return None
