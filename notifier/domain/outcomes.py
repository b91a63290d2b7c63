"""What one call to a provider can end in: a closed set of four values, and what asking about it later can say.

Accepted and Refused are final for the call; Postponed says when to come back; Unsure says that bytes left and no
answer came. Unsure is never sent again blindly and never fails over (P3): it is settled by asking, or by its receipt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Scope(StrEnum):
    """How far a refusal reaches."""

    MESSAGE = "message"
    """This message only: a bad variable, a text the provider will not take."""
    NUMBER = "number"
    """This address, on this channel: dead, blocked, not following."""
    TEMPLATE = "template"
    """Every message with this template or signature: pause the campaign, tell the administrator."""
    ACCOUNT = "account"
    """Every message of this gateway account: no balance, bad key, not subscribed; pause the gateway."""


class Reason(StrEnum):
    """Why a household was not reached, or is excused; the value is what the ledger stores."""

    NO_CONTACT = "no_contact"
    """无号码: nobody in the household has a usable phone or openid."""
    DEAD_NUMBER = "dead_number"
    """空号: the number does not exist."""
    SUSPENDED = "suspended"
    """停机: the number is suspended."""
    SWITCHED_OFF = "switched_off"
    """关机或不在服务区: off or out of area until the message expired."""
    WRONG_NUMBER = "wrong_number"
    """号码有误: whoever has the number says that it is not theirs, or it was corrected before the message left."""
    BLOCKED = "blocked"
    """拒收: blacklisted, or the user refuses this sender."""
    NOT_FOLLOWING = "not_following"
    """未关注: the openid no longer follows the account."""
    OPTED_OUT = "opted_out"
    """退订: the person stopped policy broadcasts."""
    CONTENT = "content"
    """内容被拦截: the carrier or provider refused the text."""
    UNFILED = "unfiled"
    """签名未报备: no gateway's signature is filed with the number's operator."""
    LIMITED = "limited"
    """超过频次: a per-number cap was hit and the window is over."""
    GATEWAY = "gateway"
    """通道故障: the gateway or route failed."""
    SILENT = "silent"
    """无回执: accepted, and no receipt came by the end of the window."""
    UNSETTLED = "unsettled"
    """结果不明: bytes left, no answer, and asking did not settle it."""
    UNKNOWN = "unknown"
    """原因不明: a code that the tables do not know."""
    LOST = "lost"
    """失联: the officer could not find the household."""
    AWAY = "away"
    """整户外出: the whole household is away."""
    CANCELLED = "cancelled"
    """已取消: the campaign was cancelled before the household was told; no visit is asked for."""
    DECEASED = "deceased"
    """去世销户: excused."""
    MOVED = "moved"
    """户口迁出: excused."""
    MISLISTED = "mislisted"
    """名单有误: excused; the household was not owed."""


EXCUSES: frozenset[Reason] = frozenset({Reason.DECEASED, Reason.MOVED, Reason.MISLISTED})

REASON_TEXT: dict[Reason, str] = {
    Reason.NO_CONTACT: "无号码",
    Reason.DEAD_NUMBER: "空号",
    Reason.SUSPENDED: "停机",
    Reason.SWITCHED_OFF: "关机或无信号",
    Reason.WRONG_NUMBER: "号码有误",
    Reason.BLOCKED: "拒收",
    Reason.NOT_FOLLOWING: "未关注",
    Reason.OPTED_OUT: "退订",
    Reason.CONTENT: "内容被拦截",
    Reason.UNFILED: "签名未报备",
    Reason.LIMITED: "超过频次",
    Reason.GATEWAY: "通道故障",
    Reason.SILENT: "无回执",
    Reason.UNSETTLED: "结果不明",
    Reason.UNKNOWN: "原因不明",
    Reason.LOST: "失联",
    Reason.AWAY: "整户外出",
    Reason.CANCELLED: "任务已取消",
    Reason.DECEASED: "去世销户",
    Reason.MOVED: "户口迁出",
    Reason.MISLISTED: "名单有误",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; `provider_ref` is its id for it (BizId, msgid), "" when its answer named none.

    `parts` are the ids of a long text's parts when each of them has a receipt of its own; then none has the message's.
    """

    provider_ref: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not take it, and trying the same again is useless until somebody mends the cause."""

    code: str
    scope: Scope
    reason: Reason


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not executed; may be tried again after `delay`. Never counts as a failure."""

    code: str
    delay: timedelta


@dataclass(frozen=True, slots=True)
class Unsure:
    """Bytes left and no usable answer came; `code` says what was seen (timeout, reset, 500, garbage)."""

    code: str


Outcome = Accepted | Refused | Postponed | Unsure


@dataclass(frozen=True, slots=True)
class Found:
    """Asked, the provider knows the message. `delivered` is None while it still waits for the receipt."""

    provider_ref: str
    delivered: bool | None
    code: str
    reason: Reason | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Absent:
    """Asked, the provider says it has no such message."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Asked in vain, or this provider cannot be asked; ask again later or wait for the receipt."""

    code: str


Settlement = Found | Absent | NoAnswer
