"""The front desk on a real port."""

import asyncio
import dataclasses

import aiohttp
import pytest
import structlog

from notifier.domain.errors import ConfigError
from notifier.domain.settings import Web
from notifier.web.desk import DESK, FrontDesk
from notifier.web.server import serve_web
from tests.web.front import SECRET, Front


def at_port(front: Front, port: int) -> FrontDesk:
    assert front.client.app is not None
    return dataclasses.replace(front.client.app[DESK], settings=Web(port=port))


async def test_it_listens_on_the_port_that_it_says_and_stops_with_the_block(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as logged:
        async with serve_web(at_port(front, 0)) as address, aiohttp.ClientSession() as session:
            async with session.get(f"{address}/health") as answer:
                assert answer.status == 200
            async with session.post(f"{address}/callbacks/aliyun_sms/{SECRET}", data=b"[]") as answer:
                assert answer.status == 200
    assert SECRET not in str(logged) + caplog.text
    host, port = address.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))


async def test_a_taken_port_is_a_sentence_that_names_the_setting(front: Front) -> None:
    async with serve_web(at_port(front, 0)) as address:
        taken = int(address.rsplit(":", 1)[1])
        with pytest.raises(ConfigError, match=r"web\.port.*take another"):
            async with serve_web(at_port(front, taken)):
                pass
