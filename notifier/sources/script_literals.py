"""Arrays and objects written in JavaScript, as pages carry their lists: read as values, never run."""

import re
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_$][\w$]*)|(?P<sign>[\[\]{},:+]))""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_DEEPEST = 20


class NotLiteral(ValueError):
    """A place in a script is not an array, object, text or number."""


def array_named(script: str, name: str) -> list[Any]:
    """The array that a script gives to `name`, also when it is filled in place by place; empty when there is none.

    var list = [{title: 'a',},]; and urls[0] = "…"; and list.push({…}); all count, in the order of the script.
    """
    named = re.escape(name)
    start = re.compile(
        rf"(?<![\w$.])(?:window\.)?{named}\s*(?:(?P<whole>=)(?!=)|\[\s*(?P<at>\d+)\s*\]\s*=(?!=)|(?P<push>\.push)\s*\()"
    )
    found: list[Any] = []
    placed: dict[int, Any] = {}
    for begin in start.finditer(script):
        try:
            value, _ = _value(script, begin.end(), 0)
        except NotLiteral:
            continue
        if begin["whole"] and isinstance(value, list):
            found += value
        elif begin["push"]:
            found.append(value)
        elif begin["at"]:
            placed[int(begin["at"])] = value
    return found + [placed[at] for at in sorted(placed)]


def _value(script: str, at: int, depth: int) -> tuple[Any, int]:
    kind, said, at = _token(script, at)
    if kind == "text":
        return _joined(script, _unescaped(said[1:-1]), at)
    if kind == "number":
        return (float(said) if "." in said else int(said)), at
    if kind == "word" and said in _WORDS:
        return _WORDS[said], at
    if depth < _DEEPEST and said == "[":
        return _array(script, at, depth)
    if depth < _DEEPEST and said == "{":
        return _object(script, at, depth)
    raise NotLiteral(said)


def _array(script: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        _, said, after = _token(script, at)
        if said == "]":
            return found, after
        if said == ",":  # the one after the last element, or a hole
            at = after
            continue
        value, at = _value(script, at, depth + 1)
        found.append(value)


def _object(script: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        kind, said, after = _token(script, at)
        if said == "}":
            return found, after
        if said == ",":
            at = after
            continue
        name = _unescaped(said[1:-1]) if kind == "text" else said
        _, colon, after = _token(script, after)
        if colon != ":":
            raise NotLiteral(colon)
        found[name], at = _value(script, after, depth + 1)


def _joined(script: str, said: str, at: int) -> tuple[str, int]:
    """A text and those that are added to it by plus signs."""
    while True:
        plus = _TOKEN.match(script, at)
        if plus is None or plus["sign"] != "+":
            return said, at
        more = _TOKEN.match(script, plus.end())
        if more is None or more["text"] is None:
            return said, at
        said, at = said + _unescaped(more["text"][1:-1]), more.end()


def _token(script: str, at: int) -> tuple[str, str, int]:
    found = _TOKEN.match(script, at)
    if found is None or found.lastgroup is None:
        raise NotLiteral(script[at : at + 10])
    return found.lastgroup, found[found.lastgroup], found.end()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _LETTERS.get(code, code)
