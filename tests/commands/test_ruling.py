"""A clerk tries a rule on the command line: who it is for, why, and where a word is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from notifier.__main__ import app
from notifier.domain.regions import Region, level_of
from notifier.store.ledger import open_ledger
from notifier.store.registry_regions import keep_regions
from notifier.store.sealing import Vault, load_keys
from tests.registered import NAMES, Home, register


@pytest.fixture
async def a_county(sqlite_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_LEDGER__URL", sqlite_ledger_url)
    monkeypatch.setenv("NOTIFIER_SEAL__KEY_FILE", str(tmp_path / "keys.toml"))
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await keep_regions(ledger, [Region(code, name, level_of(code), None) for code, name in NAMES.items()])
    await register(ledger, [Home("样例甲", attributes={"n_sheep": n}) for n in (0, 3, 40)])
    await ledger.close()


def tried(rule: str, code: int) -> Any:
    answered = CliRunner().invoke(app, ["rule", "try", rule, "--json"])
    assert answered.exit_code == code, answered.output
    return json.loads(answered.stdout)


def test_a_rule_is_counted_and_explained_and_a_wrong_word_pointed_at(a_county: None) -> None:
    found = tried("居住在白阳镇且羊不少于3只", 0)
    assert (found["rule"], found["n"], found["n_households"]) == ('居住在 "白阳镇" 且 羊只数 >= 3', 2, 3)
    assert [one["why"]["holds"] for one in found["examples"]] == [True, True, False]
    assert "样例甲" not in json.dumps(found, ensure_ascii=False)
    assert "是不是“羊只数”" in tried("羊只树 > 3", 1)["error"]
