"""What travels between dispatch and a channel: letters out, receipts in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from notifier.domain.operators import Operator
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


class By(StrEnum):
    """Which kind of WeChat message carries a notice; an SMS has only one kind."""

    TEMPLATE = "template"
    """A template message (or an SMS): what follows a person's own affair, here payment results only."""
    SUBSCRIPTION = "subscription"
    """A long-term subscription notice: policies, to those who accepted the template."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message says, before a gateway's text says it. `kind`: policy, paid, goods, returned."""

    notice_id: int
    kind: str
    facts: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for its gateway: to whom, and what it says."""

    message_id: int
    address: str = field(repr=False)
    notice: Notice
    operator: Operator | None = None
    """Who carries the number, as far as one can tell."""
    avoid: str | None = None
    """The gateway that failed it before."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as a channel sends it. `address` (phone or openid) and `parameters` never show in a repr."""

    message_id: int
    address: str = field(repr=False)
    template: str
    parameters: Mapping[str, str] = field(repr=False)
    link: str | None = field(default=None, repr=False)
    by: By = By.TEMPLATE
    n_segments: int = 1
    """Billed parts of the text."""
    is_awaited: bool = False
    """Somebody waits for it (a login code): it takes the next turn, before whatever else waits for one."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider later said of one message.

    `out_id` is ours and matched first, `provider_ref` second; either may be None, never both. `delivered` True means
    it reached the handset or the WeChat client. `reason` is None exactly when delivered. `template` is set where the
    send's answer named no reference: then the message is looked for by template and address. `submitted_at` is set
    where receipts carry nothing of ours: then a call whose answer was lost is looked for by address and that time.
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
    template: str | None = None
    submitted_at: datetime | None = None


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
class PartOf:
    """Which part of a long text a text is: number 1..total of those that share a reference."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A person wrote to us, or sent what `text` names in brackets ([图片]); `key` tells the provider's repeats.

    With `part` it is a part of a long text and means nothing alone.
    """

    address: str = field(repr=False)
    text: str = field(repr=False)
    key: str
    at: datetime
    part: PartOf | None = None


@dataclass(frozen=True, slots=True)
class Acted:
    """A person pressed the menu or scanned: for a moment they may be answered."""

    openid: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Consented:
    """A person accepted a template's subscription notices, or refuses them from now on."""

    openid: str = field(repr=False)
    template: str
    accepts: bool
    at: datetime


Inbound = Receipt | Damaged | Followed | Heard | Acted | Consented
