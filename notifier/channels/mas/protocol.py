"""Calls to 移动云MAS, built and read without any input or output."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from notifier.channels.code_classes import Kind
from notifier.channels.codes import Codes
from notifier.channels.fields import clean_code, identity
from notifier.channels.verdicts import batch_refused
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted, Outcome, Scope, Unsure

_HEADERS = {"Content-Type": "text/plain;charset=utf-8"}  # base64 is no JSON
_TEMPLATE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Account:
    """What a call needs to know of the account. `endpoint` ends in a slash; `add_serial` may be empty."""

    endpoint: str
    ec_name: str
    ap_id: str
    sign: str
    add_serial: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready for the wire."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def submit_call(account: Account, letters: Sequence[Letter]) -> Call:
    """tmpsubmit or norsubmit, by what the letters' template is; they say the same.

    Raises ValueError for a text that cannot be written as UTF-8.
    """
    mobiles = ",".join(letter.address for letter in letters)
    template, parameters = letters[0].template, letters[0].parameters
    if _TEMPLATE_ID.fullmatch(template):
        return template_call(account, mobiles, template, list(parameters.values()))
    content = _VARIABLE.sub(lambda found: parameters.get(found[1], ""), template)
    return text_call(account, mobiles, content)


def text_call(account: Account, mobiles: str, content: str) -> Call:
    """norsubmit of a whole text to phones joined by commas."""
    said = {"mobiles": mobiles, "content": content, "sign": account.sign, "addSerial": account.add_serial}
    return _call(account, "norsubmit", said)


def template_call(account: Account, mobiles: str, template: str, values: Sequence[str]) -> Call:
    """tmpsubmit of a template; one without variables takes a list of one empty text."""
    params = _json(values or [""]).decode()
    said = {"templateId": template, "mobiles": mobiles, "params": params}
    return _call(account, "tmpsubmit", said | {"sign": account.sign, "addSerial": account.add_serial})


def _call(account: Account, action: str, said: Mapping[str, str]) -> Call:
    """The mac covers the very texts of the body, in its order, with the secret after the account's names."""
    names = {"ecName": account.ec_name, "apId": account.ap_id}
    body = names | dict(said)
    covered = "".join((account.ec_name, account.ap_id, account.secret_key, *said.values()))
    raw = _json(body | {"mac": hashlib.md5(covered.encode()).hexdigest()})
    return Call(account.endpoint + action, _HEADERS, base64.b64encode(raw))


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise ValueError("a text holds half of a character") from None


def read_submit(status: int, body: bytes, n_letters: int, codes: Codes, now: datetime) -> Outcome:
    """What a call ended in, for each of its letters alike.

    A call refused for a number's or the text's sake is Postponed("batch_refused:<code>", 0) while it has several.
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = None
    code = clean_code(fields.get("rspcod")) if isinstance(fields, dict) else ""
    if not isinstance(fields, dict) or not code or status >= _SERVER_FAULT:
        return _without_code(status, codes, now)
    if code == "success":
        group = identity(fields.get("msgGroup"))
        return Accepted(group) if group else Unsure("no_msg_group")
    row = codes.of(code)
    if row.kind is not Kind.UNSURE and n_letters > 1 and row.scope in (Scope.MESSAGE, Scope.NUMBER):
        return batch_refused(code)
    return codes.outcome(code, now)


def _without_code(status: int, codes: Codes, now: datetime) -> Outcome:
    """A page that is no answer; only a status that the table knows tells that nothing was executed."""
    code = f"http_{status}"
    if codes.knows(code):
        return codes.outcome(code, now)
    return Unsure(code if status >= _SERVER_FAULT else "garbage")
