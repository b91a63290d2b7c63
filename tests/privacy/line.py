"""The whole line as operators run it: real commands in processes of their own, all they say kept for the search."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientSession, CookieJar

from notifier.sandbox.county import (
    BASELINE_BATCHES,
    NEW_BATCHES,
    County,
    write_followers,
    write_payments,
    write_rosters,
)
from notifier.sandbox.demo.ground import Ground, lay_ground
from notifier.sandbox.demo.processes import Processes, environment
from notifier.sandbox.demo.terms import Terms
from tests.web.front import csrf_in

PASSWORD = "一共五个词 wheat river"
USERS = {"guanli": "administrator", "shenhe": "reviewer", "lingdao": "official", "cunguan": "officer"}


ONE_AFTER_THE_OTHER = """
import json, sys, traceback
from notifier.__main__ import app
for words in json.load(sys.stdin):
    print("notifier", *words, flush=True)
    try:
        app(words)
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
"""
"""Many commands for the start of one: the imports are most of what a short command costs."""


@dataclass
class Line:
    """A run: its ground, and everything that came out of it by name."""

    ground: Ground
    said: dict[str, bytes] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    async def run(self, *arguments: object, code: int | None = 0) -> bytes:
        """`notifier <arguments>`: its standard output; both outputs are kept. `code` None: any exit code."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "notifier", *map(str, arguments),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=environment(self.ground.config) | {"NOTIFIER_NEW_PASSWORD": PASSWORD, "COLUMNS": "200"},
        )  # fmt: skip
        out, err = await process.communicate()
        self.said[f"{next(self.numbers)} notifier {' '.join(map(str, arguments))[:60]}"] = out + b"\n" + err
        assert code is None or process.returncode == code, (arguments, process.returncode, out[-400:], err[-800:])
        return out

    async def run_each(self, *commands: Sequence[object]) -> None:
        """Every command, one after the other in one process, whatever it exits with; all outputs are kept together."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ONE_AFTER_THE_OTHER,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=environment(self.ground.config) | {"NOTIFIER_NEW_PASSWORD": PASSWORD, "COLUMNS": "200"},
        )  # fmt: skip
        out, _ = await process.communicate(orjson.dumps([[str(word) for word in command] for command in commands]))
        self.said[f"{next(self.numbers)} notifier, {len(commands)} commands"] = out
        assert process.returncode == 0, out[-800:]

    async def told(self, *arguments: object) -> Any:
        """The command's JSON answer."""
        return orjson.loads((await self.run(*arguments, "--json")).splitlines()[-1])

    async def order(self, what: str, **order: Any) -> Any:
        """The sandbox does as it is told."""
        async with (
            ClientSession() as session,
            session.post(f"{self.ground.sandbox}/sandbox/{what}", json=order) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def owed_pushes(self) -> int:
        async with ClientSession() as session, session.get(f"{self.ground.sandbox}/sandbox/counts") as answer:
            return sum((await answer.json())["pending"].values())

    @asynccontextmanager
    async def browsing(self, user: str) -> AsyncIterator["Browser"]:
        """A person who has logged in."""
        async with ClientSession(self.ground.service, cookie_jar=CookieJar(unsafe=True)) as session:
            browser = Browser(session, self, user)
            await browser.log_in(user, PASSWORD)
            yield browser


@dataclass
class Browser:
    """Pages as one user sees them, kept for the search."""

    session: ClientSession
    line: Line
    user: str

    async def log_in(self, name: str, password: str) -> int:
        token = csrf_in(await (await self.session.get("/login")).text())
        form = {"name": name, "password": password, "_csrf": token}
        async with self.session.post("/login", data=form, allow_redirects=False) as answer:
            return answer.status

    async def page(self, path: str, *, keep: bool = True) -> bytes:
        """The body; with its URL, redirects and headers it is kept, unless it is one of the exceptions."""
        async with self.session.get(path) as answer:
            body = await answer.read()
            trail = [f"{one.url} {dict(one.headers)}" for one in (*answer.history, answer)]
        if keep:
            self.line.said[f"{self.user} {path}"] = body + "\n".join(trail).encode()
        return body

    async def post(self, path: str, **form: str) -> None:
        token = csrf_in((await self.page("/", keep=False)).decode())
        async with self.session.post(path, data={"_csrf": token, **form}) as answer:
            trail = "\n".join(f"{one.url} {dict(one.headers)}" for one in (*answer.history, answer))
            self.line.said[f"{self.user} POST {path}"] = trail.encode() + await answer.read()


def lay_line(folder: Path, ledger_url: str, bus_url: str) -> Line:
    """The ground of a run whose service writes every log line there is."""
    ground = lay_ground(Terms(0, folder / "run", window=timedelta(seconds=4)))
    text = ground.config.read_text("utf-8").replace(f"sqlite+aiosqlite:///{ground.folder}/ledger.db", ledger_url)
    ground.config.write_text(f'{text}\n[log]\nlevel = "debug"\n[bus]\nurl = "{bus_url}"\n', "utf-8")
    return Line(ground)


def write_files(county: County, line: Line) -> None:
    """Rosters, followers, last year's payments where they are watched and this year's beside."""
    ground = line.ground
    write_rosters(county, ground.rosters)
    write_followers(county, ground.folder / "followers.csv")
    write_payments(county, ground.watched, BASELINE_BATCHES)
    write_payments(county, ground.folder / "drafts", NEW_BATCHES)


@asynccontextmanager
async def running(line: Line) -> AsyncIterator[Processes]:
    """Sandbox and service run while the block does; what they wrote is kept."""
    processes = Processes(environment(line.ground.config), line.ground.logs)
    try:
        await processes.start("sandbox", "sandbox", "--config", str(line.ground.sandbox_config))
        await processes.start("serve", "serve")
        yield processes
    finally:
        await processes.end()
        for log in sorted(line.ground.logs.iterdir()):
            line.said[log.name] = log.read_bytes()


def files_below(folder: Path) -> bytes:
    """Every byte of every file below the folder."""
    return b"\n".join((Path(place) / name).read_bytes() for place, _, names in os.walk(folder) for name in names)
