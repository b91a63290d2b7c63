"""Marking the words of a policy that triggered its rule. Pure."""

import json
import re
from collections.abc import Sequence


def triggers(evidence: str) -> Sequence[str]:
    """The phrases in a campaign's evidence (a JSON list of objects with "phrase"), longest first, each once."""
    try:
        found = json.loads(evidence)
    except ValueError:
        return []
    phrases = {one.get("phrase") for one in found if isinstance(one, dict)} if isinstance(found, list) else set()
    return sorted((one for one in phrases if isinstance(one, str) and one), key=lambda one: (-len(one), one))


def marked(text: str, words: Sequence[str]) -> Sequence[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words; the pieces joined are the text."""
    if not words:
        return [(text, False)]
    pieces = re.split("(" + "|".join(map(re.escape, words)) + ")", text)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]
