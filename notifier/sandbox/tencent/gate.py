"""The API gateway: who calls, was the body signed by them, is it fresh. Only then does the product see it."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from notifier.sandbox.tencent import refusals
from notifier.sandbox.tencent.settings import TencentSettings

VERSION = "2021-01-11"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/,\s]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>\w+)/tc3_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


class TencentRequest(NamedTuple):
    """A request as it came; header names in lower case."""

    method: str
    headers: Mapping[str, str]
    body: bytes


class TencentCall(NamedTuple):
    """A verified call."""

    action: str
    fields: Mapping[str, Any]


class Gate:
    """Verifies calls and counts them a second. Replays inside the clock window pass: there is no nonce."""

    def __init__(self, settings: TencentSettings, actions: frozenset[str], clock: Callable[[], float]) -> None:
        self._settings = settings
        self._actions = actions
        self._clock = clock
        self._second = 0
        self._calls_this_second: dict[str, int] = {}

    def verify(self, request: TencentRequest) -> TencentCall:
        """The call, signed by a known key and fresh. Raises TencentRefusal."""
        headers = request.headers
        if request.method != "POST":
            raise refusals.method_unsupported()
        for name in ("x-tc-action", "x-tc-version", "x-tc-timestamp", "x-tc-region", "authorization"):
            if not headers.get(name):
                raise refusals.missing(name)
        if headers["x-tc-action"] not in self._actions:
            raise refusals.action_unknown()
        if headers["x-tc-version"] != VERSION:
            raise refusals.version_unknown()
        self._check_signature(request, self._fresh(headers["x-tc-timestamp"]))
        self._count(headers["x-tc-action"])
        return TencentCall(headers["x-tc-action"], _fields(request))

    def _fresh(self, timestamp: str) -> int:
        if not re.fullmatch(r"\d{1,11}", timestamp, re.ASCII):
            raise refusals.mistyped("X-TC-Timestamp")
        if abs(int(timestamp) - self._clock()) > self._settings.clock_window.total_seconds():
            raise refusals.expired()
        return int(timestamp)

    def _check_signature(self, request: TencentRequest, timestamp: int) -> None:
        given = _AUTHORIZATION.fullmatch(request.headers["authorization"])
        if given is None or not {"content-type", "host"} <= set(given["names"].split(";")):
            raise refusals.authorization_malformed()
        key = self._settings.secret_keys.get(given["id"])
        if key is None:
            raise refusals.key_unknown()
        is_today = given["date"] == datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
        expected = tc3_signature(request, key, timestamp, given["names"])
        if not (is_today and given["service"] == "sms" and hmac.compare_digest(expected, given["signature"])):
            raise refusals.signature_wrong()

    def _count(self, action: str) -> None:
        second = int(self._clock())
        if second != self._second:
            self._second, self._calls_this_second = second, {}
        n_calls = self._calls_this_second[action] = self._calls_this_second.get(action, 0) + 1
        if self._settings.qps and n_calls > self._settings.qps:
            raise refusals.throttled()


def tc3_signature(request: TencentRequest, secret_key: str, timestamp: int, names: str) -> str:
    """What a POST to "/" must be signed with; `names` are the signed headers, joined by semicolons."""
    lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names.split(";"))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{_digest(request.body)}"
    date = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{date}/sms/tc3_request\n{_digest(canonical.encode('utf-8', 'replace'))}"
    of_date = _mac(f"TC3{secret_key}".encode(), date)
    return _mac(_mac(_mac(of_date, "sms"), "tc3_request"), text).hex()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _fields(request: TencentRequest) -> Mapping[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise refusals.method_unsupported()
    try:
        found = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise refusals.not_json() from None
    if not isinstance(found, dict):
        raise refusals.not_json()
    return found
