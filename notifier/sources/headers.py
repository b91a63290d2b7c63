"""Which words at the head of a column mean which field; a county adds its own in config/headers.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from notifier.domain.errors import ConfigError
from notifier.domain.identity import fold

_BLANKS = re.compile(r"[\s*＊:：]+")
_BRACKETED = re.compile(r"\([^()]*\)$")


@dataclass(frozen=True, slots=True)
class HeaderAliases:
    """`fields` maps a header, folded and without blanks, to its field. Of each group in `required` one field must be
    there."""

    fields: Mapping[str, str]
    required: tuple[tuple[str, ...], ...]

    def field_of(self, header: str) -> str | None:
        """The field that a header names, with or without its unit in brackets; None for an unknown one."""
        key = header_key(header)
        return self.fields.get(key) or self.fields.get(_BRACKETED.sub("", key))


def header_key(text: str) -> str:
    """A header as headers are compared: no blanks, line breaks, stars or colons, one kind of bracket."""
    return _BLANKS.sub("", fold(text)).lower().replace("[", "(").replace("]", ")")


def load_aliases(path: Path, table: str) -> HeaderAliases:
    """The aliases under [<table>.columns] and the groups in <table>.required. Raises ConfigError naming the fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))[table]
        columns: Mapping[str, list[str]] = content["columns"]
        required = tuple(tuple(group) for group in content["required"])
        pairs = [(header_key(alias), field) for field, aliases in columns.items() for alias in aliases]
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"registry.headers_file {path.name}: [{table}] cannot be read ({type(error).__name__}); "
            f"it needs `required` and [{table}.columns] with lists of header words"
        ) from None
    fields: dict[str, str] = {}
    for key, field in pairs:
        if fields.setdefault(key, field) != field:
            raise ConfigError(
                f"registry.headers_file {path.name}: [{table}.columns] gives {key} to both {fields[key]} and {field}; "
                "keep it in one of them"
            )
    unknown = {field for group in required for field in group} - set(columns)
    if unknown:
        raise ConfigError(
            f"registry.headers_file {path.name}: {table}.required names {', '.join(sorted(unknown))}, "
            f"which [{table}.columns] lacks"
        )
    return HeaderAliases(fields, required)
