"""What a request must have been signed with: V1 (HMAC-SHA1 over parameters), V3 (ACS3-HMAC-SHA256 over headers).

Pure functions of what came over the wire; checked against golden vectors and the official SDKs.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from notifier.sandbox.aliyun.refusals import repeated

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_ENCODED = {byte: chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)}

ACS3 = "ACS3-HMAC-SHA256"
ACS3_LEAST = frozenset(
    ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")
)
"""Headers that a V3 signature must cover."""


class Authorization(NamedTuple):
    """The parts of a V3 Authorization header."""

    key_id: str
    signed_headers: tuple[str, ...]
    signature: str


def percent_encode(text: str) -> str:
    """RFC 3986, upper-case hex, UTF-8; only A-Z a-z 0-9 - _ . ~ stay."""
    return text.encode("utf-8", "replace").decode("latin-1").translate(_ENCODED)


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Sorted by name, encoded, joined; an empty value keeps its `=`."""
    return "&".join(f"{percent_encode(name)}={percent_encode(parameters[name])}" for name in sorted(parameters))


def v1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """`parameters` are those of query and body together; Signature is left out here."""
    signed = {name: value for name, value in parameters.items() if name != "Signature"}
    canonical = canonical_query(signed)
    # canonical text holds only unreserved characters and % & =, so the second encoding is three replacements
    twice = canonical.replace("%", "%25").replace("&", "%26").replace("=", "%3D")
    return f"{method.upper()}&%2F&{twice}"


def v1_signature(secret: str, string_to_sign: str) -> str:
    digest = hmac.digest(f"{secret}&".encode(), string_to_sign.encode("utf-8"), "sha1")
    return base64.b64encode(digest).decode("ascii")


class Acs3Request(NamedTuple):
    """What a V3 signature covers."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    body_sha256: str


def v3_canonical_request(request: Acs3Request, signed_headers: Iterable[str]) -> str:
    names = sorted(signed_headers)
    lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    parts = (request.method, request.path, canonical_query(request.query), lines, ";".join(names), request.body_sha256)
    return "\n".join(parts)


def v3_string_to_sign(canonical_request: str) -> str:
    return f"{ACS3}\n{hashlib.sha256(canonical_request.encode('utf-8', 'replace')).hexdigest()}"


def v3_signature(secret: str, string_to_sign: str) -> str:
    return hmac.digest(secret.encode(), string_to_sign.encode(), "sha256").hex()


def parse_authorization(header: str) -> Authorization | None:
    """None when the header is not `ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`."""
    scheme, _, rest = header.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme != ACS3 or not all(fields.get(name) for name in ("Credential", "SignedHeaders", "Signature")):
        return None
    names = tuple(name.strip().lower() for name in fields["SignedHeaders"].split(";"))
    return Authorization(fields["Credential"], names, fields["Signature"])


def parse_form(raw: bytes) -> dict[str, str]:
    """Decoded parameters of a query string or form body; `+` is a space, broken UTF-8 becomes U+FFFD.

    Raises PopRefusal for a name that is given twice with different values.
    """
    found: dict[str, str] = {}
    for pair in raw.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            _add(found, _decode(name), _decode(value))
    return found


def merge(query: Mapping[str, str], form: Mapping[str, str]) -> dict[str, str]:
    """The signature covers both together. Raises PopRefusal for a name that differs between them."""
    merged = dict(query)
    for name, value in form.items():
        _add(merged, name, value)
    return merged


def _add(found: dict[str, str], name: str, value: str) -> None:
    if found.setdefault(name, value) != value:
        raise repeated(name)


def _decode(raw: bytes) -> str:
    raw = raw.replace(b"+", b" ")
    n_escapes = raw.count(b"%")
    # percent-encoding is quoted-printable with another sign, and that one is decoded in C: a batch has 10,000 escapes
    quick = binascii.a2b_qp(raw.replace(b"=", b"=3D").replace(b"%", b"=")) if n_escapes else raw
    # a bare line break is no part of a form, and means something else in quoted-printable
    is_well_formed = len(quick) == len(raw) - 2 * n_escapes and b"\n" not in raw and b"\r" not in raw
    return (quick if is_well_formed else unquote_to_bytes(raw)).decode("utf-8", "replace")
