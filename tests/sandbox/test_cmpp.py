"""The stand-in for a CMPP gateway is strict: its golden CONNECT, exact sizes, the window, the sequence, redelivery."""

import asyncio
import hashlib
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from notifier.sandbox import handsets
from notifier.sandbox.beijing import BEIJING
from notifier.sandbox.cmpp.endpoint import CmppGateway
from notifier.sandbox.cmpp.layout import read_submit
from notifier.sandbox.server import CMPP_GATEWAY, build_app
from notifier.sandbox.settings import SandboxSettings

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "channels" / "cmpp" / "samples" / "pdus.json").read_text(encoding="utf-8")
)
CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
ANSWER = 0x80000000
GOLDEN_ACCOUNT = {"source_addr": "901234", "secret": "1234", "src_id": "106512345678", "service_id": "MSVC", "sign": ""}
# the day and time of the golden CONNECT, 1021080510 in Beijing
GOLDEN_NOW = datetime(2026, 10, 21, 8, 5, 30, tzinfo=BEIJING).timestamp()


@dataclass
class Client:
    """Speaks to the stand-in with bytes of its own."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, command: int, sequence: int, body: bytes = b"") -> None:
        self.writer.write(struct.pack(">III", 12 + len(body), command, sequence) + body)

    async def hear(self) -> tuple[int, int, bytes]:
        async with asyncio.timeout(5):
            length, command, sequence = struct.unpack(">III", await self.reader.readexactly(12))
            return command, sequence, await self.reader.readexactly(length - 12)

    async def is_closed(self) -> bool:
        async with asyncio.timeout(5):
            return await self.reader.read() == b""


@dataclass
class Gateway:
    """The running stand-in."""

    gateway: CmppGateway
    switchboard: TestClient[Any, Any]
    record: Path
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.gateway.port)))
        return self.clients[-1]

    async def golden(self, version: str = "2_0") -> Client:
        """A client that was let in by the golden CONNECT."""
        client = await self.client()
        client.writer.write(bytes.fromhex(GOLDEN[f"connect_{version}"]))
        assert (await client.hear())[0] == ANSWER | CONNECT
        return client


@asynccontextmanager
async def a_gateway(folder: Path, **changes: Any) -> AsyncIterator[Gateway]:
    cmpp = {"enabled": True, "port": 0, "receipt_delay": [0, 0], "deliver_timeout": 0.1} | GOLDEN_ACCOUNT | changes
    record = folder / "handsets.sqlite3"
    settings = SandboxSettings.model_validate({"record_path": record, "time_factor": 0.0005, "cmpp": cmpp})
    app = build_app(settings, lambda: GOLDEN_NOW)
    async with TestClient(TestServer(app)) as switchboard:
        opened = Gateway(app[CMPP_GATEWAY], switchboard, record)
        yield opened
        for client in opened.clients:
            client.writer.close()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with a_gateway(tmp_path) as opened:
        yield opened


def a_submit(phone: bytes = b"19900000001", text: str = "您好", **changes: Any) -> bytes:
    """A SUBMIT's body of 2.0, written out by hand."""
    said: dict[str, Any] = {"total": 1, "number": 1, "registered": 1, "udhi": 0, "fmt": 8, "head": b""}
    said |= {"tail": bytes(8), "service": b"MSVC", "src": b"106512345678", "msg_src": b"901234"} | changes
    content = said["head"] + text.encode("utf-16-be")
    return b"".join(
        (
            bytes(8),
            bytes((said["total"], said["number"], said["registered"], 0)),
            said["service"].ljust(10, b"\0"),
            b"\x02" + bytes(21),
            bytes((0, said["udhi"], said["fmt"])),
            said["msg_src"] + b"01000000" + bytes(34),
            said["src"].ljust(21, b"\0"),
            b"\x01" + phone.ljust(21, b"\0"),
            bytes([len(content)]) + content + said["tail"],
        )
    )


# ── CONNECT ──


@pytest.mark.parametrize("version", ["2_0", "3_0"])
async def test_the_golden_connect_is_let_in_and_answered_byte_for_byte(gateway: Gateway, version: str) -> None:
    client = await gateway.client()
    client.writer.write(bytes.fromhex(GOLDEN[f"connect_{version}"]))
    command, sequence, body = await client.hear()
    assert struct.pack(">III", 12 + len(body), command, sequence) + body == bytes.fromhex(
        GOLDEN[f"connect_resp_{version}_ok"]
    )


def a_connect(
    source: bytes = b"901234", secret: bytes = b"1234", version: int = 0x20, stamp: int = 1021080510
) -> bytes:
    proof = hashlib.md5(source + bytes(9) + secret + f"{stamp:010d}".encode()).digest()
    return source + proof + bytes([version]) + stamp.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (a_connect(b"111111"), 2),
        (a_connect(secret=b"12345"), 3),
        (a_connect(stamp=1021030510), 3),
        (a_connect(version=0x40), 4),
        (a_connect() + b"\0", 1),
        (b"", 1),
    ],
    ids=["stranger", "wrong secret", "wrong time", "version", "too long", "empty"],
)
async def test_a_wrong_connect_gets_its_status_and_is_shown_out(gateway: Gateway, body: bytes, status: int) -> None:
    client = await gateway.client()
    client.say(CONNECT, 1, body)
    assert (await client.hear())[2][0] == status
    assert await client.is_closed()


async def test_whoever_speaks_before_connecting_is_shown_out(gateway: Gateway) -> None:
    client = await gateway.client()
    client.say(SUBMIT, 1, a_submit())
    assert await client.is_closed()


async def test_one_connection_too_many_is_status_5_and_a_place_that_is_free_again_is_not(gateway: Gateway) -> None:
    first, second = await gateway.golden(), await gateway.client()
    second.say(CONNECT, 1, a_connect())
    assert (await second.hear())[2][0] == 5
    first.say(TERMINATE, 2)
    assert await first.hear() == (ANSWER | TERMINATE, 2, b"")
    assert await first.is_closed()
    await gateway.golden()


# ── SUBMIT ──


@pytest.mark.parametrize("version", ["2_0", "3_0"])
def test_the_golden_submits_are_read(version: str) -> None:
    one = read_submit(bytes.fromhex(GOLDEN[f"submit_{version}"])[12:], is_wide=version == "3_0")
    assert one.content.decode("utf-16-be") == GOLDEN["submit_text"]
    assert (one.service_id, one.msg_src, one.src_id, len(one.phones)) == ("MSVC", "901234", "106512345678", 1)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (a_submit(), 0),
        (a_submit(tail=bytes(20)), 1),
        (a_submit()[:-1], 1),
        (b"", 1),
        (a_submit(total=2), 1),
        (a_submit(total=2, udhi=1, head=bytes.fromhex("050003010201")), 0),
        (a_submit(total=2, udhi=1, head=bytes.fromhex("050003010202")), 1),
        (a_submit(udhi=1, head=bytes.fromhex("050003010101")), 1),
        (a_submit(registered=0), 1),
        (a_submit(text="农" * 71), 6),
        (a_submit(service=b"OTHER"), 7),
        (a_submit(msg_src=b"111111"), 7),
        (a_submit(src=b"1069"), 9),
        (a_submit(b"12345"), 9),
        (a_submit(fmt=4), 1),
        (bytes.fromhex(GOLDEN["submit_3_0"])[12:], 1),
    ],
)
async def test_a_submit_is_answered_with_the_result_of_what_is_wrong_with_it(
    gateway: Gateway, body: bytes, result: int
) -> None:
    client = await gateway.golden()
    client.say(SUBMIT, 41, body)
    command, sequence, said = await client.hear()
    assert (command, sequence, len(said), said[8]) == (ANSWER | SUBMIT, 41, 9, result)


async def test_the_seventeenth_unanswered_submit_is_flow_control(tmp_path: Path) -> None:
    async with a_gateway(tmp_path, mischief={"latency": [0.1, 0.1]}) as gateway:
        client = await gateway.golden()
        for n in range(17):
            client.say(SUBMIT, 100 + n, a_submit(b"199%08d" % n))
        heard = [await client.hear() for _ in range(17)]
        results = {sequence: body[8] for command, sequence, body in heard if command == ANSWER | SUBMIT}
        assert results[116] == 8
        assert gateway.gateway.n_over_window == 1
        assert sum(result == 0 for result in results.values()) >= 1


async def test_a_sequence_that_waits_for_its_answer_cannot_be_used_again(tmp_path: Path) -> None:
    async with a_gateway(tmp_path, mischief={"latency": [0.05, 0.05]}) as gateway:
        client = await gateway.golden()
        client.say(SUBMIT, 7, a_submit())
        client.say(SUBMIT, 7, a_submit())
        assert (await client.hear())[2][8] == 3
        assert (await client.hear())[2][8] == 0


async def test_a_text_is_in_the_record_when_its_last_part_is_answered(gateway: Gateway) -> None:
    client = await gateway.golden()
    for n, text in ((2, "好"), (1, "您")):
        client.say(SUBMIT, n, a_submit(text=text, total=2, number=n, udhi=1, head=bytes((5, 0, 3, 9, 2, n))))
        assert (await client.hear())[2][8] == 0
        rows = list(handsets.iterate(gateway.record))
        assert len(rows) == (1 if n == 1 else 0)
    assert (rows[0].text, rows[0].n_segments) == ("您好", 2)


# ── DELIVER ──


async def test_a_report_comes_again_until_it_is_answered_as_it_should_be(gateway: Gateway) -> None:
    client = await gateway.golden()
    client.say(SUBMIT, 2, a_submit())
    msg_id = (await client.hear())[2][:8]
    command, sequence, body = await client.hear()
    assert (command, body[64], body[65:73]) == (DELIVER, 60, msg_id)
    client.say(ANSWER | DELIVER, sequence, body[:8] + bytes(4))  # the width of 3.0
    _, again, body = await client.hear()
    assert (again != sequence, body[65:73]) == (True, msg_id)
    client.say(ANSWER | DELIVER, again, body[:8] + b"\0")
    async with asyncio.timeout(5):
        while gateway.gateway.pusher.n_pending:  # noqa: ASYNC110 - it watches what has no event
            await asyncio.sleep(0.005)
    assert gateway.gateway.pusher.courier.tally.n_answered == 1


async def test_a_report_waits_for_the_next_connection(gateway: Gateway) -> None:
    client = await gateway.golden()
    client.say(SUBMIT, 2, a_submit())
    await client.hear()
    client.writer.close()
    await asyncio.sleep(0.03)
    async with asyncio.timeout(5):
        while True:
            try:
                late = await gateway.golden()
                break
            except AssertionError:
                continue
    command, _, body = await late.hear()
    assert (command, body[64]) == (DELIVER, 60)


async def test_a_test_is_answered_and_a_quiet_client_is_tested_and_shown_out(tmp_path: Path) -> None:
    async with a_gateway(tmp_path, idle=0.03) as gateway:
        client = await gateway.golden()
        client.say(ACTIVE_TEST, 5)
        assert await client.hear() == (ANSWER | ACTIVE_TEST, 5, b"\0")
        assert [(await client.hear())[0] for _ in range(3)] == [ACTIVE_TEST] * 3
        assert await client.is_closed()


async def test_what_is_no_cmpp_is_shown_out(gateway: Gateway) -> None:
    client = await gateway.golden()
    client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await client.is_closed()


async def test_a_sandbox_that_is_not_told_to_listens_to_nobody(tmp_path: Path) -> None:
    async with a_gateway(tmp_path, enabled=False) as gateway:
        assert gateway.gateway.port == 0


def test_the_clock_of_the_tests_is_that_of_the_golden_connect() -> None:
    assert datetime.fromtimestamp(GOLDEN_NOW, UTC).astimezone(BEIJING).strftime("%m%d%H%M") == "10210805"
