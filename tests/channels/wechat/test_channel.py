"""The channel over real sockets: bodies, tokens, repeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from wechatpy.exceptions import APILimitedException, WeChatClientException
from wechatpy.oauth import WeChatOAuth

from notifier.channels import open_channels
from notifier.channels.codes import until_midnight
from notifier.channels.wechat import tokens as tokens_module
from notifier.channels.wechat.channel import Wechat
from notifier.domain import settings
from notifier.domain.errors import ConfigError, InputError, ProviderNonsense
from notifier.domain.messages import By, Letter
from notifier.domain.outcomes import Accepted, Found, NoAnswer, Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.wire import Wire
from tests.channels.doubles import MORNING, FrozenClock, MemoryTokens
from tests.channels.scripted_server import ScriptedServer, Step, a_scripted_server, json_step

STABLE_TOKEN = "/cgi-bin/stable_token"
KEY = "wechat:wx0123456789abcdef"
MSGID = 3557254367693750277
OK = json_step({"errcode": 0, "errmsg": "ok", "msgid": MSGID})
ACCEPTED = Accepted(str(MSGID))


def a_token(name: str, expires_in: int = 7200) -> Step:
    return json_step({"access_token": name, "expires_in": expires_in})


def failed(errcode: int) -> Step:
    return json_step({"errcode": errcode, "errmsg": "what it was rid: 6385c6c1-0fcadca1-22c1fc91"})


def a_section(api_base: str, **changes: Any) -> settings.Wechat:
    dummy = SecretStr("dummy")
    given = {"enabled": True, "appid": "wx0123456789abcdef", "secret": dummy, "token": dummy}
    return settings.Wechat(api_base=api_base, **(given | changes))


class Door:
    """A channel with everything it touches."""

    def __init__(self, server: ScriptedServer, wire: Wire) -> None:
        self.server = server
        self.clock = FrozenClock()
        self.store = MemoryTokens()
        self.wire = wire
        self.channel = self.another_process()

    def another_process(self) -> Wechat:
        return Wechat(a_section(self.server.base), self.wire, self.store, self.clock)

    async def send(self, out_id: str = "n42-0", **changes: Any) -> Outcome:
        [outcome] = await self.channel.send([a_wechat_letter(**changes)], out_id)
        return outcome


def a_wechat_letter(**changes: Any) -> Letter:
    given: dict[str, Any] = {"address": "oSAMPLE", "parameters": {"thing1": "样例补贴", "amount2": "297.50元"}}
    return Letter(message_id=42, template="TM00015", **(given | changes))


@asynccontextmanager
async def a_door(*steps: Step, token: Step | None = None) -> AsyncIterator[Door]:
    async with a_scripted_server(*steps) as server, Wire(settings.Wire(), timedelta(seconds=2)) as wire:
        server.side[STABLE_TOKEN] = token or a_token("first")
        yield Door(server, wire)


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


BIZSEND = "/cgi-bin/message/subscribe/bizsend"
SENT_WITHOUT_ID = json_step({"errcode": 0, "errmsg": "ok"})


async def test_a_subscription_notice_goes_by_bizsend_without_an_id_of_ours() -> None:
    async with a_door(SENT_WITHOUT_ID, OK) as door:
        assert await door.send(by=By.SUBSCRIPTION, link="https://example.test/n/1") == Accepted("")
        assert await door.send(by=By.SUBSCRIPTION) == ACCEPTED, "should WeChat name one after all, it is kept"
        first, _ = door.server.asked
    assert first.path == BIZSEND
    assert first.fields == {
        "touser": "oSAMPLE",
        "template_id": "TM00015",
        "data": {"thing1": {"value": "样例补贴"}, "amount2": {"value": "297.50元"}},
        "page": "https://example.test/n/1",
    }


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (failed(43101), Refused("43101", Scope.NUMBER, Reason.BLOCKED)),
        (failed(40037), Refused("40037", Scope.TEMPLATE, Reason.CONTENT)),
        (failed(45168), Refused("45168", Scope.MESSAGE, Reason.CONTENT)),
        (failed(-1), Unsure("-1")),
        (Step(reset=True), Unsure("reset")),
    ],
)
async def test_a_subscription_notice_is_never_asked_about_and_never_sent_again(step: Step, expected: Outcome) -> None:
    async with a_door(step) as door:
        assert await door.send(by=By.SUBSCRIPTION) == expected
        asked = await door.channel.ask(a_wechat_letter(by=By.SUBSCRIPTION), "n42-0", MORNING)
        assert asked == NoAnswer("cannot_be_asked")
        assert len(door.server.asked) == 1


async def test_a_subscription_notice_keeps_the_rules_of_its_variables() -> None:
    async with a_door(SENT_WITHOUT_ID) as door:
        outcome = await door.send(by=By.SUBSCRIPTION, parameters={"thing1": "字", "amount2": "1" * 13})
        assert outcome == Refused("keyword:amount2", Scope.MESSAGE, Reason.CONTENT)
        assert door.server.asked == []
        long = "关于做好二〇二六年耕地地力保护补贴发放工作的通知"
        await door.send(by=By.SUBSCRIPTION, parameters={"thing1": long})
        assert door.server.asked[0].fields["data"]["thing1"]["value"] == long[:19] + "…"


class CountedWindow:
    """The contract of `ReplyAllowance` for one person: so many answers are left."""

    def __init__(self, left: int) -> None:
        self.left = left

    async def take(self, openid: str) -> str | None:
        self.left -= 1
        return "spoke" if self.left >= 0 else None

    async def give_back(self, openid: str, window: str) -> None:
        assert window == "spoke"
        self.left += 1


async def test_an_answer_is_counted_before_it_leaves_and_not_sent_when_none_is_left() -> None:
    async with a_door(SENT_WITHOUT_ID, SENT_WITHOUT_ID) as door:
        replies = door.channel.replies(CountedWindow(2))
        outcomes = [await replies.reply("oSAMPLE", "已收到，三日内答复。") for _ in range(3)]
        assert outcomes == [Accepted(""), Accepted(""), Refused("reply:closed", Scope.NUMBER, Reason.LIMITED)]
        first, _ = door.server.asked
    assert first.path == "/cgi-bin/message/custom/send"
    assert first.fields == {"touser": "oSAMPLE", "msgtype": "text", "text": {"content": "已收到，三日内答复。"}}


@pytest.mark.parametrize(
    ("step", "expected", "left"),
    [
        (failed(45015), Refused("45015", Scope.NUMBER, Reason.LIMITED), 0),
        (failed(45047), Refused("45047", Scope.NUMBER, Reason.LIMITED), 0),
        (failed(45011), Postponed("45011", timedelta(minutes=1)), 1),
        (Step(reset=True), Unsure("reset"), 0),
    ],
)
async def test_an_answer_that_certainly_did_not_leave_is_not_counted(step: Step, expected: Outcome, left: int) -> None:
    async with a_door(step) as door:
        window = CountedWindow(1)
        assert await door.channel.replies(window).reply("oSAMPLE", "好") == expected
        assert window.left == left


async def test_a_permanent_and_a_temporary_qr_code() -> None:
    made = json_step({"ticket": "gQ+/=", "url": "http://weixin.qq.com/q/kZg"})
    short = json_step({"ticket": "T2", "expire_seconds": 600, "url": "http://weixin.qq.com/q/k2"})
    async with a_door(made, short, failed(45009), json_step({"errcode": 0})) as door:
        first = await door.channel.qr("village_640425100201")
        assert (first.picture, first.ends_at) == (
            "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQ%2B%2F%3D",
            None,
        )
        assert (await door.channel.qr("h42", timedelta(minutes=10))).ends_at == MORNING + timedelta(minutes=10)
        with pytest.raises(ProviderNonsense, match="45009"):
            await door.channel.qr("h42")
        with pytest.raises(ProviderNonsense):
            await door.channel.qr("h42")
        permanent, temporary = [asked.fields for asked in door.server.asked[:2]]
        for scene, lasts in (
            ("", None),
            ("字", None),
            ("x" * 65, None),
            ("h", timedelta(days=31)),
            ("h", timedelta(0)),
        ):
            with pytest.raises(InputError):
                await door.channel.qr(scene, lasts)
    assert permanent == {
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": {"scene": {"scene_str": "village_640425100201"}},
    }
    assert temporary["action_name"] == "QR_STR_SCENE"
    assert temporary["expire_seconds"] == 600


async def test_a_visitor_is_sent_where_wechatpy_would_send_them() -> None:
    async with a_door() as door:
        ours = door.channel.authorize_url("https://hui.example.test/f?a=1&b=村", "S1234567")
        oracle = WeChatOAuth("wx0123456789abcdef", "dummy", "https://hui.example.test/f?a=1&b=村", state="S1234567")
        oracle._http.close()
        assert ours == oracle.authorize_url
        for state in ("", "a-b", "x" * 129, "状态"):
            with pytest.raises(InputError):
                door.channel.authorize_url("https://hui.example.test/", state)


async def test_a_code_is_exchanged_for_the_openid_over_our_wire_without_the_accounts_token() -> None:
    said = {"access_token": "A", "expires_in": 7200, "refresh_token": "R", "openid": "oSAMPLE", "scope": "snsapi_base"}
    async with a_door(json_step(said)) as door:
        assert await door.channel.openid_of("CODE&1") == "oSAMPLE"
        [asked] = door.server.asked
        assert door.server.asked_aside == []
    assert asked.path == "/sns/oauth2/access_token"
    assert asked.query == {
        "appid": "wx0123456789abcdef",
        "secret": "dummy",
        "code": "CODE&1",
        "grant_type": "authorization_code",
    }


@pytest.mark.parametrize(
    ("step", "error", "says"),
    [
        (failed(40029), InputError, "授权码无效"),
        (failed(40163), InputError, "已经用过"),
        (failed(40226), InputError, "风险"),
        (json_step({"openid": "oSNAP", "is_snapshotuser": 1}), InputError, "快照页"),
        (failed(40125), ProviderNonsense, "40125"),
        (json_step({"openid": ""}), ProviderNonsense, "garbage"),
        (Step(200, b"<html>"), ProviderNonsense, "garbage"),
        (Step(reset=True), ProviderNonsense, "reset"),
    ],
)
async def test_a_visitor_who_cannot_be_recognised_is_told_why(step: Step, error: type[Exception], says: str) -> None:
    async with a_door(step, step) as door:  # a question that gets no answer at all may be put again
        with pytest.raises(error, match=says):
            await door.channel.openid_of("CODE")


@pytest.mark.parametrize(
    ("key", "value"), [("appid", ""), ("secret", ""), ("token", ""), ("aes_key", "short"), ("aes_key", "!" * 43)]
)
async def test_a_section_that_cannot_work_stops_the_start_and_names_the_key(key: str, value: str) -> None:
    section = a_section("http://127.0.0.1/", **{key: value})
    with pytest.raises(ConfigError, match=rf"channels\.wechat\.{key}"):
        open_channels(settings.Channels(wechat=section), Wire(settings.Wire()), MemoryTokens(), FrozenClock())
