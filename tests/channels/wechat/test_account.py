"""What the account does besides template messages: subscription notices, answers, QR codes, page visitors."""

from datetime import timedelta

import pytest
from wechatpy.oauth import WeChatOAuth

from notifier.domain.errors import InputError, ProviderNonsense
from notifier.domain.messages import By
from notifier.domain.outcomes import Accepted, NoAnswer, Outcome, Postponed, Reason, Refused, Scope, Unsure
from tests.channels.doubles import MORNING
from tests.channels.scripted_server import Step, json_step
from tests.channels.wechat.door import ACCEPTED, OK, a_door, a_wechat_letter, failed

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
