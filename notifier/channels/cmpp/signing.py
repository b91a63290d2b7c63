"""The two authenticators by which an SP and a gateway prove the shared secret to each other. Pure."""

import hashlib
import hmac
from datetime import datetime

from notifier.channels.codes import BEIJING


def timestamp(at: datetime) -> int:
    """MMDDHHMMSS of Beijing as the number that CONNECT carries."""
    return int(at.astimezone(BEIJING).strftime("%m%d%H%M%S"))


def sign_source(source_addr: str, secret: str, stamp: int) -> bytes:
    """AuthenticatorSource of a CONNECT."""
    return hashlib.md5(source_addr.encode() + bytes(9) + secret.encode() + f"{stamp:010d}".encode()).digest()


def is_from_ismg(status: bytes, authenticator: bytes, ours: bytes, secret: str) -> bool:
    """Whether a CONNECT_RESP comes from someone who knows the secret; `status` as sent, 1 or 4 bytes."""
    return hmac.compare_digest(hashlib.md5(status + ours + secret.encode()).digest(), authenticator)
