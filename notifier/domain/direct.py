"""A text that one person waits for, sent at once and outside of every campaign."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from notifier.domain.messages import Medium
from notifier.domain.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Direct:
    """A login code, an answer, a trial of a notice: owed to no household, so in no rate.

    `kind` is the section of the notice texts that says it ("login", "answer", or a notice's own for a trial), `facts`
    what fills it, `address` a phone (or an openid for WeChat), `by_user` who had it sent ("" for the service).
    """

    address: str = field(repr=False)
    kind: str
    facts: Mapping[str, str] = field(repr=False)
    by_user: str = ""
    medium: Medium = Medium.SMS


class SendNow(Protocol):
    """The door for one text; `app` hands it over."""

    async def __call__(self, direct: Direct, /) -> Outcome:
        """Accepted when a gateway has it; one call a gateway, the next gateway only where nothing can have arrived.

        Postponed: nothing left, and `delay` says when it may be tried again (number_cap, no_gateway, busy, a limit).
        Unsure: it may arrive; never sent again by itself. Refused: see its code ("lint", "no_text", "unfiled", the
        provider's). On record in the ledger without what it said. Raises nothing a provider can cause.
        """
        ...
