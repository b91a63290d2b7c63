"""The channel over real sockets: bodies, tokens, repeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from wechatpy.exceptions import APILimitedException, WeChatClientException

from notifier.channels import open_channels
from notifier.channels.codes import until_midnight
from notifier.channels.wechat import tokens as tokens_module
from notifier.domain import settings
from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Accepted, Found, NoAnswer, Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.wire import Wire
from tests.channels.doubles import MORNING, FrozenClock, MemoryTokens
from tests.channels.scripted_server import Step, json_step
from tests.channels.wechat.door import (
    ACCEPTED,
    KEY,
    MSGID,
    OK,
    STABLE_TOKEN,
    a_door,
    a_section,
    a_token,
    a_wechat_letter,
    failed,
)


async def test_a_letter_is_sent_with_its_out_id_as_client_msg_id() -> None:
    async with a_door(OK, OK) as door:
        assert await door.send() == ACCEPTED
        assert await door.send("n43-0", link="https://example.test/n/1") == ACCEPTED
        first, second = door.server.asked
    assert first.path == "/cgi-bin/message/template/send"
    assert first.query == {"access_token": "first"}
    assert first.fields == {
        "touser": "oSAMPLE",
        "template_id": "TM00015",
        "data": {"thing1": {"value": "样例补贴"}, "amount2": {"value": "297.50元"}},
        "client_msg_id": "n42-0",
    }
    assert "样例补贴".encode() in first.body, "no escapes"
    assert second.fields["url"] == "https://example.test/n/1"


async def test_a_token_is_asked_for_once_never_forced_and_shared_between_processes() -> None:
    async with a_door(OK, OK, OK) as door:
        await door.send()
        await door.send()
        assert [list(await door.another_process().send([a_wechat_letter()], "n44-0"))] == [[ACCEPTED]]
        assert [asked.fields["force_refresh"] for asked in door.server.asked_aside] == [False]
        assert door.store.stored[KEY] == ("first", MORNING + timedelta(seconds=7200 - 240))


async def test_a_rejected_token_is_renewed_once_by_fifty_letters_and_each_is_sent_again_once() -> None:
    async with a_door(*[failed(40001)] * 50, *[OK] * 50, token=a_token("second")) as door:
        door.store.stored[KEY] = ("first", MORNING + timedelta(hours=1))
        outcomes = await asyncio.gather(*(door.send(f"n{n}-0") for n in range(50)))
        assert outcomes == [ACCEPTED] * 50
        assert len(door.server.asked_aside) == 1
        assert door.store.n_refreshes == 1
        tokens = [asked.query["access_token"] for asked in door.server.asked]
        assert (tokens.count("first"), tokens.count("second")) == (50, 50)
        repeats = [asked.fields["client_msg_id"] for asked in door.server.asked]
        assert sorted(repeats) == sorted([f"n{n}-0" for n in range(50)] * 2)


async def test_a_token_that_another_process_renewed_meanwhile_is_taken_from_the_store() -> None:
    async with a_door(OK, failed(42001), OK) as door:
        await door.send()
        door.store.stored[KEY] = ("theirs", MORNING + timedelta(hours=1))
        assert await door.send() == ACCEPTED
        assert len(door.server.asked_aside) == 1
        assert door.server.asked[-1].query == {"access_token": "theirs"}


async def test_while_another_process_renews_the_token_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "_GLANCE_S", 0.005)
    async with a_door(OK) as door:
        door.store.held_elsewhere = True
        waiting = asyncio.ensure_future(door.send())
        await asyncio.sleep(0.02)
        door.store.stored[KEY] = ("theirs", MORNING + timedelta(hours=1))
        assert await waiting == ACCEPTED
        assert door.server.asked_aside == []


async def test_a_token_stored_just_before_our_turn_to_renew_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_door(OK) as door:
        theirs = ("theirs", MORNING + timedelta(hours=1))

        @asynccontextmanager
        async def our_turn_comes_late(key: str, patience: timedelta) -> AsyncIterator[bool]:
            door.store.stored[key] = theirs
            yield True

        monkeypatch.setattr(door.store, "refreshing", our_turn_comes_late)
        assert await door.send() == ACCEPTED
        assert door.server.asked_aside == []


async def test_a_renewal_elsewhere_that_never_ends_postpones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "_GLANCE_S", 0.0001)
    async with a_door() as door:
        door.store.held_elsewhere = True
        assert await door.send() == Postponed("token:busy", timedelta(seconds=5))


async def test_a_token_near_its_end_is_renewed_before_it_ends() -> None:
    async with a_door(OK, OK, token=a_token("first", 600)) as door:
        await door.send()
        door.clock.advance(timedelta(seconds=539))
        door.server.side[STABLE_TOKEN] = a_token("second")
        door.server.script.appendleft(OK)
        await door.send()
        door.clock.advance(timedelta(seconds=2))
        await door.send()
        tokens = [asked.query["access_token"] for asked in door.server.asked]
    assert tokens == ["first", "first", "second"]


async def test_a_token_rejected_twice_postpones_and_is_not_tried_a_third_time() -> None:
    async with a_door(failed(40001), failed(40001)) as door:
        assert await door.send() == Postponed("40001", timedelta(minutes=1))
        assert len(door.server.asked) == 2


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (failed(40164), Refused("token:40164", Scope.ACCOUNT, Reason.GATEWAY)),
        (failed(40125), Refused("token:40125", Scope.ACCOUNT, Reason.GATEWAY)),
        (failed(40001), Refused("token:40001", Scope.ACCOUNT, Reason.GATEWAY)),
        (failed(45009), Postponed("token:45009", until_midnight(MORNING))),
        (failed(-1), Postponed("token:-1", timedelta(seconds=5))),
        (Step(reset=True), Postponed("token:reset", timedelta(seconds=5))),
        (Step(502, b"<html>"), Postponed("token:http_502", timedelta(seconds=5))),
        (Step(200, b"<html>"), Postponed("token:garbage", timedelta(seconds=5))),
        (json_step({"access_token": "", "expires_in": 7200}), Postponed("token:garbage", timedelta(seconds=5))),
        (json_step({"access_token": "x"}), Postponed("token:garbage", timedelta(seconds=5))),
    ],
)
async def test_without_a_token_nothing_was_sent(token: Step, expected: Outcome) -> None:
    async with a_door(token=token) as door:
        assert await door.send() == expected
        assert door.server.asked == []


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (failed(43004), Refused("43004", Scope.NUMBER, Reason.NOT_FOLLOWING)),
        (failed(43101), Refused("43101", Scope.NUMBER, Reason.BLOCKED)),
        (failed(40037), Refused("40037", Scope.TEMPLATE, Reason.CONTENT)),
        (failed(48001), Refused("48001", Scope.ACCOUNT, Reason.GATEWAY)),
        (failed(99999), Refused("99999", Scope.MESSAGE, Reason.UNKNOWN)),
        (failed(45009), Postponed("45009", until_midnight(MORNING))),
        (failed(45011), Postponed("45011", timedelta(minutes=1))),
        (failed(-1), Unsure("-1")),
        (failed(45065), Unsure("45065")),
        (json_step({"errcode": "43004"}), Refused("43004", Scope.NUMBER, Reason.NOT_FOLLOWING)),
        (json_step({"errcode": 0, "errmsg": "ok"}), Unsure("no_msgid")),
        (Step(200, b'{"errcode":0,"errmsg":"o\x01k","msgid":7}'), Accepted("7")),
        (Step(200, b"<html>"), Unsure("garbage")),
        (Step(200, b"[1]"), Unsure("garbage")),
        (json_step({"errcode": [0]}), Unsure("garbage")),
        (json_step({"errcode": 0, "msgid": 7}, 502), Unsure("http_502")),
    ],
)
async def test_an_answer_means(step: Step, expected: Outcome) -> None:
    async with a_door(step) as door:
        assert await door.send() == expected


@pytest.mark.parametrize(
    ("parameters", "code"),
    [({"thing1": "字", "amount2": "一百元"}, "keyword:amount2"), ({"thing1": "\ud800"}, "unwritable")],
)
async def test_what_wechat_would_refuse_never_leaves(parameters: dict[str, str], code: str) -> None:
    async with a_door() as door:
        assert await door.send(parameters=parameters) == Refused(code, Scope.MESSAGE, Reason.CONTENT)
        assert door.server.asked == []


async def test_asking_inside_ten_minutes_makes_the_same_call_again() -> None:
    async with a_door(Step(reset=True), OK) as door:
        assert await door.send() == Unsure("reset")
        door.clock.advance(timedelta(minutes=9))
        settled = await door.channel.ask(a_wechat_letter(), "n42-0", MORNING)
        first, again = door.server.asked
    assert settled == Found(str(MSGID), None, "resent", None, None)
    assert first.fields == again.fields


@pytest.mark.parametrize(
    ("step", "code"),
    [(failed(43004), "43004"), (failed(-1), "-1"), (Step(reset=True), "reset"), (Step(200, b"<html>"), "garbage")],
)
async def test_any_other_answer_settles_nothing(step: Step, code: str) -> None:
    async with a_door(step) as door:
        assert await door.channel.ask(a_wechat_letter(), "n42-0", MORNING) == NoAnswer(code)


async def test_an_answer_that_we_were_here_before_settles() -> None:
    async with a_door(failed(45065)) as door:
        assert await door.channel.ask(a_wechat_letter(), "n42-0", MORNING) == Found("", None, "45065", None, None)


async def test_after_ten_minutes_nothing_is_sent_again() -> None:
    async with a_door(OK) as door:
        door.clock.advance(timedelta(minutes=9, seconds=31))
        assert await door.channel.ask(a_wechat_letter(), "n42-0", MORNING) == NoAnswer("window_over")
        assert door.server.asked == []


async def test_wechatpys_other_builders_work_over_the_wire_and_below_our_base() -> None:
    user = json_step({"subscribe": 1, "openid": "oSAMPLE"})
    summary = json_step({"list": [{"ref_date": "2026-11-22"}]})
    async with a_door(user, summary, failed(45009), failed(46003)) as door:
        client = door.channel._client
        assert (await client.user.get("oSAMPLE"))["subscribe"] == 1
        assert await client.datacube.get_user_cumulate("2026-11-22", "2026-11-22") == [{"ref_date": "2026-11-22"}]
        with pytest.raises(APILimitedException):
            await client.menu.get_menu_info()
        with pytest.raises(WeChatClientException) as caught:
            await client.message.send_text("oSAMPLE", "你好")
        paths = [asked.path for asked in door.server.asked]
    assert caught.value.errcode == 46003
    assert "what it was" not in str(caught.value), "a provider's text may quote what was sent"
    assert paths[:2] == ["/cgi-bin/user/info", "/datacube/getusercumulate"]


@pytest.mark.parametrize(
    ("key", "value"), [("appid", ""), ("secret", ""), ("token", ""), ("aes_key", "short"), ("aes_key", "!" * 43)]
)
async def test_a_section_that_cannot_work_stops_the_start_and_names_the_key(key: str, value: str) -> None:
    section = a_section("http://127.0.0.1/", **{key: value})
    with pytest.raises(ConfigError, match=rf"channels\.wechat\.{key}"):
        open_channels(settings.Channels(wechat=section), Wire(settings.Wire()), MemoryTokens(), FrozenClock())
