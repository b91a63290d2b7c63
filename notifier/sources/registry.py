"""Every kind of source there is, in one list: a new kind is a module, a definition and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notifier.sources.definitions import (
    Definition,
    FeedDefinition,
    FolderDefinition,
    HtmlListDefinition,
    read_definitions,
)
from notifier.sources.feed import FeedSource
from notifier.sources.folder import FolderSource
from notifier.sources.html_list import HtmlListSource
from notifier.sources.looking import Means, Watched


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is written down and how it is built; `build` takes a `definition` instance and the means."""

    definition: type[Definition]
    build: Callable[[Any, Means], Watched]


KINDS: Mapping[str, Kind] = {
    "folder": Kind(FolderDefinition, FolderSource),
    "feed": Kind(FeedDefinition, FeedSource),
    "html_list": Kind(HtmlListDefinition, HtmlListSource),
}


def build(definition: Definition, means: Means) -> Watched:
    """The source that a definition describes; nothing is opened or fetched yet."""
    return KINDS[definition.kind].build(definition, means)


def load_sources(folder: Path, means: Means) -> list[Watched]:
    """The enabled sources defined in a folder, by file name. Raises ConfigError naming file, key and mend."""
    kinds = {name: kind.definition for name, kind in KINDS.items()}
    return [build(one, means) for one in read_definitions(folder, kinds) if one.enabled]
