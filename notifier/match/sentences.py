"""A notice's text in sentences and clauses, with where each stands; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SENTENCE = re.compile(r"[^。！？；;\n]+")
_CLAUSE = re.compile(r"(?:[^，,：:（）()]|(?<=\d),(?=\d{3}))+")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text; `at` is where it begins, so that text[at : at + len(words)] is the piece."""

    words: str
    at: int


def sentences(text: str) -> Iterator[Span]:
    """Every sentence, in order, without its full stop; blanks around it are not part of it."""
    yield from _found(_SENTENCE, text, 0)


def clauses(sentence: Span) -> Iterator[Span]:
    """Every clause of a sentence, in order; 、 holds a list together, a comma and a colon part."""
    yield from _found(_CLAUSE, sentence.words, sentence.at)


def _found(pattern: re.Pattern[str], text: str, offset: int) -> Iterator[Span]:
    for match in pattern.finditer(text):
        words = match[0].strip()
        if words:
            yield Span(words, offset + match.start() + match[0].index(words))
