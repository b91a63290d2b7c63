"""What followers decide and do: consents, windows of answers, codes they scan, pages they open; told by wechatpy."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import xmltodict
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from tests.sandbox.gateways import APPID, APPSECRET, OPENID, Clock, PushTarget, Sandbox, a_push_target, a_sandbox

POLICY = "PolicyNews640425-AAAAAAAAAAAAAAAAAAAAAAAAAA"
ONCE = "PolicyOnce640425-AAAAAAAAAAAAAAAAAAAAAAAAAA"
VALUES = {
    "thing1": {"value": "关于秋播的通知"},
    "thing2": {"value": "每亩补贴一百元"},
    "phone_number3": {"value": "0954-7010000"},
}
TEMPLATES = [
    {
        "template_id": name,
        "title": "惠民政策通知",
        "lasting": name == POLICY,
        "keywords": {"thing1": "政策名称", "thing2": "主要内容", "phone_number3": "咨询电话"},
    }
    for name in (POLICY, ONCE)
]


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget, clock: Clock) -> AsyncIterator[Sandbox]:
    changes = {"callback_url": target.url, "subscriptions": TEMPLATES}
    async with a_sandbox(tmp_path, clock, wechat=changes) as running:
        yield running


async def official(sandbox: Sandbox, api: str, method: str, *given: Any) -> Any:
    """A call of wechatpy's own, blocking client, with a token that the sandbox gave out."""
    kind = type("SandboxClient", (WeChatClient,), {"API_BASE_URL": f"{sandbox.url}/wechat/cgi-bin/"})
    client = kind(APPID, APPSECRET, access_token=await sandbox.access_token(), auto_retry=False)
    return await asyncio.to_thread(getattr(getattr(client, api), method), *given)


async def refused(sandbox: Sandbox, api: str, method: str, *given: Any) -> int:
    with pytest.raises(WeChatClientException) as caught:
        await official(sandbox, api, method, *given)
    return int(caught.value.errcode)


def told(target: PushTarget) -> list[dict[str, Any]]:
    return [xmltodict.parse(body)["xml"] for _, body in target.pushes]


async def test_a_notice_goes_to_who_accepted_as_often_as_it_is_sent_and_is_reported(
    sandbox: Sandbox, target: PushTarget
) -> None:
    notice = (OPENID, POLICY, VALUES)
    assert await refused(sandbox, "message", "send_subscribe_message", *notice) == 43101
    await sandbox.order("consents", {"openids": [OPENID], "template_id": POLICY})
    for _ in range(2):
        said = await official(sandbox, "message", "send_subscribe_message", *notice)
        assert said == {"errcode": 0, "errmsg": "ok"}, "no msgid, as documented"
    await sandbox.idle()
    popup, *sent = told(target)
    assert popup["SubscribeMsgPopupEvent"]["List"] == {
        "TemplateId": POLICY,
        "SubscribeStatusString": "accept",
        "PopupScene": "1",
    }
    entries = [one["SubscribeMsgSentEvent"]["List"] for one in sent]
    assert [(one["TemplateId"], one["ErrorCode"], one["ErrorStatus"]) for one in entries] == [
        (POLICY, "0", "success")
    ] * 2
    assert {one["MsgID"] for one in entries} == {row["provider_id"] for row in await sandbox.records()}
    await sandbox.order("consents", {"openids": [OPENID], "template_id": POLICY, "word": "reject", "change": True})
    assert await refused(sandbox, "message", "send_subscribe_message", *notice) == 43101


async def test_an_acceptance_of_a_template_that_does_not_last_is_one_notice(sandbox: Sandbox) -> None:
    await sandbox.order("consents", {"openids": [OPENID], "template_id": ONCE, "push": False})
    await official(sandbox, "message", "send_subscribe_message", OPENID, ONCE, VALUES)
    assert await refused(sandbox, "message", "send_subscribe_message", OPENID, ONCE, VALUES) == 43101


async def test_consents_survive_a_restart(tmp_path: Path) -> None:
    changes = {"subscriptions": TEMPLATES}
    async with a_sandbox(tmp_path, wechat=changes) as sandbox:
        await sandbox.order("consents", {"openids": [OPENID], "template_id": POLICY})
    async with a_sandbox(tmp_path, wechat=changes) as sandbox:
        await official(sandbox, "message", "send_subscribe_message", OPENID, POLICY, VALUES)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"template_id": "x"}, 40037),
        ({"touser": "1"}, 40003),
        ({"data": {**VALUES, "thing1": {"value": "字" * 21}}}, 47003),
        ({"data": {**VALUES, "thing9": {"value": "字"}}}, 47003),
    ],
)
async def test_a_notice_that_is_not_right_is_refused_and_spends_no_consent(
    sandbox: Sandbox, changes: dict[str, Any], errcode: int
) -> None:
    await sandbox.order("consents", {"openids": [OPENID], "template_id": ONCE})
    whole = {"touser": OPENID, "template_id": ONCE, "data": VALUES}
    token = await sandbox.access_token()
    said = await sandbox.wechat("message/subscribe/bizsend", {**whole, **changes}, access_token=token)
    assert said["errcode"] == errcode
    assert (await sandbox.wechat("message/subscribe/bizsend", whole, access_token=token))["errcode"] == 0


async def test_a_change_event_can_come_in_the_popups_wrapper(sandbox: Sandbox, target: PushTarget) -> None:
    change = {"openids": [OPENID], "template_id": POLICY, "word": "reject", "change": True}
    await sandbox.order("consents", change)
    await sandbox.order("consents", {**change, "mistaken": True})
    await sandbox.idle()
    assert ["SubscribeMsgChangeEvent" in one for one in told(target)].count(True) == 1
    assert ["SubscribeMsgPopupEvent" in one for one in told(target)].count(True) == 1
    assert {one["Event"] for one in told(target)} == {"subscribe_msg_change_event"}


async def test_five_answers_within_48_hours_of_a_message(sandbox: Sandbox, clock: Clock) -> None:
    assert await refused(sandbox, "message", "send_text", OPENID, "您好") == 45015
    await sandbox.order("say", {"openid": OPENID, "content": "问"})
    clock.now += 48 * 3600 - 1
    for _ in range(5):
        await official(sandbox, "message", "send_text", OPENID, "您好")
    assert await refused(sandbox, "message", "send_text", OPENID, "您好") == 45047
    await sandbox.order("say", {"openid": OPENID, "content": "再问"})
    clock.now += 48 * 3600
    assert await refused(sandbox, "message", "send_text", OPENID, "您好") == 45015
    assert [row["text"] for row in await sandbox.records()] == ["您好"] * 5


@pytest.mark.parametrize("how", ["press", "follow", "scan"])
async def test_three_answers_within_a_minute_of_a_press_a_follow_or_a_scan(
    sandbox: Sandbox, clock: Clock, how: str
) -> None:
    if how == "follow":
        await sandbox.order("followers", {"follow": [OPENID]})
    elif how == "press":
        await sandbox.order("press", {"openid": OPENID})
    else:
        made = await official(
            sandbox, "qrcode", "create", {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 7}}}
        )
        assert (await sandbox.order("scan", {"openid": OPENID, "ticket": made["ticket"]}))["scene"] == "7"
    for _ in range(3):
        await official(sandbox, "message", "send_text", OPENID, "欢迎")
    assert await refused(sandbox, "message", "send_text", OPENID, "欢迎") == 45047
    clock.now += 61
    assert await refused(sandbox, "message", "send_text", OPENID, "欢迎") == 45015


async def test_a_code_has_a_picture_until_it_ends(sandbox: Sandbox, clock: Clock) -> None:
    scene = {"scene": {"scene_str": "village_640425100201"}}
    lasting = await official(sandbox, "qrcode", "create", {"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene})
    brief = {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": scene}
    ending = await official(sandbox, "qrcode", "create", brief)
    assert ("expire_seconds" in lasting, ending["expire_seconds"]) == (False, 600)
    clock.now += 601
    for made, status in ((lasting, 200), (ending, 404), ({"ticket": "gnot"}, 404)):
        url = f"{sandbox.url}/wechat/cgi-bin/showqrcode"
        async with sandbox.http.get(url, params={"ticket": made["ticket"]}) as answer:
            assert answer.status == status
            assert (await answer.read()).startswith(b"\x89PNG") is (status == 200)
    assert (await sandbox.order("scan", {"openid": OPENID, "ticket": ending["ticket"]}))["status"] == 400


@pytest.mark.parametrize(
    ("order", "errcode"),
    [
        ({"action_name": "QR", "action_info": {"scene": {"scene_id": 1}}}, 40052),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
        ({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "x" * 65}}}, 40053),
        ({"action_name": "QR_SCENE", "expire_seconds": 2_592_001, "action_info": {"scene": {"scene_id": 1}}}, 40053),
    ],
)
async def test_a_code_that_cannot_be_made_is_refused(sandbox: Sandbox, order: dict[str, Any], errcode: int) -> None:
    assert await refused(sandbox, "qrcode", "create", order) == errcode


async def test_user_info_says_who_follows(sandbox: Sandbox) -> None:
    assert (await official(sandbox, "user", "get", OPENID))["subscribe"] == 1
    await sandbox.order("followers", {"unfollow": [OPENID]})
    assert await official(sandbox, "user", "get", OPENID) == {"subscribe": 0, "openid": OPENID}
    assert await refused(sandbox, "user", "get", "1") == 40003


def oauth(sandbox: Sandbox) -> Any:
    bases = {"API_BASE_URL": f"{sandbox.url}/wechat/", "OAUTH_BASE_URL": f"{sandbox.url}/wechat/connect/"}
    return type("SandboxOAuth", (WeChatOAuth,), bases)(APPID, APPSECRET, f"{sandbox.url}/back?a=1", state="S1")


async def test_a_page_learns_who_opens_it_once(sandbox: Sandbox, clock: Clock) -> None:
    client = oauth(sandbox)
    await sandbox.order("visitor", {"openid": OPENID})
    async with sandbox.http.get(client.authorize_url.partition("#")[0], allow_redirects=False) as answer:
        assert answer.status == 302
        back = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert (back["a"], back["state"]) == ("1", "S1")
    said = await asyncio.to_thread(client.fetch_access_token, back["code"])
    assert (said["openid"], said["scope"]) == (OPENID, "snsapi_base")
    for code, errcode in ((back["code"], 40163), ("never", 40029)):
        with pytest.raises(WeChatOAuthException) as caught:
            await asyncio.to_thread(client.fetch_access_token, code)
        assert caught.value.errcode == errcode
    later = (await sandbox.order("visitor", {"openid": OPENID}))["code"]
    clock.now += 301
    with pytest.raises(WeChatOAuthException) as caught:
        await asyncio.to_thread(client.fetch_access_token, later)
    assert caught.value.errcode == 40029


async def test_parameters_in_another_order_lead_nowhere_and_a_snapshot_says_so(sandbox: Sandbox) -> None:
    wrong = f"{sandbox.url}/wechat/connect/oauth2/authorize?redirect_uri=x&appid={APPID}&response_type=code&scope=x"
    async with sandbox.http.get(wrong, allow_redirects=False) as answer:
        assert answer.status == 200
    code = (await sandbox.order("visitor", {"openid": OPENID, "snapshot": True}))["code"]
    said = await asyncio.to_thread(oauth(sandbox).fetch_access_token, code)
    assert said["is_snapshotuser"] == 1
