"""What travels between dispatch and a channel: letters out, receipts in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from notifier.domain.outcomes import Reason


class Medium(StrEnum):
    """What a household's contact is for; a gateway serves exactly one."""

    SMS = "sms"
    """A phone number."""
    WECHAT = "wechat"
    """An openid of the official account."""


class ContactKind(StrEnum):
    """What a contact's sealed value holds."""

    PHONE = "phone"
    """An eleven-digit mainland mobile number."""
    OPENID = "openid"
    """An openid of the official account."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as a channel sends it. `address` (phone or openid) and `parameters` never show in a repr."""

    message_id: int
    address: str = field(repr=False)
    template: str
    parameters: Mapping[str, str] = field(repr=False)
    link: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider later said of one message.

    `out_id` is ours and matched first, `provider_ref` second; either may be None, never both. `delivered` True means
    it reached the handset or the WeChat client. `reason` is None exactly when delivered.
    """

    gateway: str
    out_id: str | None
    provider_ref: str | None
    address: str = field(repr=False)
    delivered: bool
    code: str
    reason: Reason | None
    at: datetime
    n_segments: int = 1


@dataclass(frozen=True, slots=True)
class Damaged:
    """An element of a push that is not a receipt; `what` says why, without personal data. Its neighbours count."""

    what: str


@dataclass(frozen=True, slots=True)
class Followed:
    """An openid followed (`following` True, `scene` of the QR or None) or unfollowed the account."""

    openid: str = field(repr=False)
    following: bool
    scene: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """A person wrote to us; `key` de-duplicates the provider's repeats."""

    address: str = field(repr=False)
    text: str = field(repr=False)
    key: str
    at: datetime


Inbound = Receipt | Damaged | Followed | Heard
