"""The repository as the house tests see it: what is tracked or about to be, and the code in it."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "notifier"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def paths() -> tuple[Path, ...]:
    """Every file that git tracks or would track, relative to ROOT, sorted; never empty."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    names = sorted(name for name in set(listing.split("\0")) if name and (ROOT / name).is_file())
    assert names, "git lists no file: is this a checkout?"
    return tuple(Path(name) for name in names)


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file, scripts without an ending included, relative to ROOT."""
    return tuple(path for path in paths() if path.suffix == ".py" or _is_python_script(path))


def _is_python_script(path: Path) -> bool:
    if path.parts[0] != "scripts" or path.suffix:
        return False
    with (ROOT / path).open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Each function with its dotted name inside the module, nested ones too."""
    yield from _functions(syntax(path), "")


def _functions(parent: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(parent):
        if isinstance(child, Function):
            yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)
