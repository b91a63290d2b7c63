"""The demo as a stranger runs it, small: every process real, the service killed in mid-broadcast, all accounted for."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

FIGURES = (
    *("households", "owed", "reached", "unreached", "excused", "pending", "messages", "accepted", "delivered"),
    *("duplicates", "lost", "rate_handset", "seconds"),
)


def demo(folder: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "notifier.sandbox.demo", "--folder", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def left_behind(folder: Path) -> list[str]:
    """Processes of the run that are still there."""
    config = str(folder.resolve() / "notifier.toml")
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NOTIFIER_CONFIG") == config:
                left.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return left


@pytest.mark.timeout(240)
def test_a_broadcast_whose_service_was_killed_repeats_and_loses_nothing(tmp_path: Path) -> None:
    running = demo(tmp_path, "--headless", "--households", "300", "--window", "4", "--kill")
    out, story = running.communicate(timeout=230)
    assert running.returncode == 0, story
    assert "kill -9" in story
    line = json.loads(out.splitlines()[-1])
    assert set(FIGURES) <= set(line)
    assert (line["households"], line["pending"], line["duplicates"], line["lost"]) == (300, 0, 0, 0)
    assert line["reached"] + line["unreached"] + line["excused"] == line["owed"] > 800
    assert line["excused"] == 1
    assert line["delivered"] <= line["accepted"] <= line["messages"]
    tenths = line["reached"] * 1000 // (line["owed"] - line["excused"])
    assert line["rate_handset"] == f"{tenths // 10}.{tenths % 10}%"
    assert left_behind(tmp_path) == []


def test_an_interrupted_run_leaves_no_process_behind(tmp_path: Path) -> None:
    running = demo(tmp_path, "--headless", "--households", "100")
    assert running.stderr is not None
    for sentence in running.stderr:
        if "花名册" in sentence:
            break
    assert left_behind(tmp_path)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert left_behind(tmp_path) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    running = demo(tmp_path, "--headless", "--households", "10")
    _, story = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "不是空的" in story
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
