"""What the help pages say, and which screen each belongs to; pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ROOT = "/"


@dataclass(frozen=True, slots=True)
class HelpPage:
    """What a screen is for, its steps in order, and questions with answers. `at` are the paths that it belongs to."""

    name: str
    at: Sequence[str]
    title: str
    purpose: str
    steps: Sequence[str]
    questions: Sequence[tuple[str, str]]


@cache
def help_pages() -> Mapping[str, HelpPage]:
    """Every help page by its name, in the order of the work."""
    rows = tomllib.loads(files("notifier.web").joinpath("help.toml").read_text("utf-8"))["page"]
    return {row["name"]: HelpPage(**row) for row in rows}


def help_for(path: str) -> str | None:
    """The address of the help page of a screen; None for a path that has none, such as a help page."""
    fitting = [(len(place), page.name) for page in help_pages().values() for place in page.at if _is_at(path, place)]
    return f"/help/{max(fitting)[1]}" if fitting else None


def _is_at(path: str, place: str) -> bool:
    return path == place or (place != _ROOT and path.startswith(f"{place}/"))
