"""The channel over real sockets: which call, which outcome, what is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from notifier.channels import open_channels
from notifier.channels.tencent_sms.channel import TencentSms
from notifier.domain import settings
from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Absent, Accepted, NoAnswer, Postponed, Refused, Unsure
from notifier.wire import Wire
from tests.channels.doubles import MORNING, FrozenClock, MemoryTokens, a_letter
from tests.channels.scripted_server import ScriptedServer, Step, a_scripted_server, json_step

NOTHING = json_step({"Response": {"PullSmsSendStatusSet": [], "RequestId": "R"}})


def _taken(n: int) -> Step:
    statuses = [{"SerialNo": f"5000:{i}", "PhoneNumber": f"+86199{i:08d}", "Code": "Ok"} for i in range(n)]
    return json_step({"Response": {"SendStatusSet": statuses, "RequestId": "R"}})


def a_section(endpoint: str, **changes: Any) -> settings.TencentSms:
    given = {
        "enabled": True,
        "secret_id": "AKIDtest",
        "secret_key": SecretStr("testSecret"),
        "sdk_app_id": "1400006666",
        "sign_name": "样例县",
    }
    return settings.TencentSms(endpoint=endpoint, **(given | changes))


@asynccontextmanager
async def a_channel(*steps: Step, **changes: Any) -> AsyncIterator[tuple[TencentSms, ScriptedServer]]:
    async with a_scripted_server(*steps) as server, Wire(settings.Wire(), timedelta(seconds=2)) as wire:
        yield TencentSms(a_section(f"{server.base}/", **changes), wire, FrozenClock()), server


async def test_a_batch_is_one_call_and_every_letter_has_its_own_reference() -> None:
    async with a_channel(_taken(200)) as (channel, server):
        outcomes = await channel.send([a_letter(n) for n in range(200)], "n42-0")
    assert list(outcomes) == [Accepted(f"5000:{n}") for n in range(200)]
    [asked] = server.asked
    assert asked.headers["x-tc-action"] == "SendSms"
    assert asked.fields["SessionContext"] == "n42-0"
    assert len(asked.fields["PhoneNumberSet"]) == 200
    assert asked.headers["host"] in server.base, "the host that is signed is the one that is asked"


async def test_a_batch_that_cannot_be_written_is_taken_apart_without_a_call() -> None:
    broken = {"name": "\udfff"}
    async with a_channel() as (channel, server):
        both = await channel.send([a_letter(1, parameters=broken), a_letter(2, parameters=broken)], "n42-0")
        [alone] = await channel.send([a_letter(1, parameters=broken)], "n43-0")
    assert list(both) == [Postponed("batch_refused:unwritable", timedelta(0))] * 2
    assert isinstance(alone, Refused)
    assert server.asked == []


async def test_an_answer_cut_off_is_unsure_for_each() -> None:
    async with a_channel(Step(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")) as (channel, _):
        assert list(await channel.send([a_letter(1), a_letter(2)], "n42-0")) == [Unsure("cut_short")] * 2


@pytest.mark.parametrize(
    ("age", "absent_after", "expected"),
    [
        (timedelta(hours=71), None, NoAnswer("not_reported")),
        (timedelta(days=6), None, NoAnswer("not_reported")),
        (timedelta(hours=71), timedelta(hours=72), NoAnswer("not_reported")),
        (timedelta(hours=72), timedelta(hours=72), Absent()),
    ],
)
async def test_absence_is_believed_only_after_the_age_that_the_county_set(
    age: timedelta, absent_after: timedelta | None, expected: object
) -> None:
    async with a_channel(NOTHING, absent_after=absent_after) as (channel, server):
        assert await channel.ask(a_letter(), "n42-0", MORNING - age) == expected
    assert server.asked[0].headers["x-tc-action"] == "PullSmsSendStatusByPhoneNumber"
    assert "199" not in server.asked[0].target


async def test_what_is_older_than_tencents_memory_is_not_asked() -> None:
    async with a_channel(absent_after=timedelta(0)) as (channel, server):
        assert await channel.ask(a_letter(), "n42-0", MORNING - timedelta(days=7)) == NoAnswer("too_old")
    assert server.asked == []


@pytest.mark.parametrize("key", ["secret_id", "secret_key", "sdk_app_id", "sign_name"])
async def test_a_section_without_what_it_needs_stops_the_start_and_names_the_key(key: str) -> None:
    channels = settings.Channels(tencent_sms=a_section("http://127.0.0.1/", **{key: ""}))
    with pytest.raises(ConfigError, match=rf"channels\.tencent_sms\.{key}"):
        open_channels(channels, Wire(settings.Wire()), MemoryTokens(), FrozenClock())
