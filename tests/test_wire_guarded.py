"""A stranger's site is reached guarded: never an inner address, and a certificate that fails says why."""

import asyncio
import hashlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain import settings
from notifier.wire import Lost, NotSent, Visit, Wire, is_public
from tests.channels.scripted_server import ScriptedServer, Step, a_scripted_server

SOON = timedelta(seconds=5)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire(settings.Wire()) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with a_scripted_server() as opened:
        yield opened


async def _not_sent(wire: Wire, visit: Visit) -> str:
    with pytest.raises(NotSent) as caught:
        await wire.fetch(visit)
    return caught.value.code


async def test_a_name_that_leads_inside_is_refused_when_it_is_dialled(wire: Wire, server: ScriptedServer) -> None:
    port = server.base.rpartition(":")[2]
    for host in ("localhost", "127.0.0.1", "2130706433", "127.1", "[::1]"):
        assert await _not_sent(wire, Visit(f"http://{host}:{port}/", SOON)) in ("private", "bad_url")
    assert server.asked == []


async def test_a_name_that_changes_its_address_between_two_questions_gets_nowhere(
    wire: Wire, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["93.184.215.14", "127.0.0.1"])
    asked: list[str] = []

    async def rebinding(loop: object, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", rebinding)
    port = server.base.rpartition(":")[2]
    first = await _failure(wire, Visit(f"http://rebinding.test:{port}/", timedelta(milliseconds=200)))
    assert first != "private"  # the public address was dialled, which no test can reach
    wire_of_later = Wire(settings.Wire())
    async with wire_of_later:
        assert await _not_sent(wire_of_later, Visit(f"http://rebinding.test:{port}/", SOON)) == "private"
    assert asked == ["rebinding.test"] * 2
    assert server.asked == []


async def _failure(wire: Wire, visit: Visit) -> str:
    try:
        await wire.fetch(visit)
    except (NotSent, Lost) as error:
        return error.code
    except BaseException as error:  # noqa: BLE001  # what keeps tests on this machine
        return type(error).__name__
    return "answered"


async def test_an_intranet_that_is_allowed_is_reached(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Step(200, b"inside"))
    assert (await wire.fetch(Visit(server.base + "/", SOON, is_guarded=False))).body == b"inside"


async def test_a_limit_of_ones_own_is_kept(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Step(200, b"x" * 20))
    with pytest.raises(Lost) as caught:
        await wire.fetch(Visit(server.base + "/", SOON, is_guarded=False, limit=10))
    assert caught.value.code == "oversize"


@given(st.ip_addresses())
def test_only_global_addresses_are_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        assert address.is_global or getattr(address, "sixtofour", None) or getattr(address, "ipv4_mapped", None)
        assert not address.is_loopback
        assert not address.is_link_local


def _certificate(folder: Path) -> tuple[ssl.SSLContext, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "site.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).digest()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    await writer.drain()
    writer.close()


async def test_a_bad_certificate_says_why_and_can_be_trusted_by_its_fingerprint(wire: Wire, tmp_path: Path) -> None:
    context, fingerprint = _certificate(tmp_path)
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
        assert await _not_sent(wire, Visit(url, SOON, is_guarded=False)) == "tls_self_signed"
        trusted = Visit(url, SOON, is_guarded=False, certificate=fingerprint)
        assert (await wire.fetch(trusted)).body == b"ok"
        other = Visit(url, SOON, is_guarded=False, certificate=bytes(32))
        assert await _not_sent(wire, other) == "tls_changed"
