"""Outcomes that do not depend on the provider: what the wire and our own checks decide."""

from datetime import timedelta

from notifier.domain.outcomes import Outcome, Postponed, Reason, Refused, Scope

NOT_SENT_DELAY = timedelta(seconds=5)
"""After a call that never left; short, since dispatch stretches the delay as attempts pile up."""


def batch_refused(code: str) -> Postponed:
    """A batch nobody of which was sent because of one letter: each letter is to be sent alone, at once."""
    return Postponed(f"batch_refused:{code}", timedelta(0))


def unwritable(n_letters: int) -> list[Outcome]:
    """A text holds half of a character and cannot be written down; alone it is refused, in a batch it is looked for."""
    if n_letters > 1:
        return [batch_refused("unwritable")] * n_letters
    return [Refused("unwritable", Scope.MESSAGE, Reason.CONTENT)]
