"""Whoever opens config/notifier.toml finds every setting there, with a comment, and nothing that is not one."""

import re
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from notifier.settings import Settings
from tests.house.tree import ROOT

FILE = ROOT / "config" / "notifier.toml"

_SECTION = re.compile(r"^(?:# ?)?\[\[?([A-Za-z0-9_.\"-]+)\]\]?\s*(?:#.*)?$")
# what follows must look like a value, so that "v1 = the old signature" in a comment is prose
_KEY = re.compile(r"^(?:# ?)?([a-z][a-z0-9_]*)\s*=\s*(?P<rest>(?:[\"'\[{0-9+-]|true|false).*)$")


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The settings slices inside an annotation: itself, or in Optional, a union, a mapping or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is None:
        return []
    return [model for inner in get_args(annotation) for model in _models(inner)]


def _is_collection(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType, Annotated):
        return any(_is_collection(inner) for inner in get_args(annotation))
    return origin is not None and isinstance(origin, type) and not issubclass(origin, BaseModel)


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each setting as (dotted path, description); `*` stands for the name of a member of a collection."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = _models(field.annotation)
        below = f"{path}.*." if _is_collection(field.annotation) else f"{path}."
        for slice_ in inner:
            yield from settings_of(slice_, below)
        if not inner:
            yield path, field.description or ""


def keys_of(text: str) -> dict[str, bool]:
    """Each key of a TOML text, also one that is commented out -> whether a comment explains it."""
    section, commented = "", False
    found: dict[str, bool] = {}
    for line in text.splitlines():
        bare = line.strip()
        if header := _SECTION.match(bare):
            section, commented = header[1].replace('"', "") + ".", False
        elif key := _KEY.match(bare):
            explained = commented or " #" in key["rest"]
            found[section + key[1]] = explained or found.get(section + key[1], False)
            commented = False
        else:
            commented = bare.startswith("#") and len(bare) > 2
    return found


def _fits(path: str, key: str) -> bool:
    ours, theirs = path.split("."), key.split(".")
    return len(ours) == len(theirs) and all(a in ("*", b) for a, b in zip(ours, theirs, strict=True))


def test_every_setting_is_in_the_file_with_a_comment() -> None:
    keys = keys_of(FILE.read_text(encoding="utf-8"))
    paths = [path for path, _ in settings_of(Settings)]
    assert len(paths) > 20
    missing = [path for path in paths if not any(_fits(path, key) for key in keys)]
    silent = [key for key, explained in keys.items() if not explained]
    assert (missing, silent) == ([], []), "(absent from the file, without a comment)"


def test_the_file_holds_nothing_that_is_not_a_setting() -> None:
    paths = [path for path, _ in settings_of(Settings)]
    text = FILE.read_text(encoding="utf-8")
    tomllib.loads(text)
    open_ended = [path for path in paths if _is_open(path)]
    strange = [
        key
        for key in keys_of(text)
        if not any(_fits(path, key) for path in paths) and not any(key.startswith(f"{path}.") for path in open_ended)
    ]
    assert strange == []


def _is_open(path: str) -> bool:
    """Whether the setting itself is a table, so that its keys are the county's own."""
    annotation: Any = Settings
    for part in path.split("."):
        if part != "*":
            model = next(m for m in _models(annotation) if part in m.model_fields)
            annotation = model.model_fields[part].annotation
    return get_origin(annotation) in (dict, types.MappingProxyType) or "Mapping" in str(annotation)


def test_every_setting_says_what_it_means() -> None:
    assert [path for path, description in settings_of(Settings) if len(description) < 8] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[web]\n# where it listens\nport = 1\n", {"web.port": True}),
        ("[web]\nport = 1 # where it listens\n", {"web.port": True}),
        ("[web]\n# where it listens\n\nport = 1\n", {"web.port": False}),
        ('[web]\n# a secret\n# secret = "x"\nport = 1\n', {"web.secret": True, "web.port": False}),
        ("[web]\n# v1 = the old one\nsign = 'v1'\n", {"web.sign": True}),
        ("# [[gateways.a]]\n# its kind\n# kind = 'x'\n", {"gateways.a.kind": True}),
    ],
)
def test_a_key_without_a_comment_is_noticed(text: str, expected: dict[str, bool]) -> None:
    assert keys_of(text) == expected


def test_the_file_is_where_the_readme_says() -> None:
    assert FILE.relative_to(ROOT) == Path("config/notifier.toml")
