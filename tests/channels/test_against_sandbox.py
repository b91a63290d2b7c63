"""The doors drive the sandbox, which verifies with its own code: what we sign it accepts, what it pushes we read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.domain import settings
from notifier.domain.messages import Followed, Heard, Letter, Receipt
from notifier.domain.outcomes import Absent, Accepted, Found, NoAnswer, Postponed, Reason, Refused, Scope, Unsure
from notifier.sandbox.settings import (
    AliyunSettings,
    SandboxSettings,
    SmsSign,
    SmsTemplate,
    WeChatSettings,
    WeChatTemplate,
)
from tests.channels.running_sandbox import SHORT, County, a_county, receipts_of

SMS_TEMPLATE = "SMS_640425001"
WECHAT_TEMPLATE = "PaymentPaid640425-AAAAAAAAAAAAAAAAAAAAAAAAA"
OPENID = "oSample00000000000000000001"
FAILING_PHONE = "19900009999"


def _sandbox(record: Path, push_mode: str) -> SandboxSettings:
    template = SmsTemplate(code=SMS_TEMPLATE, content="${name}您好，${item}已发放${amount}元。")
    official = WeChatTemplate(
        template_id=WECHAT_TEMPLATE,
        title="补贴发放通知",
        keywords={"thing1": "项目", "amount2": "金额"},
    )
    return SandboxSettings(
        record_path=record,
        time_factor=0.001,
        aliyun=AliyunSettings(signs=(SmsSign(name="彭阳惠农"),), templates=(template,), receipt_delay=SHORT),
        wechat=WeChatSettings.model_validate({"templates": (official,), "event_delay": SHORT, "push_mode": push_mode}),
    )


def _channels(base: str, sandbox: SandboxSettings, signature: str) -> settings.Channels:
    [(key_id, secret)] = sandbox.aliyun.access_keys.items()
    aes_key = "" if sandbox.wechat.push_mode == "plain" else sandbox.wechat.encoding_aes_key
    return settings.Channels.model_validate(
        {
            "aliyun_sms": {
                "enabled": True,
                "endpoint": f"{base}/aliyun/" if signature == "v1" else f"{base}/",
                "access_key_id": key_id,
                "access_key_secret": secret,
                "sign_name": "彭阳惠农",
                "signature": signature,
            },
            "wechat": {
                "enabled": True,
                "api_base": f"{base}/wechat/",
                "appid": sandbox.wechat.appid,
                "secret": sandbox.wechat.secret,
                "token": sandbox.wechat.token,
                "aes_key": aes_key,
            },
        }
    )


@pytest.fixture(params=[("v1", "plain"), ("v3", "aes"), ("v1", "mixed")], ids="-".join)
async def county(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[County]:
    signature, push_mode = request.param
    sandbox = _sandbox(tmp_path / "handsets.sqlite3", push_mode)
    urls = {"sms_report_url": "aliyun_sms", "wechat_url": "wechat"}
    async with a_county(sandbox, lambda base: _channels(base, sandbox, signature), urls) as running:
        yield running


def an_sms(n: int, address: str | None = None, **parameters: str) -> Letter:
    values = {"name": f"样例{n}户", "item": "耕地地力保护补贴", "amount": f"{n}.50"} | parameters
    return Letter(n, address or f"199{n:08d}", SMS_TEMPLATE, values)


def a_notice(openid: str = OPENID, **parameters: str) -> Letter:
    return Letter(1, openid, WECHAT_TEMPLATE, {"thing1": "耕地地力保护补贴", "amount2": "297.50元"} | parameters)


async def test_a_batch_is_accepted_and_every_handset_reports(county: County) -> None:
    sms = county.channels["aliyun_sms"]
    await county.misbehave("aliyun", failing={FAILING_PHONE: "MK:0001"})
    letters = [an_sms(n) for n in range(1, 100)] + [an_sms(100, FAILING_PHONE)]
    outcomes = await sms.send(letters, "n42-0")
    reference = outcomes[0]
    assert isinstance(reference, Accepted)
    assert list(outcomes) == [reference] * 100
    told = await county.told(receipts_of("n42-0"), 100)
    by_phone = {one.address: one for one in told if isinstance(one, Receipt)}
    assert by_phone.keys() == {letter.address for letter in letters}
    assert {one.provider_ref for one in by_phone.values()} == {reference.provider_ref}
    failed = by_phone.pop(FAILING_PHONE)
    assert (failed.delivered, failed.code, failed.reason) == (False, "MK:0001", Reason.DEAD_NUMBER)
    assert all(one.delivered for one in by_phone.values())


@pytest.mark.parametrize("mishap", ["reset_after", "reset_mid_body", "http_502_after", "garbage_body"])
async def test_an_accepted_letter_whose_answer_is_lost_is_unsure_until_asked(county: County, mishap: str) -> None:
    sms = county.channels["aliyun_sms"]
    await county.misbehave("aliyun", [mishap])
    sent_at = datetime.now(UTC)
    [outcome] = await sms.send([an_sms(1)], "n43-0")
    assert isinstance(outcome, Unsure)
    await county.told(receipts_of("n43-0"))
    settled = await sms.ask(an_sms(1), "n43-0", sent_at)
    assert isinstance(settled, Found)
    assert (settled.delivered, settled.reason) == (True, None)


@pytest.mark.parametrize("mishap", ["reset_before", "http_500", "http_502"])
async def test_a_letter_that_was_never_taken_is_unsure_until_asked(county: County, mishap: str) -> None:
    sms = county.channels["aliyun_sms"]
    await county.misbehave("aliyun", [mishap])
    sent_at = datetime.now(UTC)
    [outcome] = await sms.send([an_sms(1)], "n44-0")
    assert isinstance(outcome, Unsure)
    assert await sms.ask(an_sms(1), "n44-0", sent_at) == Absent()


async def test_throttling_postpones_and_the_next_call_goes_through(county: County) -> None:
    sms = county.channels["aliyun_sms"]
    await county.misbehave("aliyun", ["throttle"], [])
    throttled, taken = await sms.send([an_sms(1)], "n45-0"), await sms.send([an_sms(1)], "n46-0")
    assert isinstance(throttled[0], Postponed)
    assert isinstance(taken[0], Accepted)


async def test_one_bad_letter_makes_its_batch_be_taken_apart(county: County) -> None:
    sms = county.channels["aliyun_sms"]
    good, bad = an_sms(1), an_sms(2, address="12345")
    both = await sms.send([good, bad], "n47-0")
    assert list(both) == [Postponed("batch_refused:isv.MOBILE_NUMBER_ILLEGAL", timedelta(0))] * 2
    assert isinstance((await sms.send([good], "n47-1"))[0], Accepted)
    assert list(await sms.send([bad], "n47-2")) == [
        Refused("isv.MOBILE_NUMBER_ILLEGAL", Scope.NUMBER, Reason.DEAD_NUMBER)
    ]


async def test_an_unknown_template_is_refused_for_all(county: County) -> None:
    letter = Letter(1, "19900000001", "SMS_999", {"name": "样例"})
    [outcome] = await county.channels["aliyun_sms"].send([letter], "n48-0")
    assert outcome == Refused("isv.SMS_TEMPLATE_ILLEGAL", Scope.TEMPLATE, Reason.CONTENT)


async def test_a_notice_is_accepted_and_its_event_is_matched_by_msgid(county: County) -> None:
    [outcome] = await county.channels["wechat"].send([a_notice()], "n50-0")
    assert isinstance(outcome, Accepted)
    [receipt] = await county.told(lambda one: isinstance(one, Receipt) and one.gateway == "wechat")
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_ref, receipt.address, receipt.delivered) == (outcome.provider_ref, OPENID, True)


@pytest.mark.parametrize("mishap", ["reset_after", "reset_before", "http_502_after", "garbage_body", "http_500"])
async def test_an_unsure_notice_is_settled_by_its_client_msg_id_and_comes_once(county: County, mishap: str) -> None:
    wechat = county.channels["wechat"]
    await county.misbehave("wechat", [mishap])
    sent_at = datetime.now(UTC)
    [outcome] = await wechat.send([a_notice()], "n51-0")
    assert isinstance(outcome, Unsure)
    first = await wechat.ask(a_notice(), "n51-0", sent_at)
    assert isinstance(first, Found)
    assert first.provider_ref
    assert await wechat.ask(a_notice(), "n51-0", sent_at) == first, "asked twice, it is still one message"
    reply = await county.wire.get(str(county.gateways.make_url("/sandbox/records")))
    assert reply.body.count(OPENID.encode()) == 1


async def test_a_token_that_dies_under_way_is_renewed(county: County) -> None:
    await county.misbehave("wechat", [], ["revoke_token"], [])
    wechat = county.channels["wechat"]
    outcomes = [(await wechat.send([a_notice()], f"n52-{n}"))[0] for n in range(2)]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


async def test_a_person_who_left_or_refuses_is_told_apart(county: County) -> None:
    wechat = county.channels["wechat"]
    left, refuses = "oSample00000000000000000002", "oSample00000000000000000003"
    await county.order("followers", unfollow=[left], refuse=[refuses], push=False)
    assert list(await wechat.send([a_notice(left)], "n53-0")) == [Refused("43004", Scope.NUMBER, Reason.NOT_FOLLOWING)]
    assert list(await wechat.send([a_notice(refuses)], "n54-0")) == [Refused("43101", Scope.NUMBER, Reason.BLOCKED)]


async def test_following_with_a_scene_leaving_and_speaking_are_heard(county: County) -> None:
    await county.order("followers", follow=[OPENID], scene="h42")
    await county.order("say", openid=OPENID, content="补贴怎么少了？")
    await county.order("followers", unfollow=[OPENID])
    [came, went] = await county.told(lambda one: isinstance(one, Followed), 2)
    [heard] = await county.told(lambda one: isinstance(one, Heard))
    events: list[Any] = sorted([came, went], key=lambda one: not getattr(one, "following", False))
    assert [(one.openid, one.following, one.scene) for one in events] == [(OPENID, True, "h42"), (OPENID, False, None)]
    assert isinstance(heard, Heard)
    assert (heard.address, heard.text) == (OPENID, "补贴怎么少了？")


async def test_a_question_while_the_gateway_fails_settles_nothing(county: County) -> None:
    await county.gateways.close()
    settled = await county.channels["aliyun_sms"].ask(an_sms(1), "n60-0", datetime.now(UTC))
    assert isinstance(settled, NoAnswer)
