"""Inquiries and corrections on the command line: within one's region, masked, and no number in the arguments."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from notifier.__main__ import app
from notifier.accounts.desk import add_user
from notifier.accounts.roles import Role, User
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from tests.registered import COUNTY, NOW, VILLAGE, Home, register

NEW = "19900000005"


@pytest.fixture
def line(sqlite_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("NOTIFIER_LEDGER__URL", sqlite_ledger_url)
    monkeypatch.setenv("NOTIFIER_SEAL__KEY_FILE", str(tmp_path / "keys.toml"))

    async def lay() -> None:
        ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
        await register(ledger, [Home("样例甲")])
        for user in (User("guanli", Role.ADMINISTRATOR, COUNTY), User("lingdao", Role.OFFICIAL, COUNTY),
                     User("waixiang", Role.OFFICER, "640425101201")):  # fmt: skip
            await add_user(ledger, user, "一共五个词 wheat river", NOW)
        await ledger.close()

    asyncio.run(lay())
    return CliRunner()


def told(line: CliRunner, *arguments: str, typed: str = "", code: int = 0) -> Any:
    done = line.invoke(app, [*arguments, "--json"], input=typed)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_an_inquiry_goes_from_the_counter_to_settled(line: CliRunner) -> None:
    assert told(line, "inquiry", "list")["rate"]["rate"] == "—"
    words = f"样例问题,电话{NEW}"
    assert told(line, "inquiry", "add", "--by", "guanli", "--text", words)["inquiry"] == 1
    assert told(line, "inquiry", "assign", "1", "--by", "guanli", "--region", VILLAGE)["region"] == VILLAGE
    listed = told(line, "inquiry", "list", "--region", VILLAGE)
    assert listed["rate"]["rate"] == "0.0%"
    assert NEW not in json.dumps(listed)
    assert told(line, "inquiry", "answer", "1", "--by", "guanli", "--text", "好")["delivery"] == "pending"
    assert "管辖" in told(line, "inquiry", "close", "1", "--by", "waixiang", code=1)["error"]
    assert "权限" in told(line, "inquiry", "close", "1", "--by", "lingdao", code=1)["error"]
    assert told(line, "inquiry", "close", "1", "--by", "guanli")["state"] == "closed"
    assert told(line, "inquiry", "list", "--settled")["rate"]["rate"] == "100.0%"
    assert told(line, "inquiry", "reopen", "1", "--by", "guanli")["state"] == "reopened"
    assert "12 位" in told(line, "inquiry", "list", "--region", "1", code=1)["error"]


def test_a_number_is_corrected_from_standard_input(line: CliRunner) -> None:
    assert told(line, "household", "corrections") == []
    done = told(line, "household", "correct-phone", "1", "--by", "guanli", typed=f"{NEW}\n")
    assert done == {"person": 1, "contact": 1}
    for typed in ("0954-7010000\n", "\n"):
        refused = told(line, "household", "correct-phone", "1", "--by", "guanli", typed=typed, code=1)
        assert "7010000" not in refused["error"]
    assert (
        "成员" in told(line, "household", "correct-phone", "1", "--by", "waixiang", typed=f"{NEW}\n", code=1)["error"]
    )
    assert "没有编号为 9" in told(line, "household", "dismiss", "9", "--by", "guanli", code=1)["error"]
