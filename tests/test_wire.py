"""The wire tells what never left from what may have, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from notifier.domain import settings
from notifier.wire import REPLY_LIMIT, Lost, NotSent, Wire
from tests.channels.scripted_server import ScriptedServer, Step, a_free_port, a_scripted_server

SOON = timedelta(milliseconds=80)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire(settings.Wire(), timedelta(seconds=5)) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with a_scripted_server() as opened:
        yield opened


async def _lost(wire: Wire, url: str) -> str:
    with pytest.raises(Lost) as caught:
        await wire.post(url, body=b"x", headers={}, timeout=SOON)
    return caught.value.code


async def test_a_whole_answer_comes_back_whatever_its_status(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Step(503, b"busy"))
    reply = await wire.post(f"{server.base}/", body=b"a=1", headers={"X-Kind": "form"})
    assert (reply.status, reply.body, reply.headers["content-length"]) == (503, b"busy", "4")
    assert server.asked[0].body == b"a=1"
    assert server.asked[0].headers["x-kind"] == "form"


async def test_a_url_goes_out_byte_for_byte(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Step())
    await wire.get(f"{server.base}/?a=%3A%2C+%20*~&b=")
    assert server.asked[0].target == "/?a=%3A%2C+%20*~&b="


async def test_a_refused_connection_is_not_sent(wire: Wire) -> None:
    with pytest.raises(NotSent) as caught:
        await wire.post(f"http://127.0.0.1:{a_free_port()}/", body=b"x", headers={})
    assert caught.value.code == "refused"


async def test_a_failed_tls_handshake_is_not_sent(wire: Wire, server: ScriptedServer) -> None:
    with pytest.raises(NotSent):
        await wire.post(server.base.replace("http:", "https:"), body=b"x", headers={}, timeout=SOON)
    assert server.asked == []


@pytest.mark.parametrize("url", ["http://[::1", "no-scheme", "ftp://127.0.0.1/"])
async def test_an_address_that_is_none_is_not_sent(wire: Wire, url: str) -> None:
    with pytest.raises(NotSent) as caught:
        await wire.post(url, body=b"x", headers={})
    assert caught.value.code == "bad_url"


async def test_waiting_for_a_free_connection_too_long_is_not_sent(server: ScriptedServer) -> None:
    server.script.extend([Step(delay_s=0.1)])
    async with Wire(settings.Wire(connections=1, connect_timeout=timedelta(milliseconds=20))) as narrow:
        first = narrow.post(f"{server.base}/", body=b"1", headers={})
        second = narrow.post(f"{server.base}/", body=b"2", headers={})
        first_reply, second_reply = await asyncio.gather(first, second, return_exceptions=True)
    assert getattr(first_reply, "status", None) == 200
    assert isinstance(second_reply, NotSent)
    assert second_reply.code == "connect_timeout"
    assert [asked.body for asked in server.asked] == [b"1"]


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step(silent=True), "timeout"),
        (Step(reset=True), "reset"),
        (Step(close=True), "disconnected"),
        (Step(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "cut_short"),
        (Step(raw=b"garbage \x00\xff\r\n\r\n"), "not_http"),
        (Step(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf"), "cut_short"),
    ],
)
async def test_whatever_happens_after_the_request_left_is_lost(
    wire: Wire, server: ScriptedServer, step: Step, code: str
) -> None:
    server.script.append(step)
    assert await _lost(wire, f"{server.base}/") == code
    assert len(server.asked) == 1, "a POST is never repeated"


async def test_an_answer_without_end_is_lost_and_not_kept(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Step(body=b"x" * (REPLY_LIMIT + 1)))
    with pytest.raises(Lost) as caught:
        await wire.post(f"{server.base}/", body=b"x", headers={})
    assert caught.value.code == "oversize"


async def test_a_kept_connection_that_the_peer_ends_is_lost_and_the_post_is_not_repeated(
    wire: Wire, server: ScriptedServer
) -> None:
    server.script.extend([Step(), Step(close=True), Step()])
    await wire.post(f"{server.base}/", body=b"1", headers={})
    assert await _lost(wire, f"{server.base}/") == "disconnected"
    assert server.n_connections == 1
    assert len(server.asked) == 2


async def test_a_redirect_is_an_answer_unless_following_was_asked_for(wire: Wire, server: ScriptedServer) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    server.script.extend([Step(raw=moved), Step(raw=moved), Step(body=b"there")])
    assert (await wire.get(f"{server.base}/")).status == 302
    assert (await wire.get(f"{server.base}/", follow=True)).body == b"there"


async def test_an_error_never_repeats_the_address(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Step(reset=True))
    with pytest.raises(Lost) as caught:
        await wire.post(f"{server.base}/?phone=19900000001", body=b"x", headers={})
    assert "1990000" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
