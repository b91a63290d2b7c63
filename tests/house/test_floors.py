"""The import contracts hold, and each of them really catches what it names."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import PACKAGE, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# a wrong import for every contract: the file that gets it, the import, a word of the contract's name
WRONG = [
    ("match/__init__.py", "from notifier.compose import __doc__", "strangers"),
    ("domain/__init__.py", "from notifier.store import __doc__", "only points down"),
    ("sandbox/__init__.py", "from notifier.channels import __doc__", "judges"),
    ("domain/__init__.py", "import nats", "The nouns are pure"),
    ("watch/__init__.py", "import sqlalchemy", "speaks SQL"),
    ("track/__init__.py", "import aiohttp", "speak HTTP"),
    ("report/__init__.py", "import aiohttp_jinja2", "renders pages"),
    ("dispatch/__init__.py", "import apscheduler", "the scheduler"),
    ("dispatch/__init__.py", "import nats", "the message broker"),
    ("compose/__init__.py", "import wechatpy", "know wechatpy"),
    ("compose/__init__.py", "import aliyunsdkcore", "the Aliyun SDK"),
    ("sources/__init__.py", "import requests", "blocking client"),
]


def _lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Its output has one line a contract; PYTHONPATH makes it read this folder, not the installed package."""
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "400"}
    command = [str(LINT_IMPORTS), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, text=True)


def _contracts() -> list[dict[str, Any]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = config["tool"]["importlinter"]["contracts"]
    return contracts


def _contract_names() -> list[str]:
    return [contract["name"] for contract in _contracts()]


def test_every_floor_of_the_contract_is_built() -> None:
    floors = next(contract["layers"] for contract in _contracts() if contract["type"] == "layers")
    named = {name.strip(" ()") for floor in floors for name in floor.split("|")}
    built = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert named == built - {"__init__"}


def test_every_import_keeps_to_its_floor() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the house into which every wrong import was planted."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(PACKAGE, folder / "notifier", ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, statement, _ in WRONG:
        with (folder / "notifier" / file).open("a", encoding="utf-8") as module:
            module.write(f"\n{statement}\n")
    done = _lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", _contract_names())
def test_a_wrong_import_breaks_the_contract_that_names_it(verdicts: str, name: str) -> None:
    assert any(word in name for _, _, word in WRONG), "plant a wrong import for this contract in WRONG"
    assert f"{name} BROKEN" in verdicts, verdicts
