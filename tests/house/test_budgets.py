"""Small modules, short functions, plain names: what keeps the house readable in an hour.

Whoever must go over a budget adds a row to EXCUSED with the reason; a row that is no longer needed fails too.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.tree import Function, functions, modules, paths, syntax

MODULE_LINES = 300
FUNCTION_LINES = 40
PARAMETERS = 5
APP_LINES = 200
BANNED = {"util", "utils", "helper", "helpers", "common", "base", "manager", "service", "data"}
TOP_LEVEL = {"notifier", "config", "scripts", "tests", "pyproject.toml", "Dockerfile", "README.md"}

# (files, function or "", budget) -> reason; files and function are shell patterns
_MIGRATIONS = "notifier/store/migrations/versions/*.py"
EXCUSED: dict[tuple[str, str, str], str] = {
    (_MIGRATIONS, "", "module lines"): "a migration is written by alembic, then never edited",
    (_MIGRATIONS, "*grade", "function lines"): "a migration lists one schema change after the other",
}

Finding = tuple[str, str, str, str]  # file, function or "", budget, what was found


def _module_lines(path: Path, tree: ast.Module) -> Iterator[Finding]:
    last = max((node.end_lineno or 0 for node in tree.body), default=0)
    limit = APP_LINES if path.parts[:2] == ("notifier", "app") else MODULE_LINES
    if last > limit:
        yield str(path), "", "module lines", f"{last} lines, at most {limit}"


def _function_lines(path: Path, named: Iterable[tuple[str, Function]]) -> Iterator[Finding]:
    for name, function in named:
        n_lines = (function.end_lineno or 0) - function.lineno + 1
        if n_lines > FUNCTION_LINES:
            yield str(path), name, "function lines", f"{n_lines} lines, at most {FUNCTION_LINES}"


def _parameters(path: Path, named: Iterable[tuple[str, Function]]) -> Iterator[Finding]:
    if path.parts[0] == "tests":
        return  # a test asks for as many fixtures as it needs
    for name, function in named:
        given = function.args
        names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        n_parameters = len([arg for arg in names if arg not in ("self", "cls")])
        if n_parameters > PARAMETERS:
            yield str(path), name, "parameters", f"{n_parameters} parameters, at most {PARAMETERS}"


def _lazy_imports(path: Path, named: Iterable[tuple[str, Function]]) -> Iterator[Finding]:
    for name, function in named:
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield str(path), name, "lazy import", f"imports on line {node.lineno}: cut the cycle instead"


def _names(path: Path, tree: ast.Module) -> Iterator[Finding]:
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for name in (path.stem, *classes):
        if banned := _words(name) & BANNED:
            yield str(path), name, "banned name", f"{sorted(banned)[0]!r} says nothing: use a noun of the README"


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def _findings(path: Path, tree: ast.Module, named: list[tuple[str, Function]]) -> list[Finding]:
    return [
        *_module_lines(path, tree),
        *_function_lines(path, named),
        *_parameters(path, named),
        *_lazy_imports(path, named),
        *_names(path, tree),
    ]


def _all_findings() -> list[Finding]:
    return [found for path in modules() for found in _findings(path, syntax(path), list(functions(path)))]


def _covers(row: tuple[str, str, str], found: Finding) -> bool:
    file, function, budget, _ = found
    return fnmatch(file, row[0]) and fnmatch(function, row[1]) and budget == row[2]


def test_every_module_and_function_keeps_its_budget() -> None:
    over = [found for found in _all_findings() if not any(_covers(row, found) for row in EXCUSED)]
    assert not over, "\n" + "\n".join(f"{file} {name}: {what}" for file, name, _, what in over)


def test_every_excuse_is_still_needed_and_has_a_reason() -> None:
    found = _all_findings()
    assert [row for row in EXCUSED if not any(_covers(row, one) for one in found)] == []
    assert all(len(reason.split()) >= 3 for reason in EXCUSED.values())


def test_functions_are_mostly_short() -> None:
    house = [path for path in modules() if path.parts[0] == "notifier"]
    lengths = sorted((f.end_lineno or 0) - f.lineno + 1 for path in house for _, f in functions(path))
    assert lengths[len(lengths) // 2] <= 10


def test_the_top_level_is_what_the_design_says() -> None:
    found = {path.parts[0] for path in paths() if not path.parts[0].startswith(".")}
    assert found == TOP_LEVEL


@pytest.mark.parametrize(
    ("budget", "code"),
    [
        ("module lines", "x = 1\n" * 301),
        ("function lines", "def f():\n" + "    x = 1\n" * 40),
        ("parameters", "class A:\n    def f(self, a, b, c, *, d, e, f): ..."),
        ("lazy import", "class A:\n    async def f(self):\n        if self:\n            from os import path"),
        ("banned name", "class HouseholdManager: ..."),
    ],
)
def test_going_over_a_budget_is_noticed(budget: str, code: str) -> None:
    tree = ast.parse(code)
    named = [(node.name, node) for node in ast.walk(tree) if isinstance(node, Function)]
    assert [found[2] for found in _findings(Path("notifier/planted.py"), tree, named)] == [budget]
