"""The life cycles: one transition table each. An edge that is not in its table does not exist.

A table maps (state, event) to the next state. What repeats or comes late and must change nothing is an explicit row
that stays where it is, with the reason beside it, so that order and repetition never matter.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from notifier.domain.errors import TransitionError

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class MessageState(StrEnum):
    """Where one message is."""

    READY = "ready"
    """Composed, in a chunk, not handed to a gateway."""
    POSTPONED = "postponed"
    """Waits for a time: quiet hours, a cap, a throttled gateway."""
    ACCEPTED = "accepted"
    """The gateway has it; no receipt yet."""
    DELIVERED = "delivered"
    """A receipt says it reached the handset or client."""
    FAILED = "failed"
    """Refused, or a receipt says it did not arrive."""
    UNSURE = "unsure"
    """Bytes left and no answer came."""
    SILENT = "silent"
    """Accepted, and the window ended without a receipt."""
    WITHDRAWN = "withdrawn"
    """Cancelled before it was handed over."""


class MessageEvent(StrEnum):
    """What can happen to a message."""

    ACCEPT = "accept"
    """The gateway took it."""
    REFUSE = "refuse"
    """The gateway will not take it."""
    POSTPONE = "postpone"
    """Not executed; later."""
    LOSE = "lose"
    """Bytes left, no answer."""
    RELEASE = "release"
    """Its time has come, or asking proved that it never left."""
    DELIVER = "deliver"
    """A receipt says delivered."""
    FAIL = "fail"
    """A receipt says failed."""
    FALL_SILENT = "fall_silent"
    """The receipt window ended."""
    WITHDRAW = "withdraw"
    """The campaign was cancelled."""


_M, _E = MessageState, MessageEvent

MESSAGE: Mapping[tuple[MessageState, MessageEvent], MessageState] = {
    (_M.READY, _E.ACCEPT): _M.ACCEPTED,
    (_M.READY, _E.REFUSE): _M.FAILED,
    (_M.READY, _E.POSTPONE): _M.POSTPONED,
    (_M.READY, _E.LOSE): _M.UNSURE,
    (_M.READY, _E.WITHDRAW): _M.WITHDRAWN,
    # A receipt can come before the gateway's own answer is recorded; its word is the stronger one.
    (_M.READY, _E.DELIVER): _M.DELIVERED,
    (_M.READY, _E.FAIL): _M.FAILED,
    (_M.POSTPONED, _E.RELEASE): _M.READY,
    (_M.POSTPONED, _E.WITHDRAW): _M.WITHDRAWN,
    (_M.ACCEPTED, _E.DELIVER): _M.DELIVERED,
    (_M.ACCEPTED, _E.FAIL): _M.FAILED,
    (_M.ACCEPTED, _E.FALL_SILENT): _M.SILENT,
    # The answer of a settled attempt can be recorded twice after a crash.
    (_M.ACCEPTED, _E.ACCEPT): _M.ACCEPTED,
    # Accepted once is never called unsure again: the earlier answer stands.
    (_M.ACCEPTED, _E.LOSE): _M.ACCEPTED,
    (_M.UNSURE, _E.ACCEPT): _M.ACCEPTED,
    (_M.UNSURE, _E.REFUSE): _M.FAILED,
    # The answer came after its owner was believed dead: not executed.
    (_M.UNSURE, _E.POSTPONE): _M.POSTPONED,
    (_M.UNSURE, _E.DELIVER): _M.DELIVERED,
    (_M.UNSURE, _E.FAIL): _M.FAILED,
    # The provider was asked and has no such message: it never left.
    (_M.UNSURE, _E.RELEASE): _M.READY,
    # Asking did not settle it by the end of the window: to a visit, never to another message (P3).
    (_M.UNSURE, _E.FALL_SILENT): _M.SILENT,
    # A late `delivered` always wins.
    (_M.FAILED, _E.DELIVER): _M.DELIVERED,
    (_M.SILENT, _E.DELIVER): _M.DELIVERED,
    # Repeats, and what an earlier word already decided.
    (_M.FAILED, _E.FAIL): _M.FAILED,
    (_M.FAILED, _E.ACCEPT): _M.FAILED,
    # A failing receipt came before the answer, and the answer never.
    (_M.FAILED, _E.LOSE): _M.FAILED,
    # Silence was recorded while a slow settlement or an answer was on its way; only `delivered` is news.
    (_M.SILENT, _E.ACCEPT): _M.SILENT,
    # What is lost or unsure already was lost by a crash first and by its own late answer second.
    (_M.UNSURE, _E.LOSE): _M.UNSURE,
    (_M.FAILED, _E.FALL_SILENT): _M.FAILED,
    # A failing receipt after the window says why; its household has gone on already.
    (_M.SILENT, _E.FAIL): _M.FAILED,
    (_M.SILENT, _E.FALL_SILENT): _M.SILENT,
    (_M.DELIVERED, _E.DELIVER): _M.DELIVERED,
    (_M.DELIVERED, _E.FAIL): _M.DELIVERED,
    (_M.DELIVERED, _E.ACCEPT): _M.DELIVERED,
    (_M.DELIVERED, _E.LOSE): _M.DELIVERED,
    (_M.DELIVERED, _E.FALL_SILENT): _M.DELIVERED,
}


class OwedState(StrEnum):
    """Where the telling of one household stands."""

    PENDING = "pending"
    """Nothing is decided: messages are under way or not yet composed."""
    REACHED = "reached"
    """Evidence of level handset or better exists."""
    UNREACHED = "unreached"
    """Every step before the visit ended without evidence; a visit is open or was in vain."""
    EXCUSED = "excused"
    """Two persons agreed that nobody is there to be told."""


class Level(StrEnum):
    """How strong the evidence is (P4); rates name their level."""

    ACCEPTED = "accepted"
    """The gateway took it."""
    HANDSET = "handset"
    """A receipt says it arrived."""
    ACKNOWLEDGED = "acknowledged"
    """A person said so: 我已知晓, a reply, a signed visit."""


class OwedEvent(StrEnum):
    """What can happen to the telling of a household."""

    REACH = "reach"
    """Evidence came."""
    EXHAUST = "exhaust"
    """The ladder came down to the visit."""
    EXCUSE = "excuse"
    """A second person confirmed the excuse."""
    REOPEN = "reopen"
    """Another payment line of the household was found after it was told."""
    DISOWN = "disown"
    """Whoever received the notice says that the number is not the household's."""


_O, _V = OwedState, OwedEvent

OWED: Mapping[tuple[OwedState, OwedEvent], OwedState] = {
    (_O.PENDING, _V.REACH): _O.REACHED,
    (_O.PENDING, _V.EXHAUST): _O.UNREACHED,
    (_O.PENDING, _V.EXCUSE): _O.EXCUSED,
    # unreached -> reached is always open: a late receipt, a visit, a corrected number.
    (_O.UNREACHED, _V.REACH): _O.REACHED,
    (_O.UNREACHED, _V.EXHAUST): _O.UNREACHED,
    (_O.UNREACHED, _V.EXCUSE): _O.EXCUSED,
    (_O.REACHED, _V.REACH): _O.REACHED,
    # Evidence outlives a later failure of another message.
    (_O.REACHED, _V.EXHAUST): _O.REACHED,
    # An excuse after evidence is refused by not being here; evidence after an excuse is believed.
    (_O.EXCUSED, _V.REACH): _O.REACHED,
    (_O.EXCUSED, _V.EXHAUST): _O.EXCUSED,
    # Told of what was known then; the new line is owed a notice of its own.
    (_O.REACHED, _V.REOPEN): _O.PENDING,
    (_O.PENDING, _V.REOPEN): _O.PENDING,
    # The new line is told too, and the open visit covers whatever does not arrive.
    (_O.UNREACHED, _V.REOPEN): _O.UNREACHED,
    # Nobody is there to be told.
    (_O.EXCUSED, _V.REOPEN): _O.EXCUSED,
    # A stranger's handset is no evidence; what a person of the household said or signed stands (Level).
    (_O.REACHED, _V.DISOWN): _O.PENDING,
    (_O.PENDING, _V.DISOWN): _O.PENDING,
    (_O.UNREACHED, _V.DISOWN): _O.UNREACHED,
    (_O.EXCUSED, _V.DISOWN): _O.EXCUSED,
}


class CampaignState(StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
    """Being written, or made from a benefit and waiting for its review to be asked."""
    IN_REVIEW = "in_review"
    """Waits for the reviewer of its next level."""
    RETURNED = "returned"
    """退回修改, with remarks."""
    APPROVED = "approved"
    """Every review is done; its content is sealed."""
    RUNNING = "running"
    """Planned, or being planned; messages go out."""
    PAUSED = "paused"
    """Nothing new is handed to a gateway; receipts are still read."""
    FINISHED = "finished"
    """No owed is pending."""
    CANCELLED = "cancelled"
    """Stopped for good; what was not sent is withdrawn."""


class CampaignEvent(StrEnum):
    """What can happen to a campaign."""

    SUBMIT = "submit"
    """Its author asks for review."""
    APPROVE = "approve"
    """The last reviewer agreed."""
    RETURN = "return"
    """A reviewer sent it back."""
    LAUNCH = "launch"
    """Now, or its scheduled time has come."""
    PAUSE = "pause"
    """A person, or a template or signature code, stopped it."""
    RESUME = "resume"
    """A person started it again."""
    FINISH = "finish"
    """Nothing is pending."""
    REOPEN = "reopen"
    """A resolved payment or a corrected number made something pending."""
    CANCEL = "cancel"
    """A person stopped it for good."""
    VOID = "void"
    """What was approved is not what stands there now: the approvals count no more."""


_C, _K = CampaignState, CampaignEvent

CAMPAIGN: Mapping[tuple[CampaignState, CampaignEvent], CampaignState] = {
    (_C.DRAFT, _K.SUBMIT): _C.IN_REVIEW,
    (_C.RETURNED, _K.SUBMIT): _C.IN_REVIEW,
    (_C.IN_REVIEW, _K.APPROVE): _C.APPROVED,
    (_C.IN_REVIEW, _K.RETURN): _C.RETURNED,
    # An audited disbursement needs no review of its own (default): its audits were the review.
    (_C.DRAFT, _K.APPROVE): _C.APPROVED,
    (_C.APPROVED, _K.LAUNCH): _C.RUNNING,
    # The seal of the approval did not fit when it was to start.
    (_C.APPROVED, _K.VOID): _C.RETURNED,
    (_C.RUNNING, _K.PAUSE): _C.PAUSED,
    (_C.PAUSED, _K.RESUME): _C.RUNNING,
    (_C.RUNNING, _K.FINISH): _C.FINISHED,
    (_C.FINISHED, _K.REOPEN): _C.RUNNING,
    (_C.DRAFT, _K.CANCEL): _C.CANCELLED,
    (_C.RETURNED, _K.CANCEL): _C.CANCELLED,
    (_C.IN_REVIEW, _K.CANCEL): _C.CANCELLED,
    (_C.APPROVED, _K.CANCEL): _C.CANCELLED,
    (_C.RUNNING, _K.CANCEL): _C.CANCELLED,
    (_C.PAUSED, _K.CANCEL): _C.CANCELLED,
}


def after(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """The state after `event`. Raises TransitionError when the table has no such edge."""
    try:
        return table[state, event]
    except KeyError:
        raise TransitionError(f"{state.value} has no edge for {event.value}") from None


def sources_of(table: Mapping[tuple[S, E], S], event: E) -> dict[S, S]:
    """The edges of `event` that move: {state before: state after}, without those that stay. For set-based updates."""
    return {before: then for (before, what), then in table.items() if what == event and before != then}
