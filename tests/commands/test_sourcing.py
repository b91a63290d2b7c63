"""Sources on the command line: a definition is tried without a trace, and what waits is decided within one's region."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from notifier.__main__ import app
from notifier.accounts.desk import add_user
from notifier.accounts.roles import Role, User
from notifier.app.watching import try_source
from notifier.domain import settings
from notifier.domain.errors import InputError
from notifier.settings import Settings
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.watch.step import step
from tests.registered import COUNTY, NOW, FrozenClock
from tests.sources.pattern_site import TEXTS, served
from tests.sources.patterns_of_systems import trs_pengyang
from tests.watch.test_step import Shown, a_policy


async def test_a_trial_shows_list_pages_and_warnings_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = trs_pengyang()
    monkeypatch.setenv("NOTIFIER_LEDGER__URL", f"sqlite+aiosqlite:///{tmp_path}/never.db")
    async with served(pattern.pages) as (_, server):
        path = str(pattern.keys["url"]).partition(".cn")[2]
        keys = f'preset = "trs_pengyang"\nname = "s"\ntitle = "样例"\nurl = "{server.make_url(path)}"\n'
        file = tmp_path / "s.toml"
        file.write_text(keys + 'max_pages = 9\nallow_private = true\npause = "PT0S"\n', "utf-8")
        tried = await try_source(Settings(), file, 2)
    assert [one.title for one in tried.items] == [one.title for one in TEXTS[::-1]]
    assert [(one.title, one.published_on) for one in tried.pages] == [(one.title, one.on) for one in TEXTS[:2:-1]]
    assert tried.pages[0].body == TEXTS[-1].body
    assert tried.warnings == []
    assert [one.name for one in tmp_path.iterdir()] == ["s.toml"]
    with pytest.raises(InputError, match="import payments"):
        await try_source(Settings(), Path("config/sources/payments.toml"), 1)


@pytest.fixture
def line(sqlite_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("NOTIFIER_LEDGER__URL", sqlite_ledger_url)
    monkeypatch.setenv("NOTIFIER_SEAL__KEY_FILE", str(tmp_path / "keys.toml"))

    async def lay() -> None:
        ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
        source = Shown("payments")  # the one source that is shipped switched on
        for findings in (
            [],
            [a_policy(), a_policy("无日期", url="http://x/2", document_number=None, published_on=None)],
            [a_policy(body="更正：每月100元。")],
        ):
            source.findings = [replace(one, source=source.name) for one in findings]
            await step(ledger, [source], FrozenClock(), settings.Watch())
        for user in (User("guanli", Role.ADMINISTRATOR, COUNTY), User("waixian", Role.ADMINISTRATOR, "640402000000"),
                     User("lingdao", Role.OFFICIAL, COUNTY)):  # fmt: skip
            await add_user(ledger, user, "一共五个词 wheat river", NOW)
        await ledger.close()

    asyncio.run(lay())
    return CliRunner()


def told(line: CliRunner, *arguments: str, code: int = 0) -> Any:
    done = line.invoke(app, ["source", *arguments, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_what_waits_is_listed_and_decided_by_those_who_may(line: CliRunner) -> None:
    (listed,) = told(line, "list")
    assert (listed["name"], listed["n_undated"], listed["n_changed"]) == ("payments", 1, 1)
    (item,) = told(line, "undated")
    assert item["title"] == "无日期"
    assert "区域" in told(line, "date", str(item["item_id"]), "2026-11-01", "--by", "waixian", code=1)["error"]
    assert "权限" in told(line, "refuse", str(item["item_id"]), "--by", "lingdao", code=1)["error"]
    assert told(line, "date", str(item["item_id"]), "2026-11-01", "--by", "guanli")["benefit"] == 2
    (version,) = told(line, "versions")
    assert told(line, "tell", str(version["benefit_id"]), "2", "--by", "guanli")["state"] == "told"
    assert "第 2 版" in told(line, "dismiss", "1", "2", "--by", "guanli", code=1)["error"]
    assert told(line, "drafts") == told(line, "versions") == told(line, "undated") == []
    assert told(line, "accept", "payments", "--anew", "--by", "guanli") == {"source": "payments", "anew": True}
    assert "彭阳" in told(line, "presets")["trs_pengyang"]
