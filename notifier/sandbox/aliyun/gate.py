"""The POP gateway: who calls, was it signed by them, is it fresh. Only then does the product see the request."""

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from notifier.sandbox.aliyun import refusals, signing
from notifier.sandbox.settings import AliyunSettings

VERSION = "2017-05-25"
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", re.ASCII)
_V1_MANDATORY = ("AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Signature")
_V3_MANDATORY = {
    "x-acs-date": "Timestamp",
    "x-acs-signature-nonce": "SignatureNonce",
    "x-acs-content-sha256": "ContentSha256",
}


@dataclass(frozen=True)
class WireRequest:
    """A request as it came: decoded query, lower-case header names, raw body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_acs3(self) -> bool:
        return self.headers.get("authorization", "").startswith(signing.ACS3)

    @cached_property
    def form(self) -> dict[str, str]:
        """Decoded form body, or nothing. Raises PopRefusal for a name with two values."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return signing.parse_form(self.body) if kind == "application/x-www-form-urlencoded" else {}


class ApiCall(NamedTuple):
    """A verified call."""

    action: str
    parameters: Mapping[str, str]


class Gate:
    """Verifies calls; remembers nonces and counts calls a second."""

    def __init__(self, settings: AliyunSettings, actions: frozenset[str], clock: Callable[[], float]) -> None:
        self._settings = settings
        self._actions = actions
        self._clock = clock
        self._nonces: set[tuple[str, str]] = set()
        self._nonce_ages: deque[tuple[float, tuple[str, str]]] = deque()
        self._second = 0
        self._calls_this_second: dict[str, int] = {}

    def verify(self, request: WireRequest) -> ApiCall:
        """The call, signed by a known key, fresh and not seen before. Raises PopRefusal."""
        if request.method not in ("GET", "POST"):
            raise refusals.method_unsupported()
        call = self._verify_v3(request) if request.is_acs3 else self._verify_v1(request)
        self._count(call.action)
        return call

    def _verify_v1(self, request: WireRequest) -> ApiCall:
        given = signing.merge(request.query, request.form)
        self._check_target(given.get("Version", ""), given.get("Action", ""))
        for name in _V1_MANDATORY:
            if not given.get(name):
                raise refusals.missing(name)
        if given.get("Format", "XML").upper() not in ("XML", "JSON"):
            raise refusals.format_unknown()
        if given["SignatureMethod"] != "HMAC-SHA1":
            raise refusals.signature_method_unknown()
        if given["SignatureVersion"] != "1.0":
            raise refusals.signature_version_unknown()
        self._check_time(given["Timestamp"])
        secret = self._secret(given["AccessKeyId"])
        expected = signing.v1_string_to_sign(request.method, given)
        # the real gateway re-prints the timestamp without its fraction, so a fraction never matches
        is_printed_alike = "." not in given["Timestamp"]
        if not (is_printed_alike and _same(signing.v1_signature(secret, expected), given["Signature"])):
            raise refusals.signature_mismatch(expected)
        self._spend_nonce(given["AccessKeyId"], given["SignatureNonce"])
        return ApiCall(given["Action"], given)

    def _verify_v3(self, request: WireRequest) -> ApiCall:
        headers = request.headers
        self._check_target(headers.get("x-acs-version", ""), headers.get("x-acs-action", ""))
        for header, name in _V3_MANDATORY.items():
            if not headers.get(header):
                raise refusals.missing(name)
        authorization = signing.parse_authorization(headers["authorization"])
        if authorization is None:
            raise refusals.authorization_malformed()
        self._check_time(headers["x-acs-date"])
        secret = self._secret(authorization.key_id)
        self._check_acs3(request, authorization, secret)
        self._spend_nonce(authorization.key_id, headers["x-acs-signature-nonce"])
        return ApiCall(headers["x-acs-action"], signing.merge(request.query, request.form))

    def _check_acs3(self, request: WireRequest, authorization: signing.Authorization, secret: str) -> None:
        body_sha256 = hashlib.sha256(request.body).hexdigest()
        covered = signing.Acs3Request(request.method, request.path, request.query, request.headers, body_sha256)
        canonical = signing.v3_canonical_request(covered, authorization.signed_headers)
        expected = signing.v3_string_to_sign(canonical)
        least = signing.ACS3_LEAST | ({"content-type"} if request.body else set())
        is_whole = least <= set(authorization.signed_headers)
        is_body = _same(body_sha256, request.headers["x-acs-content-sha256"])
        is_signed = _same(signing.v3_signature(secret, expected), authorization.signature)
        if not (is_whole and is_body and is_signed):
            raise refusals.signature_mismatch(expected)

    def _check_target(self, version: str, action: str) -> None:
        if not version:
            raise refusals.missing("Version")
        if version != VERSION:
            raise refusals.version_unknown()
        if not action:
            raise refusals.missing("Action")
        if action not in self._actions:
            raise refusals.action_unknown()

    def _check_time(self, timestamp: str) -> None:
        shape = _TIMESTAMP.fullmatch(timestamp)
        if shape is None:
            raise refusals.timestamp_malformed()
        try:
            said_at = datetime.strptime(shape[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            raise refusals.timestamp_malformed() from None
        if abs(said_at.timestamp() - self._clock()) > self._settings.clock_window.total_seconds():
            raise refusals.timestamp_expired()

    def _secret(self, key_id: str) -> str:
        secret = self._settings.access_keys.get(key_id)
        if secret is None:
            raise refusals.key_unknown()
        if key_id in self._settings.disabled_keys:
            raise refusals.key_inactive()
        return secret

    def _spend_nonce(self, key_id: str, nonce: str) -> None:
        now = self._clock()
        # a timestamp may lie one window ahead, so its nonce has to outlive two
        oldest = now - 2 * self._settings.clock_window.total_seconds()
        while self._nonce_ages and self._nonce_ages[0][0] < oldest:
            self._nonces.discard(self._nonce_ages.popleft()[1])
        if (key_id, nonce) in self._nonces:
            raise refusals.nonce_used()
        self._nonces.add((key_id, nonce))
        self._nonce_ages.append((now, (key_id, nonce)))

    def _count(self, action: str) -> None:
        second = int(self._clock())
        if second != self._second:
            self._second, self._calls_this_second = second, {}
        n_calls = self._calls_this_second[action] = self._calls_this_second.get(action, 0) + 1
        if self._settings.qps and n_calls > self._settings.qps:
            raise refusals.throttled()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
