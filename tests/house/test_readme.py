"""The README tells the truth about the house: its rooms, its nouns, its decisions.

It is read by headings: `## … Rooms`, `## … Nouns` and `## … Decisions` (anything may stand around the word), each with
a table whose first column names a room, a noun or a decision in backticks or plainly.
"""

import re

import pytest

from tests.house.tree import PACKAGE, ROOT, paths

README = ROOT / "README.md"

NOUNS = (
    "Region", "Household", "Person", "Follower", "Source", "Benefit", "Policy", "Disbursement", "Payment", "Rule",
    "Campaign", "Owed", "Message", "Chunk", "Attempt", "Receipt", "Visit", "Inquiry", "Tally",
)  # fmt: skip

needs_readme = pytest.mark.skipif(not README.exists(), reason="the README is not written yet")


def _section(text: str, word: str) -> str:
    """What stands below the first heading with this word, up to the next heading of that level or higher."""
    heading = re.search(rf"^(#+) .*\b{word}\b.*$", text, re.MULTILINE | re.IGNORECASE)
    assert heading, f"the README has no heading with the word {word!r}"
    rest = text[heading.end() :]
    following = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def first_column(text: str, word: str) -> list[str]:
    """The first words of the rows of the tables in a section, head and ruler left out."""
    rows = re.findall(r"^\|\s*([^|]*?)\s*\|", _section(text, word), re.MULTILINE)
    names = [re.split(r"[\s/(（]", row.strip("`* "))[0].strip("`*") for row in rows]
    return [name for n, name in enumerate(names) if not _is_ruler(name) and not _is_head(names, n)]


def _is_ruler(name: str) -> bool:
    return bool(re.fullmatch(r":?-*:?", name))


def _is_head(names: list[str], n: int) -> bool:
    return n + 1 < len(names) and bool(re.fullmatch(r":?-+:?", names[n + 1]))


def _readme() -> str:
    return README.read_text(encoding="utf-8")


def _cited() -> dict[str, str]:
    """Each decision that code or configuration cites -> one place that cites it."""
    cited: dict[str, str] = {}
    for path in paths():
        if path.parts[0] in ("notifier", "scripts", "config", "tests") and path.parts[:2] != ("tests", "house"):
            raw = (ROOT / path).read_bytes()
            if b"\0" not in raw[:8192] and path.suffix in ("", ".py", ".toml", ".html", ".sql"):
                for name in re.findall(r"\((D\d+)\)", raw.decode("utf-8", errors="replace")):
                    cited.setdefault(name, str(path))
    return cited


@needs_readme
def test_the_table_of_rooms_equals_the_folders() -> None:
    listed = {name.removesuffix(".py") for name in first_column(_readme(), "Rooms")}
    built = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert listed == built - {"__init__"}


@needs_readme
def test_the_table_of_nouns_has_every_noun_in_the_order_of_flow() -> None:
    assert [name for name in first_column(_readme(), "Nouns") if name in NOUNS] == list(NOUNS)


@needs_readme
def test_every_decision_that_code_cites_is_in_the_readme() -> None:
    decided = first_column(_readme(), "Decisions")
    assert decided
    assert len(decided) == len(set(decided)), "a number was given twice"
    assert {name: place for name, place in _cited().items() if name not in decided} == {}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("| room | what |\n|---|---|\n| `watch/` | sources |\n| `wire.py` | http |", ["watch", "wire.py"]),
        ("| noun | 中文 |\n|:--|--:|\n| **Owed** | x |\n| Region（行政区划） | y |", ["Owed", "Region"]),
        ("| # | decision |\n|---|---|\n| D1 · 2026 | six rooms |\n\n| a |\n|---|\n| D2 | x |", ["D1", "D2"]),
    ],
)
def test_a_table_is_read_by_its_first_column(table: str, expected: list[str]) -> None:
    assert first_column(f"# Title\n\n## The Rooms\n\n{table}\n\n## Next\n\n| z |\n|---|\n| y |\n", "Rooms") == expected


def test_a_readme_without_the_section_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no heading"):
        first_column("# Title\n", "Rooms")
