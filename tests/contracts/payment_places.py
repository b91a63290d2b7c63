"""Places where other offices leave payments: a real SSH server, an API with a cursor and a database, on loopback."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
from aiohttp import web
from aiohttp.test_utils import TestServer

from notifier.sources.definitions import Definition
from notifier.sources.payment_definitions import PaymentApiDefinition, SftpDefinition, SqlQueryDefinition
from tests.contracts.folder_place import FolderPlace
from tests.registered import an_id

PASSWORD, TOKEN = "password of the drop", "token-of-the-api"
SECRETS = {"EXAM_PASSWORD": PASSWORD, "EXAM_TOKEN": TOKEN}
USER = "kuandai"


def a_record(n: int, amount: str = "300.00") -> dict[str, Any]:
    said = {"id": n, "xm": f"样例{n}", "sfzh": an_id(n), "amount": amount, "filing": f"彭民补备〔2026〕{n}号"}
    return {**said, "village": "白阳样例一村", "audit": "县级审核通过"}


@dataclass
class RecordPlace:
    """Records in the order in which they came."""

    records: list[dict[str, Any]] = field(default_factory=list)

    def show(self, n: int) -> None:
        self._add(a_record(n))

    def show_bad(self) -> None:
        self._add(a_record(90 + len(self.records), amount="待核"))

    def _add(self, record: dict[str, Any]) -> None:
        self.records.append({**record, "id": len(self.records) + 1})


COLUMNS = {"columns": {"name": "xm", "id": "sfzh"}, "constants": {"item": "高龄津贴", "period": "2026年三季度"}}


@dataclass
class ApiPlace(RecordPlace):
    server: TestServer | None = None
    is_down: bool = False
    page_size: int = 2

    @property
    def definition(self) -> Definition:
        assert self.server is not None
        said = {"kind": "payment_api", "name": "examined", "title": "样例接口", "allow_private": True, **COLUMNS}
        url = f"{self.server.make_url('/records')}?after={{cursor}}"
        return PaymentApiDefinition.model_validate(
            {**said, "url": url, "start": "0", "token_env": "EXAM_TOKEN", "items": "data.rows", "next": "data.next"}
        )

    def fail(self) -> None:
        self.is_down = True

    def mend(self) -> None:
        self.is_down = False

    async def answer(self, request: web.Request) -> web.Response:
        if self.is_down:
            return web.Response(status=503)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=403)
        after = int(request.query["after"])
        rows = [one for one in self.records if one["id"] > after][: self.page_size]
        return web.json_response({"data": {"rows": rows, "next": rows[-1]["id"] if rows else None}})


@dataclass
class SqlitePlace(RecordPlace):
    path: Path = field(default_factory=Path)

    @property
    def definition(self) -> Definition:
        said = {"kind": "sql_query", "name": "examined", "title": "样例数据库", "key": "id", **COLUMNS}
        return SqlQueryDefinition.model_validate(
            {**said, "url": f"sqlite:///{self.path}", "query": "SELECT * FROM paid -- all of it", "size": 2}
        )

    def _add(self, record: dict[str, Any]) -> None:
        super()._add(record)
        names = ("xm", "sfzh", "amount", "filing", "village", "audit")
        with closing(sqlite3.connect(self.path)) as file, file:
            file.execute(f"CREATE TABLE IF NOT EXISTS paid (id INTEGER PRIMARY KEY, {', '.join(names)})")
            file.execute("INSERT INTO paid VALUES (?, ?, ?, ?, ?, ?, ?)", [self.records[-1][n] for n in ("id", *names)])

    def fail(self) -> None:
        self.path.rename(self.path.with_name("gone"))

    def mend(self) -> None:
        self.path.with_name("gone").rename(self.path)


class _Guard(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@dataclass
class SftpPlace(FolderPlace):
    """The folder behind a real SSH server; its key is made anew for each test."""

    port: int = 0
    host_key: str = ""

    @property
    def definition(self) -> Definition:
        where = {"host": "127.0.0.1", "port": self.port, "host_key": self.host_key, "path": "drop"}
        said = {"kind": "sftp", "name": "examined", "title": "样例SFTP", "user": USER, "password_env": "EXAM_PASSWORD"}
        return SftpDefinition.model_validate({**said, **where})


@asynccontextmanager
async def an_sftp_drop(path: Path) -> AsyncIterator[SftpPlace]:
    home = path / "home"
    (home / "drop").mkdir(parents=True)
    key = asyncssh.generate_private_key("ssh-ed25519")

    def jailed(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(home).encode())

    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[key], server_factory=_Guard, sftp_factory=jailed)
    public = key.export_public_key().decode().strip()
    yield SftpPlace(home / "drop", port=server.get_port(), host_key=public)
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def an_api(path: Path) -> AsyncIterator[ApiPlace]:
    place = ApiPlace()
    application = web.Application()
    application.router.add_get("/records", place.answer)
    server = TestServer(application)
    async with server:
        place.server = server
        yield place


@asynccontextmanager
async def a_database(path: Path) -> AsyncIterator[SqlitePlace]:
    yield SqlitePlace(path=path / "theirs.db")
