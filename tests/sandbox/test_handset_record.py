"""The sandbox's own record: what was answered is in it, whatever happens to the process; others can read it."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from notifier.domain.errors import ConfigError
from notifier.sandbox import handsets
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.server import run
from tests.sandbox.gateways import (
    PHONE,
    ROOT,
    Sandbox,
    a_batch,
    a_policy,
    a_push_target,
    a_sandbox,
    a_settings,
)

SERVE = """
import asyncio, sys, tomllib
from pathlib import Path
from notifier.sandbox.server import run
from notifier.sandbox.settings import SandboxSettings
settings = SandboxSettings.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))
asyncio.run(run(settings, asyncio.Event(), lambda url: print(url, flush=True)))
"""


async def test_every_answered_message_survives_a_kill(tmp_path: Path) -> None:
    settings = a_settings(tmp_path / "handsets.sqlite3", aliyun={"receipt_delay": [60, 60]})
    (tmp_path / "settings.json").write_text(settings.model_dump_json(), "utf-8")
    command = [sys.executable, "-c", SERVE, str(tmp_path / "settings.json")]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as http:
        sandbox = Sandbox(url, http, settings, time.time)
        answered = await _send_until_killed(sandbox, process)
    kept = {row.sender_key for row in handsets.iterate(settings.record_path)}
    assert len(answered) >= 3
    assert answered <= kept
    assert all(len(handsets.by_out_id(settings.record_path, key)) == 100 for key in answered)


async def _send_until_killed(sandbox: Sandbox, process: asyncio.subprocess.Process) -> set[str]:
    """OutIds of the batches that were answered before the process was killed in the midst of others."""
    answered: set[str] = set()

    async def send(n: int) -> None:
        given = a_batch([f"199{n:02d}{i:06d}" for i in range(100)], OutId=f"batch-{n}")
        if (await sandbox.sms("SendBatchSms", given))["Code"] == "OK":
            answered.add(f"batch-{n}")
        if len(answered) == 3:
            process.send_signal(signal.SIGKILL)

    await asyncio.gather(*(send(n) for n in range(12)), return_exceptions=True)
    await process.wait()
    return answered


async def test_a_restart_goes_on_counting_and_pushes_what_was_owed(tmp_path: Path) -> None:
    async with a_push_target() as target:
        owed = {"sms_report_url": target.url, "receipt_delay": [0.5, 0.5]}
        async with a_sandbox(tmp_path, aliyun=owed) as sandbox:
            await sandbox.sms("SendSms", a_policy(OutId="owed"))
            await sandbox.template(client_msg_id="no url, nothing owed")
        assert target.pushes == []
        async with a_sandbox(tmp_path, aliyun=owed) as sandbox:
            await sandbox.sms("SendSms", a_policy(OutId="new"))
            await sandbox.idle()
            assert [row["id"] for row in await sandbox.records()] == [1, 2, 3]
        assert sorted(receipt["out_id"] for receipt in target.receipts()) == ["new", "owed"]


async def test_the_record_can_be_read_while_the_sandbox_writes(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path) as sandbox:
        path = sandbox.settings.record_path
        assert handsets.count(path) == 0
        await sandbox.misbehave("aliyun", failing={"19900000002": "MK:0001"})
        await sandbox.sms("SendBatchSms", a_batch([PHONE, "19900000002"], OutId="out-1"))
        await sandbox.template(client_msg_id="m-1")
        assert (handsets.count(path), handsets.count(path, "sms"), handsets.count(path, "wechat")) == (3, 2, 1)
        assert handsets.counts(path) == {"sms": {"DELIVERED": 1, "MK:0001": 1}, "wechat": {"success": 1}}
        assert [row.address for row in handsets.by_out_id(path, "out-1")] == [PHONE, "19900000002"]
        assert [row.is_delivered for row in handsets.iterate(path)] == [True, False, True]
        assert [row.id for row in handsets.iterate(path, after_id=2)] == [3]
        assert [row.channel for row in handsets.iterate(path, "wechat")] == ["wechat"]


async def test_duplicates_are_rows_beyond_the_first_of_a_key_or_a_text(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path) as sandbox:
        path = sandbox.settings.record_path
        for out_id in ("a", "a", "b", ""):
            await sandbox.sms("SendSms", a_policy(OutId=out_id))
        await sandbox.sms("SendSms", a_policy(OutId="a", PhoneNumbers="19900000002"))
        assert (handsets.duplicates(path), handsets.repeated_texts(path)) == (1, 3)


def test_a_record_that_is_not_there_yet_reads_as_empty(tmp_path: Path) -> None:
    nowhere = tmp_path / "none.sqlite3"
    assert (handsets.count(nowhere), handsets.counts(nowhere), list(handsets.iterate(nowhere))) == (0, {}, [])
    (tmp_path / "blank.sqlite3").touch()
    assert handsets.duplicates(tmp_path / "blank.sqlite3") == 0
    assert not nowhere.exists()


async def test_records_are_paged_and_can_be_reset(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path) as sandbox:
        await sandbox.sms("SendBatchSms", a_batch([f"199{n:08d}" for n in range(5)]))
        first = await sandbox.get("records", limit="3")
        second = await sandbox.get("records", limit="3", after=str(first["next"]))
        assert ([row["id"] for row in first["records"]], first["next"]) == ([1, 2, 3], 3)
        assert ([row["id"] for row in second["records"]], second["next"]) == ([4, 5], None)
        for bad in ({"limit": "-1"}, {"after": "x"}, {"limit": "10001"}, {"after": "²"}):
            assert (await sandbox.get("records", **bad))["status"] == 400
        await sandbox.misbehave("aliyun", rates={"http_500": 1.0})
        assert (await sandbox.order("reset", b""))["ok"]
        assert await sandbox.records() == []
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"


@pytest.mark.parametrize("order", [{"follow": ["bad id"]}, {"follow": "oX"}, {"follow": [1]}, b"\xff", {"chase": []}])
async def test_a_wrong_follower_order_is_explained(tmp_path: Path, order: object) -> None:
    async with a_sandbox(tmp_path) as sandbox:
        said = await sandbox.order("followers", order)
        assert (said["status"], bool(said["error"])) == (400, True)
        assert (await sandbox.get("counts"))["followers"]["following"] == 0


async def test_an_unwritable_record_is_the_providers_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_sandbox(tmp_path) as sandbox:
        with monkeypatch.context() as broken:
            broken.setattr(HandsetRecorder, "_write", _disk_is_full)
            said = await sandbox.sms("SendSms", a_policy())
            assert (said["Code"], said["status"]) == ("InternalError", 500)
            assert (await sandbox.template(client_msg_id="m-1"))["errcode"] == -1
        assert (await sandbox.template(client_msg_id="m-1"))["errcode"] == 0
        assert len(await sandbox.records()) == 1


def _disk_is_full(recorder: HandsetRecorder, rows: list[object], marks: list[object]) -> None:
    if rows:
        raise sqlite3.OperationalError("database or disk is full")


async def test_run_serves_until_it_is_stopped_and_keeps_everything(tmp_path: Path) -> None:
    settings = a_settings(tmp_path / "deep" / "er" / "handsets.sqlite3")
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run(settings, stop, ready.set_result))
    async with aiohttp.ClientSession() as http:
        sandbox = Sandbox(await ready, http, settings, time.time)
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"
        assert (await sandbox.get("health"))["ok"]
    stop.set()
    await running
    assert handsets.count(settings.record_path) == 1


async def test_a_taken_port_is_named_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = a_settings(tmp_path / "r.sqlite3").model_copy(update={"port": taken.getsockname()[1]})
        with pytest.raises(ConfigError, match=r"无法在 127\.0\.0\.1"):
            await run(settings, asyncio.Event())


async def test_a_record_that_cannot_be_opened_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "not-a-record.sqlite3").write_text("这不是数据库" * 100, "utf-8")
    with pytest.raises(ConfigError, match="not-a-record"):
        await run(a_settings(tmp_path / "not-a-record.sqlite3"), asyncio.Event())


async def test_a_record_from_before_gateways_were_told_apart_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "handsets.sqlite3"
    with sqlite3.connect(path) as older:
        older.executescript(handsets.SCHEMA.replace(",\n    gateway TEXT NOT NULL DEFAULT ''", ""))
    older.close()
    async with a_sandbox(tmp_path) as sandbox:
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"
        assert [row["gateway"] for row in await sandbox.records()] == ["aliyun"]
