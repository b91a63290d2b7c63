"""Values inside JSON by paths: names with dots, numbers count from 0; nothing where a path leads nowhere."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from notifier.domain.errors import SourceError

_CALLED = re.compile(r"^\s*[\w$.]+\s*\((.*)\)\s*;?\s*$", re.DOTALL)
_PLACE = re.compile(r"\{([^{}]+)\}")


def read_json(text: str) -> Any:
    """The value of a JSON text, or of the one argument of a call around it. Raises SourceError."""
    called = _CALLED.match(text)
    try:
        return orjson.loads(called[1] if called else text.lstrip("\ufeff").strip())
    except orjson.JSONDecodeError:
        raise SourceError("答复不是 JSON；接口可能已变更", temporary=False) from None


def at_path(value: Any, path: str) -> Any:
    """What lies at the path, or None. JSON that is kept as a text inside JSON is opened on the way."""
    for step in path.split(".") if path else ():
        if isinstance(value, str) and value[:1] in ("{", "["):
            value = _opened(value)
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def text_at(value: Any, path: str) -> str:
    """The text or number at the path, or an address with the values at its {paths}; '' when there is none."""
    if "{" in path:
        found = {name: text_at(value, name) for name in _PLACE.findall(path)}
        return _PLACE.sub(lambda place: found[place[1]], path) if all(found.values()) else ""
    said = at_path(value, path)
    return "" if said is None or isinstance(said, bool | Mapping | list) else str(said)


def _opened(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
