"""Every way to misbehave: what the client sees, and whether the handset got the message all the same."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from notifier.sandbox.mischief import NONE, RECEIPT_MISHAPS, Mischief, MischiefPlan, Mishap
from tests.sandbox.gateways import OPENID, WX_PAYMENT, WX_VALUES, Sandbox, a_policy, a_sandbox, v1_parameters, v1_sign


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path) as running:
        yield running


async def _raw_sms(sandbox: Sandbox) -> tuple[int, str, bytes]:
    parameters = v1_sign(v1_parameters("SendSms", a_policy()))
    async with sandbox.http.post(f"{sandbox.url}/aliyun/", data=parameters) as answer:
        return answer.status, answer.content_type, await answer.read()


async def _raw_template(sandbox: Sandbox) -> tuple[int, str, bytes]:
    body = orjson.dumps({"touser": OPENID, "template_id": WX_PAYMENT, "data": WX_VALUES})
    url = f"{sandbox.url}/wechat/cgi-bin/message/template/send"
    async with sandbox.http.post(url, data=body, params={"access_token": await sandbox.access_token()}) as answer:
        return answer.status, answer.content_type, await answer.read()


def _raw(sandbox: Sandbox, gateway: str) -> Coroutine[Any, Any, tuple[int, str, bytes]]:
    return _raw_sms(sandbox) if gateway == "aliyun" else _raw_template(sandbox)


GATEWAYS = pytest.mark.parametrize("gateway", ["aliyun", "wechat"])


@GATEWAYS
@pytest.mark.parametrize(("mishap", "n_accepted"), [("reset_before", 0), ("reset_after", 1), ("reset_mid_body", 1)])
async def test_a_reset_connection_breaks_before_or_after_acceptance(
    sandbox: Sandbox, gateway: str, mishap: str, n_accepted: int
) -> None:
    await sandbox.misbehave(gateway, script=[[mishap]])
    with pytest.raises(aiohttp.ClientError):
        await _raw(sandbox, gateway)
    assert len(await sandbox.records()) == n_accepted
    assert (await _raw(sandbox, gateway))[0] == 200


@GATEWAYS
@pytest.mark.parametrize(
    ("mishap", "status", "n_accepted"), [("http_500", 500, 0), ("http_502", 502, 0), ("http_502_after", 502, 1)]
)
async def test_an_html_page_may_or_may_not_mean_acceptance(
    sandbox: Sandbox, gateway: str, mishap: str, status: int, n_accepted: int
) -> None:
    await sandbox.misbehave(gateway, script=[[mishap]])
    found, kind, body = await _raw(sandbox, gateway)
    assert (found, kind, body[:6]) == (status, "text/html", b"<html>")
    assert len(await sandbox.records()) == n_accepted


@GATEWAYS
async def test_a_garbage_body_is_no_json_though_the_message_was_accepted(sandbox: Sandbox, gateway: str) -> None:
    await sandbox.misbehave(gateway, script=[["garbage_body"]])
    status, _, body = await _raw(sandbox, gateway)
    assert status == 200
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)
    assert len(await sandbox.records()) == 1


@GATEWAYS
async def test_a_slow_body_stops_in_the_middle_and_ends_whole(sandbox: Sandbox, gateway: str) -> None:
    await sandbox.misbehave(gateway, script=[["slow_body"]], slow_for=0.1)
    began = time.monotonic()
    _, _, body = await _raw(sandbox, gateway)
    assert time.monotonic() - began >= 0.1
    assert orjson.loads(body)


async def test_a_client_that_gives_up_on_a_slow_body_has_sent_all_the_same(sandbox: Sandbox) -> None:
    await sandbox.misbehave("aliyun", script=[["slow_body"]], slow_for=0.3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_raw_sms(sandbox), 0.1)
    assert len(await sandbox.records()) == 1


async def test_throttling_accepts_nothing(sandbox: Sandbox) -> None:
    await sandbox.misbehave("aliyun", script=[["throttle"]])
    assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "Throttling.User"
    await sandbox.misbehave("wechat", script=[["throttle"]])
    assert (await sandbox.template())["errcode"] == 45011
    assert await sandbox.records() == []


async def test_a_token_can_die_while_a_request_is_under_way(sandbox: Sandbox) -> None:
    await sandbox.misbehave("wechat", script=[["revoke_token"]])
    old = await sandbox.access_token()
    assert (await sandbox.template())["errcode"] == 40001
    assert await sandbox.access_token() != old
    assert (await sandbox.template())["errcode"] == 0


@GATEWAYS
async def test_latency_delays_every_answer(sandbox: Sandbox, gateway: str) -> None:
    await sandbox.misbehave(gateway, latency=[0.06, 0.08])
    began = time.monotonic()
    await _raw(sandbox, gateway)
    assert time.monotonic() - began >= 0.06


async def test_a_script_is_played_in_order_and_then_the_gateway_behaves(sandbox: Sandbox) -> None:
    await sandbox.misbehave("aliyun", script=[["http_500"], [], ["http_502"]])
    assert (await sandbox.get("mischief"))["aliyun"]["n_scripted"] == 3
    assert [(await _raw_sms(sandbox))[0] for _ in range(5)] == [500, 200, 502, 200, 200]


async def test_changing_one_thing_leaves_the_rest_of_the_script(sandbox: Sandbox) -> None:
    await sandbox.misbehave("aliyun", script=[["http_500"], ["http_502"]])
    await _raw_sms(sandbox)
    await sandbox.misbehave("aliyun", failing_share=0.5)
    assert (await _raw_sms(sandbox))[0] == 502


async def test_clearing_makes_the_gateway_behave(sandbox: Sandbox) -> None:
    await sandbox.misbehave("aliyun", rates={"http_500": 1.0})
    assert (await _raw_sms(sandbox))[0] == 500
    await sandbox.order("mischief", {"gateway": "aliyun", "clear": True})
    assert (await _raw_sms(sandbox))[0] == 200


@pytest.mark.parametrize(
    "order",
    [
        {"gateway": "nobody"},
        {"gateway": "aliyun", "plan": {"rates": {"explode": 1}}},
        {"gateway": "aliyun", "plan": {"rates": {"http_500": 2}}},
        {"gateway": "aliyun", "plan": {"latency": [2, 1]}},
        {"gateway": "aliyun", "clear": True, "plan": {"failing_share": 1, "failing_codes": []}},
        {"gateway": "aliyun", "plan": {"speed": 1}},
        [],
        b"{",
        b"[" * 5000,
    ],
)
async def test_a_wrong_order_is_explained_and_changes_nothing(sandbox: Sandbox, order: Any) -> None:
    await sandbox.misbehave("aliyun", script=[["http_500"]])
    before = (await sandbox.get("mischief"))["aliyun"]
    said = await sandbox.order("mischief", order)
    assert said["status"] == 400
    assert said["error"]
    assert (await sandbox.get("mischief"))["aliyun"] == before


def test_the_same_seed_draws_the_same_run() -> None:
    plan = MischiefPlan(seed=7, rates={Mishap.HTTP_500: 0.3, Mishap.RECEIPT_LOST: 0.3})

    def a_run() -> list[tuple[frozenset[Mishap], frozenset[Mishap]]]:
        mischief = Mischief(plan)
        return [(mischief.draw(), mischief.draw_receipt(NONE)) for _ in range(200)]

    first = a_run()
    assert first == a_run()
    assert 30 <= sum(Mishap.HTTP_500 in request for request, _ in first) <= 90
    assert all(receipt <= RECEIPT_MISHAPS for _, receipt in first)


def test_the_failing_share_is_about_right_and_named_handsets_come_first() -> None:
    mischief = Mischief(MischiefPlan(failing_share=0.1, failing={"19900000000": "MK:0001"}))
    codes = [mischief.failure_of(f"199{n:08d}") for n in range(10_000)]
    assert codes[0] == "MK:0001"
    assert 850 <= sum(code is not None for code in codes) <= 1150
    assert Mischief(MischiefPlan()).failure_of("19900000000") is None
