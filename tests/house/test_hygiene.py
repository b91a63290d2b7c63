"""No file names a package registry's host or a place on somebody's machine."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, paths

# Written as patterns of projects and endings, so that this file names no host either.
FORBIDDEN = {
    "a package registry's host": re.compile(
        r"\b(?:pypi|npmjs|pythonhosted|npmmirror|debian|ubuntu|crates|rubygems|golang|docker|ghcr|quay|jsdelivr|unpkg)"
        r"\.(?:org|com|io|net|cn)\b"
        r"|\b(?:registry|mirrors?|proxy|deb|files|index)\.(?:[a-z0-9-]+\.)+(?:org|com|io|net|cn)\b",
        re.IGNORECASE,
    ),
    "a path of one machine": re.compile(r"(?<![\w.:/}$-])/(?:tmp|work|root|home|Users|opt|mnt)/[\w.]"),
}


def _texts() -> list[tuple[Path, str]]:
    texts = []
    for path in paths():
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw[:8192]:
            texts.append((path, raw.decode("utf-8", errors="replace")))
    return texts


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    pattern = FORBIDDEN[what]
    found = [
        f"{path}:{n}: {match.group()}"
        for path, text in _texts()
        for n, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_no_tracked_file_holds_this_checkout_s_own_place() -> None:
    places = {str(ROOT)} if len(ROOT.parts) > 2 else set()
    assert [str(path) for path, text in _texts() if any(f"{place}/" in text for place in places)] == []


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("a package registry's host", ("https://py", "pi.", "org/simple")),
        ("a package registry's host", ("registry.", "example.", "com")),
        ("a path of one machine", ("open('/", "ho", "me/somebody/x')")),
        ("a path of one machine", ('"', "/", "tmp/x")),
    ],
)
def test_a_forbidden_name_is_noticed(what: str, parts: tuple[str, ...]) -> None:
    assert FORBIDDEN[what].search("".join(parts))


@pytest.mark.parametrize("harmless", ["/usr/bin/env", "from notifier.registry.step import x", "/srv/notifier"])
def test_a_harmless_name_is_left_alone(harmless: str) -> None:
    assert not any(pattern.search(harmless) for pattern in FORBIDDEN.values())
