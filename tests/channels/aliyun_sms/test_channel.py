"""The channel over real sockets: which call, which outcome, what is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from notifier.channels import open_channels
from notifier.channels.aliyun_sms.channel import AliyunSms
from notifier.domain import settings
from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Absent, Accepted, Found, NoAnswer, Postponed, Unsure
from notifier.wire import Wire
from tests.channels.doubles import FrozenClock, MemoryTokens, a_letter
from tests.channels.scripted_server import ScriptedServer, Step, a_scripted_server, json_step

OK = json_step({"Code": "OK", "Message": "OK", "BizId": "9^0", "RequestId": "R"})


def a_section(endpoint: str, **changes: Any) -> settings.AliyunSms:
    given = {
        "enabled": True,
        "access_key_id": "testId",
        "access_key_secret": SecretStr("testSecret"),
        "sign_name": "样例县",
    }
    return settings.AliyunSms(endpoint=endpoint, **(given | changes))


@asynccontextmanager
async def a_channel(*steps: Step, **changes: Any) -> AsyncIterator[tuple[AliyunSms, ScriptedServer]]:
    async with a_scripted_server(*steps) as server, Wire(settings.Wire(), timedelta(seconds=2)) as wire:
        numbers = iter(range(1000))
        section = a_section(f"{server.base}/", **changes)
        yield AliyunSms(section, wire, FrozenClock(), lambda: f"nonce-{next(numbers)}"), server


async def test_a_batch_is_one_call_and_every_letter_has_its_reference() -> None:
    async with a_channel(OK) as (channel, server):
        outcomes = await channel.send([a_letter(n) for n in range(100)], "n42-0")
    assert list(outcomes) == [Accepted("9^0")] * 100
    assert [asked.form["Action"] for asked in server.asked] == ["SendBatchSms"]
    assert "199" not in server.asked[0].target


async def test_each_call_has_a_nonce_of_its_own() -> None:
    async with a_channel(OK, OK) as (channel, server):
        await channel.send([a_letter()], "n1-0")
        await channel.send([a_letter()], "n2-0")
    assert [asked.form["SignatureNonce"] for asked in server.asked] == ["nonce-0", "nonce-1"]
    assert server.n_connections == 1, "connections are kept"


async def test_a_batch_that_cannot_be_written_is_taken_apart_without_a_call() -> None:
    broken = a_letter(2, parameters={"name": "\udfff"})
    async with a_channel() as (channel, server):
        both = await channel.send([a_letter(1), broken], "n42-0")
        [alone] = await channel.send([broken], "n43-0")
    assert list(both) == [Postponed("batch_refused:unwritable", timedelta(0))] * 2
    assert alone.code == "unwritable"  # type: ignore[union-attr]
    assert server.asked == []


def _page(total: int, *out_ids: str) -> Step:
    items = [{"OutId": out_id, "SendStatus": 3, "ErrCode": "DELIVERED", "ReceiveDate": ""} for out_id in out_ids]
    return json_step({"Code": "OK", "TotalCount": str(total), "SmsSendDetailDTOs": {"SmsSendDetailDTO": items}})


NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


async def test_a_message_on_a_later_page_is_found() -> None:
    async with a_channel(_page(51, *["x"] * 50), _page(51, "n42-0")) as (channel, server):
        settled = await channel.ask(a_letter(), "n42-0", NOON)
    assert settled == Found("", True, "DELIVERED", None, None)
    assert [asked.form["CurrentPage"] for asked in server.asked] == ["1", "2"]


async def test_a_page_that_is_just_full_is_the_last_one() -> None:
    async with a_channel(_page(50, *["x"] * 50)) as (channel, server):
        assert await channel.ask(a_letter(), "n42-0", NOON) == Absent()
    assert len(server.asked) == 1


async def test_a_message_of_no_day_is_absent() -> None:
    async with a_channel(_page(0), _page(1, "x")) as (channel, server):
        assert await channel.ask(a_letter(), "n42-0", MIDNIGHT) == Absent()
    assert [asked.form["SendDate"] for asked in server.asked] == ["20261124", "20261123"]


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([Step(reset=True)], "reset"),
        ([json_step({"Code": "Throttling.User", "Message": ""}, 400)], "Throttling.User"),
        ([Step(body=b"<html>")], "garbage"),
        ([json_step({"Code": "OK"})], "garbage"),
        ([_page(0), Step(reset=True)], "reset"),
        ([Step(reset=True), _page(0)], "reset"),
        ([_page(5000, "x")] * 20, "too_many_pages"),
    ],
)
async def test_a_question_that_failed_anywhere_never_proves_absence(steps: list[Step], code: str) -> None:
    async with a_channel(*steps) as (channel, _):
        assert await channel.ask(a_letter(), "n42-0", MIDNIGHT) == NoAnswer(code)


async def test_a_message_found_on_the_other_day_settles_though_the_first_failed() -> None:
    async with a_channel(Step(reset=True), _page(1, "n42-0")) as (channel, _):
        assert isinstance(await channel.ask(a_letter(), "n42-0", MIDNIGHT), Found)


async def test_calls_are_paced() -> None:
    async with a_channel(*[OK] * 4, calls_per_second=20) as (channel, server):
        begun = datetime.now(UTC)
        for n in range(4):
            await channel.send([a_letter()], f"n{n}-0")
    assert datetime.now(UTC) - begun >= timedelta(seconds=0.04)
    assert len(server.asked) == 4


@pytest.mark.parametrize("key", ["access_key_id", "access_key_secret", "sign_name"])
async def test_a_section_without_what_it_needs_stops_the_start_and_names_the_key(key: str) -> None:
    channels = settings.Channels(aliyun_sms=a_section("http://127.0.0.1/", **{key: ""}))
    with pytest.raises(ConfigError, match=rf"channels\.aliyun_sms\.{key}"):
        open_channels(channels, Wire(settings.Wire()), MemoryTokens(), FrozenClock())


async def test_an_answer_cut_off_is_unsure() -> None:
    async with a_channel(Step(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")) as (channel, _):
        assert list(await channel.send([a_letter()], "n42-0")) == [Unsure("cut_short")]
