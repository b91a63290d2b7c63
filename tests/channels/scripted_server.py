"""A provider of the tests: real sockets on loopback, and every answer, silence or reset as the script says."""

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Step:
    """What the server does with one request after reading all of it."""

    status: int = 200
    body: bytes = b""
    delay_s: float = 0.0
    reset: bool = False
    """The connection is reset instead of an answer."""
    close: bool = False
    """The connection is closed instead of an answer."""
    silent: bool = False
    """No answer while the client waits."""
    raw: bytes | None = None
    """Sent as it is, then the connection is closed."""


@dataclass
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def form(self) -> dict[str, str]:
        parsed = parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        return {name: values[0] for name, values in parsed.items()}

    @property
    def fields(self) -> Any:
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Plays `script` in order, then answers 404; a path of `side` always answers the same and is no part of it."""

    base: str = ""
    script: deque[Step] = field(default_factory=deque)
    side: dict[str, Step] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    asked_aside: list[Asked] = field(default_factory=list)
    n_connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_connections += 1
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await self._read(reader)
        if asked.path in self.side:
            self.asked_aside.append(asked)
            step = self.side[asked.path]
        else:
            self.asked.append(asked)
            step = self.script.popleft() if self.script else Step(404)
        await asyncio.sleep(step.delay_s)
        if step.silent:
            await reader.read()
            return False
        if step.reset:
            plug: socket.socket = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if step.close:
            return False
        head = f"HTTP/1.1 {step.status} X\r\nContent-Length: {len(step.body)}\r\n\r\n".encode()
        writer.write(head + step.body if step.raw is None else step.raw)
        await writer.drain()
        return step.raw is None

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Asked(method, target, headers, body)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def a_scripted_server(*steps: Step) -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer(script=deque(steps))
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, limit=2**20)
    scripted.base = "http://{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield scripted
    finally:
        server.close()
        scripted.hang_up()
        await asyncio.sleep(0)


def a_free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        port: int = plug.getsockname()[1]
        return port


def json_step(fields: object, status: int = 200, **rest: Any) -> Step:
    return Step(status, json.dumps(fields, ensure_ascii=False).encode(), **rest)
