"""Words that gateways refuse, from config, and what a notice must never hold."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from notifier.domain.errors import ConfigError
from notifier.domain.free_text import masked_published

Words = Mapping[str, Sequence[str]]
"""Forbidden words by gateway name; under "all" those of every gateway."""


def load_words(path: Path) -> Words:
    """The words of the file. Raises ConfigError naming the key and the mend."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"campaigns.forbidden_file {path.name}: cannot be read ({error})") from None
    for gateway, words in content.items():
        if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
            raise ConfigError(f"{path.name} {gateway}: must be a list of words")
    return content


def forbidden_in(text: str, gateway: str, words: Words) -> list[str]:
    """The words of the text that the gateway refuses, in the order of the list."""
    return [word for word in (*words.get("all", ()), *words.get(gateway, ())) if word in text]


def names_somebody(text: str) -> bool:
    """Whether the text holds what looks like an id, a card or a mobile number."""
    return masked_published(text) != text
