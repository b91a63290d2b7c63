"""The channel over real sockets: which call, which outcome."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from notifier.channels import open_channels
from notifier.channels.mas.channel import Mas
from notifier.domain import settings
from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Accepted, NoAnswer, Postponed, Refused, Unsure
from notifier.wire import Wire
from tests.channels.doubles import MORNING, FrozenClock, MemoryTokens, a_letter
from tests.channels.scripted_server import ScriptedServer, Step, a_scripted_server, json_step

OK = json_step({"msgGroup": "112", "rspcod": "success", "success": True})
TEMPLATE = "38516fabae004eddbfa3ace1d4194696"


def a_section(endpoint: str, **changes: Any) -> settings.Mas:
    given = {
        "enabled": True,
        "ec_name": "样例县农业农村局",
        "ap_id": "demo",
        "secret_key": SecretStr("123qwe"),
        "sign": "DWItALe3A",
    }
    return settings.Mas(endpoint=endpoint, **(given | changes))


@asynccontextmanager
async def a_channel(*steps: Step, tail: str = "/sms/", **changes: Any) -> AsyncIterator[tuple[Mas, ScriptedServer]]:
    async with a_scripted_server(*steps) as server, Wire(settings.Wire(), timedelta(seconds=2)) as wire:
        yield Mas(a_section(f"{server.base}{tail}", **changes), wire, FrozenClock()), server


@pytest.mark.parametrize("tail", ["/sms/", "/sms"])
async def test_a_batch_is_one_call_and_every_letter_has_the_group_as_its_reference(tail: str) -> None:
    async with a_channel(OK, tail=tail) as (channel, server):
        outcomes = await channel.send([a_letter(n, template=TEMPLATE) for n in range(100)], "n42-0")
    assert list(outcomes) == [Accepted("112")] * 100
    [asked] = server.asked
    assert (asked.method, asked.target) == ("POST", "/sms/tmpsubmit")
    assert json.loads(base64.b64decode(asked.body))["mobiles"].count(",") == 99


async def test_a_batch_that_cannot_be_written_is_taken_apart_without_a_call() -> None:
    broken = [a_letter(n, template=TEMPLATE, parameters={"name": "\udfff"}) for n in (1, 2)]
    async with a_channel() as (channel, server):
        both = await channel.send(broken, "n42-0")
        [alone] = await channel.send(broken[:1], "n43-0")
    assert list(both) == [Postponed("batch_refused:unwritable", timedelta(0))] * 2
    assert isinstance(alone, Refused)
    assert server.asked == []


async def test_an_answer_cut_off_is_unsure_and_cannot_be_asked_about() -> None:
    async with a_channel(Step(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")) as (channel, server):
        assert list(await channel.send([a_letter(template=TEMPLATE)], "n42-0")) == [Unsure("cut_short")]
        assert await channel.ask(a_letter(), "n42-0", MORNING) == NoAnswer("cannot_be_asked")
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", ["ec_name", "ap_id", "secret_key", "sign"])
async def test_a_section_without_what_it_needs_stops_the_start_and_names_the_key(key: str) -> None:
    channels = settings.Channels(mas=a_section("http://127.0.0.1/", **{key: ""}))
    with pytest.raises(ConfigError, match=rf"channels\.mas\.{key}"):
        open_channels(channels, Wire(settings.Wire()), MemoryTokens(), FrozenClock())
