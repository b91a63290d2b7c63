"""A waiting message becomes a letter in the words of its gateway; pure."""

from collections.abc import Callable

from notifier.domain.messages import Letter, Waiting
from notifier.domain.texts import LINK, Filled, Wording

LinkOf = Callable[[Waiting], str]
"""The code of the household's own page that stands in a message; personal data."""


class Lettering:
    """Writes the letters of one chunk; what many of them share is filled once for a gateway.

    `pages` is where the codes of `link_of` lead to, "" where letters carry no link beside what their texts say.
    """

    def __init__(self, wording: Wording, link_of: LinkOf | None = None, pages: str = "") -> None:
        self._wording = wording
        self._link_of = link_of
        self._pages = pages
        self._said: dict[tuple[str, int], Filled | None] = {}

    def letter(self, gateway: str, one: Waiting) -> Letter | None:
        """The message in that gateway's words; None when it has no text for it, or its text cannot say it."""
        said = self._in_the_words_of(gateway, one)
        if said is None or said.problem:
            return None
        link = f"{self._pages}{self._link_of(one)}" if self._link_of and self._pages else None
        return Letter(
            one.message_id, one.address, said.template, said.parameters, link, by=said.by, n_segments=said.n_segments
        )

    def _in_the_words_of(self, gateway: str, one: Waiting) -> Filled | None:
        if self._link_of and self._wording.says(gateway, one.notice.kind, LINK):
            return self._wording.said(gateway, one.notice.kind, {**one.notice.facts, LINK: self._link_of(one)})
        key = (gateway, one.notice.notice_id)
        if key not in self._said:
            self._said[key] = self._wording.said(gateway, one.notice.kind, one.notice.facts)
        return self._said[key]
