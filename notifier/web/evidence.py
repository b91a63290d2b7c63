"""Marking the words of a policy that triggered its rule. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any


def triggers(evidence: str) -> Sequence[str]:
    """The words in a campaign's evidence (JSON: strings, or objects with "word", "keyword" or "text"), longest first.

    A string "标题：养羊" stands for 养羊. What is not of this form is left out.
    """
    try:
        found = json.loads(evidence)
    except ValueError:
        return []
    words = {word for item in (found if isinstance(found, list) else [found]) for word in _words(item)}
    return sorted(words, key=lambda word: (-len(word), word))


def _words(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item.rpartition("：")[2].strip() or item
    elif isinstance(item, dict):
        for key in ("word", "keyword", "text"):
            if isinstance(item.get(key), str) and item[key]:
                yield item[key]
    elif isinstance(item, list):
        for part in item:
            yield from _words(part)


def marked(text: str, words: Sequence[str]) -> Sequence[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words; the pieces joined are the text."""
    if not words:
        return [(text, False)]
    pieces = re.split("(" + "|".join(map(re.escape, words)) + ")", text)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]
