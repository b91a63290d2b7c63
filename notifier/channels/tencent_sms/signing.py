"""Tencent's request signature TC3-HMAC-SHA256. Pure; the official SDK's signer is the oracle of the tests."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime

CONTENT_TYPE = "application/json"
"""Signed with the body; the SDK sends the same."""
_SERVICE = "sms"
_SIGNED = "content-type;host"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key pair."""

    secret_id: str
    secret_key: str = field(repr=False)


def authorization(keys: Credentials, host: str, body: bytes, at: datetime, content_type: str = CONTENT_TYPE) -> str:
    """The Authorization header of a POST of `body`; `at` (aware) is what X-TC-Timestamp says, in whole seconds.

    The path that is signed is always "/", wherever the endpoint is mounted.
    """
    scope = f"{at.astimezone(UTC):%Y-%m-%d}/{_SERVICE}/tc3_request"
    canonical = "\n".join(("POST", "/", "", f"content-type:{content_type}", f"host:{host}", "", _SIGNED, _sha256(body)))
    to_sign = f"TC3-HMAC-SHA256\n{int(at.timestamp())}\n{scope}\n{_sha256(canonical.encode())}"
    key = f"TC3{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={keys.secret_id}/{scope}"
    return f"TC3-HMAC-SHA256 {credential}, SignedHeaders={_SIGNED}, Signature={signature}"


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
