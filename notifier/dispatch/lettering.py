"""A waiting message becomes a letter in the words of its gateway; pure."""

from notifier.domain.messages import Letter, Waiting
from notifier.domain.texts import Filled, Wording


class Lettering:
    """Writes the letters of one chunk; what many of them share is filled once for a gateway."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._said: dict[tuple[str, int], Filled | None] = {}

    def letter(self, gateway: str, one: Waiting) -> Letter | None:
        """The message in that gateway's words; None when it has no text for it, or its text cannot say it."""
        said = self._in_the_words_of(gateway, one)
        if said is None or said.problem:
            return None
        return Letter(
            one.message_id, one.address, said.template, said.parameters, by=said.by, n_segments=said.n_segments
        )

    def _in_the_words_of(self, gateway: str, one: Waiting) -> Filled | None:
        key = (gateway, one.notice.notice_id)
        if key not in self._said:
            self._said[key] = self._wording.said(gateway, one.notice.kind, one.notice.facts)
        return self._said[key]
