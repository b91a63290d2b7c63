"""Every kind of source there is, in one list: a new kind is a module, a definition and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notifier.sources.definitions import Definition, FolderDefinition, read_definition, read_definitions
from notifier.sources.feed import FeedSource
from notifier.sources.folder import FolderSource
from notifier.sources.lists import ListSource
from notifier.sources.looking import Means, Watched
from notifier.sources.payment_api import PaymentApiSource
from notifier.sources.payment_definitions import (
    PaymentApiDefinition,
    PushDefinition,
    SftpDefinition,
    SqlQueryDefinition,
)
from notifier.sources.sftp import SftpSource
from notifier.sources.sql_query import SqlQuerySource
from notifier.sources.web_definitions import (
    FeedDefinition,
    HtmlListDefinition,
    JsonListDefinition,
    ScriptListDefinition,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is written down and how it is built; `build` takes a `definition` instance and the means."""

    definition: type[Definition]
    build: Callable[[Any, Means], Watched]


KINDS: Mapping[str, Kind] = {
    "folder": Kind(FolderDefinition, FolderSource),
    "sftp": Kind(SftpDefinition, SftpSource),
    "payment_api": Kind(PaymentApiDefinition, PaymentApiSource),
    "sql_query": Kind(SqlQueryDefinition, SqlQuerySource),
    "feed": Kind(FeedDefinition, FeedSource),
    "html_list": Kind(HtmlListDefinition, ListSource),
    "json_list": Kind(JsonListDefinition, ListSource),
    "script_list": Kind(ScriptListDefinition, ListSource),
}

PUSHED: Mapping[str, type[Definition]] = {"push": PushDefinition}
"""Kinds that are defined like the others and never looked at: they come by themselves."""


def build(definition: Definition, means: Means) -> Watched:
    """The source that a definition describes; nothing is opened or fetched yet."""
    return KINDS[definition.kind].build(definition, means)


def load_sources(folder: Path, means: Means) -> list[Watched]:
    """The enabled sources defined in a folder, by file name. Raises ConfigError naming file, key and mend."""
    found = read_definitions(folder, {**definitions(), **PUSHED})
    return [build(one, means) for one in found if one.enabled and one.kind in KINDS]


def load_pushers(folder: Path) -> Mapping[str, PushDefinition]:
    """The enabled systems that push to us, by name. Raises ConfigError naming file, key and mend."""
    found = read_definitions(folder, {**definitions(), **PUSHED})
    return {one.name: one for one in found if one.enabled and isinstance(one, PushDefinition)}


def load_source(file: Path, means: Means) -> Watched:
    """The source defined in one file, also a disabled one. Raises ConfigError naming file, key and mend."""
    return build(read_definition(file, definitions()), means)


def definitions() -> Mapping[str, type[Definition]]:
    """What each kind's definition is, by kind."""
    return {name: kind.definition for name, kind in KINDS.items()}
