"""A CMPP gateway of the tests: lets everybody in, and answers each SUBMIT as the script says."""

import asyncio
import hashlib
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.channels.scripted_server import Asked, Step

SECRET = b"1234"
CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
RESPONSE = 0x80000000


def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">III", 12 + len(body), command, sequence) + body


def accepted(msg_id: int, result: int = 0) -> Step:
    return Step(200, frame(RESPONSE | SUBMIT, 0, struct.pack(">QB", msg_id, result)))


@dataclass
class ScriptedIsmg:
    """Plays `script`, one step a SUBMIT; every other PDU is answered at once. Speaks 2.0."""

    base: str = ""
    script: deque[Step] = field(default_factory=deque)
    side: dict[str, Step] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    asked_aside: list[Asked] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    """Every whole frame that came, of any command."""
    status: int = 0
    """What CONNECT is answered with."""
    deaf: bool = False
    """Signs of life are not answered."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    n_connections: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_connections += 1
        self.writers.add(writer)
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                size = await reader.readexactly(4)
                whole = size + await reader.readexactly(int.from_bytes(size, "big") - 4)
                self.heard.append(whole)
                self.came.set()
                under_way.add(asyncio.create_task(self._answer(whole, writer)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for task in under_way:
                task.cancel()
            writer.close()
            self.writers.discard(writer)

    async def _answer(self, whole: bytes, writer: asyncio.StreamWriter) -> None:
        command, sequence = struct.unpack_from(">II", whole, 4)
        if command == CONNECT:
            status = bytes([self.status])
            proof = hashlib.md5(status + whole[18:34] + SECRET).digest()
            writer.write(frame(RESPONSE | CONNECT, sequence, status + proof + b"\x20"))
        elif command == SUBMIT:
            self.asked.append(Asked("SUBMIT", "", {}, whole))
            await self._play(self.script.popleft() if self.script else Step(close=True), sequence, writer)
        elif command == TERMINATE:
            writer.write(frame(RESPONSE | TERMINATE, sequence))
        elif command == ACTIVE_TEST and not self.deaf:
            writer.write(frame(RESPONSE | ACTIVE_TEST, sequence, b"\0"))

    async def _play(self, step: Step, sequence: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(step.delay_s)
        if step.silent:
            return
        if step.reset:
            plug: socket.socket = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        if step.close:
            writer.close()
            return
        body = step.body if step.raw is None else step.raw
        if int.from_bytes(body[:4], "big") == len(body):
            body = body[:8] + sequence.to_bytes(4, "big") + body[12:]
        writer.write(body)

    def say(self, *frames: bytes) -> None:
        """The bytes go to everybody who is connected, at once."""
        for writer in self.writers:
            writer.write(b"".join(frames))

    def hang_up(self) -> None:
        for writer in list(self.writers):
            writer.close()

    def answers(self, command: int) -> list[bytes]:
        """The frames that came with this command."""
        return [whole for whole in self.heard if struct.unpack_from(">I", whole, 4)[0] == command]

    async def until(self, command: int, n: int = 1) -> list[bytes]:
        """The frames with this command, as soon as there are so many."""
        async with asyncio.timeout(5):
            while len(found := self.answers(command)) < n:
                self.came.clear()
                await self.came.wait()
        return found


@asynccontextmanager
async def a_scripted_ismg(*steps: Step) -> AsyncIterator[ScriptedIsmg]:
    scripted = ScriptedIsmg(script=deque(steps))
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.base = "http://{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield scripted
    finally:
        server.close()
        scripted.hang_up()
        await asyncio.sleep(0)
