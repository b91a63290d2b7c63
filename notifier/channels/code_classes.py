"""The classes of status codes: what a class lets the other columns of its row say, and what their empty cells mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.outcomes import Reason, Scope


class Kind(StrEnum):
    """What a code says of the call or the message."""

    REFUSED = "refused"
    """Useless to repeat as it is."""
    POSTPONED = "postponed"
    """Not executed; may be tried later."""
    UNSURE = "unsure"
    """It may have been executed."""
    TOKEN = "token"  # noqa: S105 - a kind, not a secret
    """The access token was not taken; nothing was executed."""
    DUPLICATE = "duplicate"
    """The provider has had this very message before."""
    FAILED = "failed"
    """A receipt's code: the message did not arrive."""


class Class(StrEnum):
    """What a code is a matter of, and so what is done about it."""

    PERMANENT = "P"
    """This address on this channel: after some days the number is used no more, or another channel is."""
    TEMPORARY = "T"
    """The handset: off, out of area, suspended; never held against the number."""
    CONTENT = "C"
    """The text, its template or its signature: one text fails, several or a template pause the campaign."""
    LIMIT = "L"
    """So many for now: waits, or goes another way when the receipt says so."""
    UNKNOWN = "U"
    """Nobody knows for certain, or sources disagree; an unknown code is one."""
    SYSTEM = "S"
    """The provider or its route: another gateway may do, once it is certain that this one did not."""
    ACCOUNT = "A"
    """The gateway's account: the gateway is paused until somebody mends it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the rows of a class may say; what stands first in a column is what an empty cell means."""

    kinds: Sequence[Kind]
    scopes: Sequence[Scope]
    reasons: Sequence[Reason]


_ANY_SCOPE = (Scope.MESSAGE, Scope.NUMBER, Scope.TEMPLATE, Scope.ACCOUNT)
_OF_A_HANDSET = (Reason.SWITCHED_OFF, Reason.SUSPENDED)
_OF_A_NUMBER = (Reason.DEAD_NUMBER, Reason.BLOCKED, Reason.OPTED_OUT, Reason.NOT_FOLLOWING)

BOUNDS: dict[Class, Bounds] = {
    Class.PERMANENT: Bounds((Kind.REFUSED, Kind.FAILED), (Scope.NUMBER,), _OF_A_NUMBER),
    Class.TEMPORARY: Bounds((Kind.FAILED, Kind.POSTPONED), (Scope.NUMBER,), _OF_A_HANDSET),
    Class.CONTENT: Bounds(
        (Kind.REFUSED, Kind.FAILED),
        (Scope.MESSAGE, Scope.TEMPLATE, Scope.ACCOUNT),
        (Reason.CONTENT, Reason.UNFILED),
    ),
    Class.LIMIT: Bounds(
        (Kind.POSTPONED, Kind.REFUSED, Kind.FAILED),
        (Scope.NUMBER, Scope.MESSAGE, Scope.TEMPLATE, Scope.ACCOUNT),
        (Reason.LIMITED,),
    ),
    Class.UNKNOWN: Bounds(
        (Kind.FAILED, Kind.REFUSED, Kind.UNSURE, Kind.DUPLICATE),
        (Scope.MESSAGE, Scope.NUMBER),
        (Reason.UNKNOWN, Reason.GATEWAY, Reason.BLOCKED, *_OF_A_HANDSET),
    ),
    Class.SYSTEM: Bounds(
        (Kind.FAILED, Kind.REFUSED, Kind.UNSURE, Kind.POSTPONED),
        _ANY_SCOPE,
        (Reason.GATEWAY,),
    ),
    Class.ACCOUNT: Bounds(
        (Kind.REFUSED, Kind.POSTPONED, Kind.TOKEN, Kind.UNSURE),
        (Scope.ACCOUNT,),
        (Reason.GATEWAY,),
    ),
}
"""Every class with its bounds."""
