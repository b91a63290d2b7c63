"""Answers by SMS, to who asked by SMS: at once, in the words that a gateway's approved text leaves room for."""

from dataclasses import dataclass

from notifier.domain.direct import Direct, SendNow
from notifier.domain.outcomes import Outcome

_KIND = "answer"


@dataclass(frozen=True, slots=True)
class TextedReplies:
    """The `Replies` of a phone. Where no gateway has a text for answers, or this one is too long, it is Refused."""

    send_now: SendNow
    hotline: str

    async def reply(self, openid: str, text: str) -> Outcome:
        """See `Replies.reply`; here the address is a phone."""
        return await self.send_now(Direct(openid, _KIND, {"answer": text, "tel": self.hotline}))
