"""The official account: tokens that live, overlap and die; template messages by the platform's rules; followers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from notifier.sandbox.wechat.keywords import is_allowed
from tests.sandbox.gateways import (
    APPID,
    APPSECRET,
    OPENID,
    WX_PAYMENT,
    WX_VALUES,
    Clock,
    Json,
    Sandbox,
    a_sandbox,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(tmp_path: Path, clock: Clock) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, clock) as running:
        yield running


async def _plain(sandbox: Sandbox, **changes: str) -> Json:
    asked = {"grant_type": "client_credential", "appid": APPID, "secret": APPSECRET, **changes}
    async with sandbox.http.get(f"{sandbox.url}/wechat/cgi-bin/token", params=asked) as answer:
        return {**orjson.loads(await answer.read())}


async def _stable(sandbox: Sandbox, **changes: Any) -> Json:
    asked = {"grant_type": "client_credential", "appid": APPID, "secret": APPSECRET, **changes}
    return await sandbox.wechat("stable_token", asked)


async def _send(sandbox: Sandbox, token: str) -> Json:
    body = {"touser": OPENID, "template_id": WX_PAYMENT, "data": WX_VALUES}
    return await sandbox.wechat("message/template/send", body, access_token=token)


async def test_token_gives_a_new_one_each_time_and_the_old_one_works_five_more_minutes(
    sandbox: Sandbox, clock: Clock
) -> None:
    old = (await _plain(sandbox))["access_token"]
    new = await _plain(sandbox)
    assert (new["expires_in"], new["access_token"] != old) == (7200, True)
    assert (await _send(sandbox, old))["errcode"] == 0
    clock.now += 301
    assert (await _send(sandbox, old))["errcode"] == 40001
    assert (await _send(sandbox, new["access_token"]))["errcode"] == 0


async def test_stable_token_stays_the_same_until_shortly_before_its_end(sandbox: Sandbox, clock: Clock) -> None:
    first = await _stable(sandbox)
    clock.now += 6000
    again = await _stable(sandbox)
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 1200)
    clock.now += 901
    renewed = await _stable(sandbox)
    assert renewed["access_token"] != first["access_token"]
    assert (await _send(sandbox, first["access_token"]))["errcode"] == 0
    clock.now += 300
    assert (await _send(sandbox, first["access_token"]))["errcode"] == 40001


async def test_the_two_token_apis_do_not_touch_each_other(sandbox: Sandbox) -> None:
    stable = (await _stable(sandbox))["access_token"]
    plain = (await _plain(sandbox))["access_token"]
    await _plain(sandbox)
    await _stable(sandbox, force_refresh=True)
    assert (await _send(sandbox, stable))["errcode"] == 40001
    assert (await _send(sandbox, plain))["errcode"] == 0
    assert (await _stable(sandbox))["access_token"] not in (stable, plain)


async def test_a_forced_refresh_is_rationed(sandbox: Sandbox, clock: Clock) -> None:
    assert (await _stable(sandbox, force_refresh=True))["expires_in"] == 7200
    assert (await _stable(sandbox, force_refresh=True))["errcode"] == 45011
    codes = []
    for _ in range(20):
        clock.now += 31
        codes.append((await _stable(sandbox, force_refresh=True)).get("errcode", 0))
    assert codes == [0] * 19 + [45009]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
async def test_a_wrong_account_gets_no_token(sandbox: Sandbox, changes: dict[str, str], errcode: int) -> None:
    assert (await _plain(sandbox, **changes))["errcode"] == errcode
    said = await _stable(sandbox, **changes)
    assert said["errcode"] == errcode
    assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", said["errmsg"])


async def test_token_quotas_and_the_whitelist_hold(tmp_path: Path) -> None:
    few = {"tokens_per_day": 1, "stable_tokens_per_minute": 1, "allowed_ips": ["127.0.0.1"]}
    async with a_sandbox(tmp_path, Clock(), wechat=few) as sandbox:
        assert [(await _plain(sandbox)).get("errcode", 0) for _ in range(2)] == [0, 45009]
        assert [(await _stable(sandbox)).get("errcode", 0) for _ in range(2)] == [0, 45011]
    async with a_sandbox(tmp_path, wechat={"allowed_ips": ["192.0.2.1"]}) as sandbox:
        assert (await _plain(sandbox))["errcode"] == 40164


async def test_bad_tokens_have_the_code_of_their_fault(sandbox: Sandbox, clock: Clock) -> None:
    token = (await _stable(sandbox))["access_token"]
    assert (await _send(sandbox, ""))["errcode"] == 41001
    assert (await _send(sandbox, "short"))["errcode"] == 40014
    assert (await _send(sandbox, "A" * 136))["errcode"] == 40001
    clock.now += 7201
    assert (await _send(sandbox, token))["errcode"] == 42001


async def test_a_template_message_is_accepted_with_a_64_bit_msgid(sandbox: Sandbox) -> None:
    said = await sandbox.template(client_msg_id="m-1")
    assert (said["errcode"], said["errmsg"]) == (0, "ok")
    assert 2**53 < said["msgid"] < 2**63
    (row,) = await sandbox.records()
    assert (row["channel"], row["address"], row["sender_key"]) == ("wechat", OPENID, "m-1")
    assert (row["provider_id"], row["template"], row["result"]) == (str(said["msgid"]), WX_PAYMENT, "success")
    assert row["text"].splitlines() == [
        "补贴发放通知",
        "补贴项目：耕地地力保护补贴",
        "发放金额：1165.13元",
        "发放时间：2026年11月24日 15:01",
        "计算依据：12.5亩×93.21元",
        "咨询电话：0954-7012345",
    ]


async def test_the_same_client_msg_id_is_sent_once_in_ten_minutes(sandbox: Sandbox, clock: Clock) -> None:
    first = await sandbox.template(client_msg_id="m-1")
    clock.now += 599
    assert (await sandbox.template(client_msg_id="m-1"))["msgid"] == first["msgid"]
    assert (await sandbox.template("oSomebodyElse", client_msg_id="m-1"))["msgid"] != first["msgid"]
    assert len(await sandbox.records()) == 2
    clock.now += 2
    assert (await sandbox.template(client_msg_id="m-1"))["msgid"] != first["msgid"]
    assert (await sandbox.template())["msgid"] != (await sandbox.template())["msgid"]


async def test_the_dedupe_window_survives_a_restart(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path) as sandbox:
        first = await sandbox.template(client_msg_id="m-1")
    async with a_sandbox(tmp_path) as sandbox:
        assert (await sandbox.template(client_msg_id="m-1"))["msgid"] == first["msgid"]
        assert len(await sandbox.records()) == 1


def _changed(keyword: str, value: object) -> dict[str, object]:
    return {**WX_VALUES, keyword: value}


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "x"}, 40003),
        ({"touser": None}, 40003),
        ({"template_id": "short"}, 40036),
        ({"template_id": "A" * 43}, 40037),
        ({"data": []}, 47001),
        ({"client_msg_id": 1}, 47001),
        ({"data": {}}, 47003),
        ({"data": _changed("thing1", {"value": ""})}, 47003),
        ({"data": _changed("thing1", {"value": "长" * 21})}, 47003),
        ({"data": _changed("thing1", {"value": 5})}, 47003),
        ({"data": _changed("thing1", "plain")}, 47003),
        ({"data": _changed("amount2", {"value": "一千元"})}, 47003),
        ({"data": _changed("time3", {"value": "昨天"})}, 47003),
        ({"data": _changed("phone_number5", {"value": "请打电话"})}, 47003),
        ({"data": _changed("first", {"value": "您好"})}, 47003),
    ],
)
async def test_a_bad_template_message_is_refused(sandbox: Sandbox, changes: dict[str, Any], errcode: int) -> None:
    said = await sandbox.template(**changes)
    assert said["errcode"] == errcode
    assert " rid: " in said["errmsg"]
    assert "msgid" not in said
    assert await sandbox.records() == []


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b"[" * 5000, b'"\xff"', b"1e999", b'{"touser":"\\ud800"}'])
async def test_hostile_bodies_are_data_errors(sandbox: Sandbox, body: bytes) -> None:
    token = await sandbox.access_token()
    assert (await sandbox.wechat("message/template/send", body, access_token=token))["errcode"] in (44002, 47001)
    assert (await sandbox.wechat("stable_token", body))["errcode"] in (44002, 47001)


async def test_unknown_paths_and_wrong_methods_are_said_so(sandbox: Sandbox) -> None:
    assert (await sandbox.wechat("message/fax/send", {}))["errcode"] == 40066
    assert (await sandbox.wechat("token", {}))["errcode"] == 43001
    token = await sandbox.access_token()
    url = f"{sandbox.url}/wechat/cgi-bin/message/template/send?access_token={token}"
    async with sandbox.http.get(url) as answer:
        assert orjson.loads(await answer.read())["errcode"] == 43002


async def test_the_daily_quota_ends_at_beijing_midnight(tmp_path: Path) -> None:
    clock = Clock(1_800_000_000 // 86_400 * 86_400 + 15.9 * 3600)  # 23:54 in Beijing
    async with a_sandbox(tmp_path, clock, wechat={"sends_per_day": 2}) as sandbox:
        assert [(await sandbox.template())["errcode"] for _ in range(3)] == [0, 0, 45009]
        clock.now += 600
        assert (await sandbox.template())["errcode"] == 0


async def test_standing_decides_who_is_reached_and_survives_a_restart(tmp_path: Path) -> None:
    order = {"unfollow": ["oLeft01"], "block": ["oBlocked01"], "refuse": ["oRefuses01"], "follow": ["oBack01"]}
    async with a_sandbox(tmp_path) as sandbox:
        said = await sandbox.order("followers", order)
        assert said == {"following": 1, "left": 1, "blocked": 1, "refusing": 1, "status": 200}
    async with a_sandbox(tmp_path) as sandbox:
        found = [(await sandbox.template(openid))["errcode"] for names in order.values() for openid in names]
        assert found == [43004, 43019, 43101, 0]


async def test_when_not_everybody_follows_the_unknown_are_not_followers(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path, wechat={"everybody_follows": False}) as sandbox:
        assert (await sandbox.template())["errcode"] == 43004
        await sandbox.order("followers", {"follow": [OPENID]})
        assert (await sandbox.template())["errcode"] == 0


@pytest.mark.parametrize(
    ("keyword", "good", "bad"),
    [
        ("thing20", ["补贴", "x" * 20, "面积 12.5亩"], ["", " ", "x" * 21]),
        ("number1", ["1", "12.5", "1" * 32], ["", "1元", "1" * 40, "一"]),
        ("letter1", ["abc"], ["a1", "字", "a" * 33]),
        ("symbol1", ["★!"], ["a", "!!!!!!"]),
        ("character_string32", ["AB-12/3"], ["编号1", "x" * 33, "a b"]),
        (
            "time3",
            ["15:01", "2019年10月1日 15:01", "2019年10月1日", "2026-11-24 08:00", "8:00~12:00"],
            ["25:00", "昨天"],
        ),
        ("date3", ["2019年10月1日", "2019年10月1日~2019年10月5日"], ["15:01", "2019年13月1日"]),
        ("amount2", ["￥100", "1165.13元", "1,234.50", "¥0.5元"], ["壹佰元", "1234567890123", "100圆", "--1"]),
        ("phone_number5", ["0954-7012345", "+86 19900000001"], ["电话", "1" * 18]),
        ("car_number1", ["宁D12345"], ["宁D123456789"]),
        ("name6", ["张三", "马·阿卜杜拉", "John Smith"], ["张" * 11, "a" * 21]),
        ("phrase1", ["已发放"], ["OK", "已经发放了啊"]),
        ("short_thing1", ["五个字以内"], ["六个字以内呀"]),
        ("unknown1", [], ["x"]),
        ("thing", [], ["x"]),
    ],
)
def test_keyword_values_follow_the_rules_of_their_type(keyword: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not is_allowed(keyword, value)] == []
    assert [value for value in bad if is_allowed(keyword, value)] == []


def test_a_const_takes_approved_values_only() -> None:
    assert is_allowed("const1", "已到账", ("已到账", "退回"))
    assert not is_allowed("const1", "不明", ("已到账", "退回"))
