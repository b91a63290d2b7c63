"""What the official account pushes: finish events, followers who come and go, texts; signed, sealed, repeated."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import wechatpy
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from tests.sandbox.gateways import AES_KEY, APPID, OPENID, TOKEN, PushTarget, Sandbox, a_push_target, a_sandbox


@pytest.fixture
async def target() -> AsyncIterator[PushTarget]:
    async with a_push_target() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path, target: PushTarget) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, wechat={"callback_url": target.url}) as running:
        yield running


def _opened(push: tuple[Mapping[str, str], bytes]) -> Any:
    """The message as wechatpy reads it, after checking its signatures."""
    query, body = push
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    text = body.decode()
    if query.get("encrypt_type") == "aes":
        crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
        text = crypto.decrypt_message(text, query["msg_signature"], query["timestamp"], query["nonce"])
    return wechatpy.parse_message(text)


@pytest.mark.parametrize("mode", ["plain", "mixed", "aes"])
async def test_a_finish_event_is_read_by_wechatpy_in_every_mode(
    sandbox: Sandbox, target: PushTarget, mode: str
) -> None:
    await sandbox.order("callbacks", {"wechat_mode": mode})
    msgid = (await sandbox.template())["msgid"]
    await sandbox.idle()
    (push,) = target.pushes
    event = _opened(push)
    assert (event.event, event.id, event.status) == ("templatesendjobfinish", msgid, "success")
    assert (event.source, event.target) == (OPENID, "gh_640425000001")
    assert {"plain": "MsgID", "mixed": "MsgID", "aes": "Encrypt"}[mode] in xmltodict.parse(push[1])["xml"]
    assert [row["receipt"] for row in await sandbox.records()] == [1]


@pytest.mark.parametrize("status", ["failed:user block", "failed: system failed", "failed:freq limit"])
async def test_a_failing_follower_is_reported_with_its_status(
    sandbox: Sandbox, target: PushTarget, status: str
) -> None:
    await sandbox.misbehave("wechat", failing={OPENID: status})
    assert (await sandbox.template())["errcode"] == 0
    await sandbox.idle()
    assert _opened(target.pushes[0]).status == status
    assert [row["result"] for row in await sandbox.records()] == [status]


async def test_followers_who_come_and_go_are_announced(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.order("followers", {"follow": ["oPlain01"]})
    await sandbox.idle()
    await sandbox.order("followers", {"follow": ["oScanned01"], "scene": "village_7"})
    await sandbox.idle()
    await sandbox.order("followers", {"unfollow": ["oPlain01"]})
    await sandbox.idle()
    await sandbox.order("followers", {"follow": ["oQuiet01"], "push": False})
    plain, scanned, left = map(_opened, target.pushes)
    assert (plain.event, plain.source) == ("subscribe", "oPlain01")
    assert (scanned.event, scanned.scene_id, bool(scanned.ticket)) == ("subscribe_scan", "village_7", True)
    assert (left.event, left.source) == ("unsubscribe", "oPlain01")


async def test_a_follower_can_say_something(sandbox: Sandbox, target: PushTarget) -> None:
    said = await sandbox.order("say", {"openid": OPENID, "content": "补贴什么时候发？]]><x>"})
    await sandbox.idle()
    message = _opened(target.pushes[0])
    assert (message.type, message.content, str(message.id)) == ("text", "补贴什么时候发？]]><x>", said["msg_id"])


async def test_a_push_is_tried_three_times_with_the_same_content(sandbox: Sandbox, target: PushTarget) -> None:
    target.statuses.extend([500, 500, 500])
    await sandbox.template()
    await sandbox.idle()
    assert len(target.pushes) == 3
    assert len({body for _, body in target.pushes}) == 1
    assert [row["receipt"] for row in await sandbox.records()] == [2]


async def test_a_push_without_an_answer_in_time_is_repeated(tmp_path: Path, target: PushTarget) -> None:
    target.wait_s = 0.15
    async with a_sandbox(tmp_path, wechat={"callback_url": target.url, "push_timeout": 0.05}) as sandbox:
        await sandbox.template()
        await sandbox.idle()
    assert len(target.pushes) == 3


async def test_events_can_be_lost_doubled_early_late_or_strange(sandbox: Sandbox, target: PushTarget) -> None:
    script = [["receipt_lost"], ["receipt_doubled"], ["receipt_early"], ["receipt_late"], ["receipt_unknown"]]
    await sandbox.misbehave("wechat", script=script, late_by=500)
    msgids = []
    for n in range(5):
        msgids.append((await sandbox.template())["msgid"])
        if n == 2:
            assert msgids[2] in [_opened(push).id for push in target.pushes]
    await sandbox.idle()
    seen = [_opened(push).id for push in target.pushes]
    assert [seen.count(msgid) for msgid in msgids] == [0, 2, 1, 1, 1]
    assert len(seen) == 6
    assert seen.index(msgids[3]) > seen.index(msgids[4])


async def test_a_silent_event_never_comes(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("wechat", script=[["receipt_silent"]])
    await sandbox.template()
    await asyncio.sleep(0.05)
    assert target.pushes == []
    assert [row["result"] for row in await sandbox.records()] == [""]


async def test_a_signed_push_that_is_no_message_comes_along(sandbox: Sandbox, target: PushTarget) -> None:
    await sandbox.misbehave("wechat", script=[["receipt_garbled"]])
    msgid = (await sandbox.template())["msgid"]
    await sandbox.idle()
    assert len(target.pushes) == 2
    assert len([body for _, body in target.pushes if str(msgid).encode() in body]) == 1
    for query, _ in target.pushes:
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
