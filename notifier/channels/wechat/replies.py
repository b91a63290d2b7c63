"""Customer-service answers: five within 48 hours of a person's message, three within a minute of a press or a scan."""

from collections.abc import Awaitable, Callable

from notifier.domain.contracts import ReplyAllowance
from notifier.domain.outcomes import Outcome, Postponed, Reason, Refused, Scope

CUSTOM_SEND = "message/custom/send"
"""Where answers go, below cgi-bin/. They have no delivery event."""


def reply_fields(openid: str, text: str) -> dict[str, object]:
    """The body of custom/send for a text."""
    return {"touser": openid, "msgtype": "text", "text": {"content": text}}


class CountedReplies:
    """The `Replies` of an account: an answer is counted before it leaves, so that no process sends one too many.

    Without an open window it is refused as WeChat would (45015), without a call.
    """

    def __init__(self, send: Callable[[str, str], Awaitable[Outcome]], allowance: ReplyAllowance) -> None:
        self._send = send
        self._allowance = allowance

    async def reply(self, openid: str, text: str) -> Outcome:
        """See `Replies.reply`. What certainly did not leave is not counted."""
        window = await self._allowance.take(openid)
        if window is None:
            return Refused("reply:closed", Scope.NUMBER, Reason.LIMITED)
        outcome = await self._send(openid, text)
        if isinstance(outcome, Postponed):
            await self._allowance.give_back(openid, window)
        return outcome
