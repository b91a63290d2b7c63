"""The patterns by which government sites publish, shipped as definitions that a county's own keys override."""

import tomllib
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any


def preset_names() -> list[str]:
    """Every shipped preset, by name."""
    return sorted(one.name.removesuffix(".toml") for one in files(__package__).iterdir() if one.name.endswith(".toml"))


def about(name: str) -> str:
    """What a preset is for and what it still needs: the comment at its head, as one line."""
    lines = files(__package__).joinpath(f"{name}.toml").read_text("utf-8").splitlines()
    return " ".join(line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), lines))


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def with_preset(written: dict[str, Any]) -> dict[str, Any]:
    """The keys of a definition with those of its preset beneath. Raises LookupError when there is no such preset."""
    name = written.get("preset")
    if name is None:
        return written
    if name not in preset_names():
        raise LookupError(name)
    return _read(str(name)) | written
