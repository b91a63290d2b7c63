"""Tencent SMS and MAS drive the sandbox, which verifies with its own code: what leaves, what comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notifier.domain import settings
from notifier.domain.messages import Heard, Inbound, Letter, Receipt
from notifier.domain.outcomes import (
    Absent,
    Accepted,
    Found,
    NoAnswer,
    Postponed,
    Reason,
    Refused,
    Scope,
    Unsure,
)
from notifier.sandbox.mas.settings import MasSettings
from notifier.sandbox.numbered import NumberedTemplate
from notifier.sandbox.settings import SandboxSettings
from notifier.sandbox.tencent.settings import TencentFlow, TencentSettings
from tests.channels.running_sandbox import SHORT, County, a_county, receipts_of

PAYMENT, POLICY = "640425001", "640425002"
TEMPLATES = (
    NumberedTemplate(template_id=PAYMENT, content="{1}您好，{2}元已发放。"),
    NumberedTemplate(template_id=POLICY, content="惠民政策已公布，请到村委会咨询。"),
)
FREE_TEXT = "惠民政策：${title}，详询${tel}。"
FAILING_PHONE = "19900009999"
TENCENT, MAS = "tencent_sms", "mas"


def _channels(base: str) -> settings.Channels:
    return settings.Channels.model_validate(
        {
            TENCENT: {
                "enabled": True,
                "endpoint": f"{base}/tencent/",
                "secret_id": "AKIDsandbox640425",
                "secret_key": "sandbox-dummy-secret",
                "sdk_app_id": "1400640425",
                "sign_name": "彭阳惠农",
                "absent_after": timedelta(0),
            },
            MAS: {
                "enabled": True,
                "endpoint": f"{base}/mas/sms/",
                "ec_name": "样例县农业农村局",
                "ap_id": "sandbox",
                "secret_key": "sandbox-dummy-secret",
                "sign": "DWItALe3A",
            },
        }
    )


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[County]:
    flow = TencentFlow(same_content_per_30_seconds=1, per_day=0)
    sandbox = SandboxSettings(
        record_path=tmp_path / "handsets.sqlite3",
        time_factor=0.001,
        tencent=TencentSettings(templates=TEMPLATES, receipt_delay=SHORT, flow=flow),
        mas=MasSettings(templates=TEMPLATES, receipt_delay=SHORT),
    )
    async with a_county(sandbox, _channels, {"tencent_url": TENCENT, "mas_url": MAS}) as running:
        yield running


def a_payment(n: int, address: str | None = None) -> Letter:
    return Letter(n, address or f"199{n:08d}", PAYMENT, {"name": f"样例{n}户", "amount": f"{n}.50"})


def a_broadcast(n: int) -> list[Letter]:
    return [Letter(i, f"199{i:08d}", POLICY, {}) for i in range(1, n + 1)]


BOTH = pytest.mark.parametrize(("name", "gateway"), [(TENCENT, "tencent"), (MAS, "mas")])


@BOTH
async def test_a_full_call_is_accepted_and_every_handset_reports(county: County, name: str, gateway: str) -> None:
    channel = county.channels[name]
    await county.misbehave(gateway, failing={FAILING_PHONE: "MK:0001"})
    letters = [*a_broadcast(channel.batch_size - 1), Letter(9999, FAILING_PHONE, POLICY, {})]
    outcomes = await channel.send(letters, "n42-0")
    references = [outcome.provider_ref for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(references) == len(letters)
    told = await county.told(lambda one: isinstance(one, Receipt), len(letters))
    by_phone = {one.address: one for one in told if isinstance(one, Receipt)}
    for letter, reference in zip(letters, references, strict=True):
        receipt = by_phone[letter.address]
        assert (receipt.gateway, receipt.provider_ref) == (name, reference)
        assert receipt.out_id == ("n42-0" if name == TENCENT else None)
        assert receipt.delivered == (letter.address != FAILING_PHONE)
    assert by_phone[FAILING_PHONE].reason is Reason.DEAD_NUMBER


async def test_tencents_references_differ_by_number_and_mas_has_one_a_call(county: County) -> None:
    of_tencent = await county.channels[TENCENT].send(a_broadcast(3), "n1-0")
    of_mas = await county.channels[MAS].send(a_broadcast(3), "n2-0")
    assert (len(set(of_tencent)), len(set(of_mas))) == (3, 1)


@pytest.mark.parametrize("mishap", ["reset_after", "reset_mid_body", "http_502_after", "garbage_body"])
async def test_tencent_finds_an_accepted_letter_whose_answer_was_lost(county: County, mishap: str) -> None:
    tencent = county.channels[TENCENT]
    await county.misbehave("tencent", [mishap])
    sent_at = datetime.now(UTC)
    [outcome] = await tencent.send([a_payment(1)], "n43-0")
    assert isinstance(outcome, Unsure)
    [receipt] = await county.told(receipts_of("n43-0"))
    assert isinstance(receipt, Receipt)
    settled = await tencent.ask(a_payment(1), "n43-0", sent_at)
    assert isinstance(settled, Found)
    assert (settled.provider_ref, settled.delivered) == (receipt.provider_ref, True)
    assert isinstance(await tencent.ask(a_payment(1), "n44-0", sent_at), Absent)


@pytest.mark.parametrize("mishap", ["reset_before", "http_500", "http_502"])
async def test_tencent_says_when_a_letter_was_never_taken(county: County, mishap: str) -> None:
    tencent = county.channels[TENCENT]
    await county.misbehave("tencent", [mishap])
    [outcome] = await tencent.send([a_payment(1)], "n44-0")
    assert isinstance(outcome, Unsure)
    assert await tencent.ask(a_payment(1), "n44-0", datetime.now(UTC)) == Absent()


async def test_tencent_lists_what_failed_and_what_lost_its_receipt_but_not_what_no_carrier_reported(
    county: County,
) -> None:
    tencent = county.channels[TENCENT]
    await county.misbehave("tencent", ["receipt_lost"], ["receipt_silent"], [], failing={FAILING_PHONE: "MK:0005"})
    sent_at = datetime.now(UTC)
    await tencent.send([a_payment(1)], "n1-0")
    await tencent.send([a_payment(2)], "n2-0")
    await tencent.send([a_payment(3, FAILING_PHONE)], "n3-0")
    await county.told(receipts_of("n3-0"))
    lost, silent = [await tencent.ask(a_payment(n), f"n{n}-0", sent_at) for n in (1, 2)]
    failed = await tencent.ask(a_payment(3, FAILING_PHONE), "n3-0", sent_at)
    assert isinstance(lost, Found)
    assert lost.delivered
    assert silent == Absent(), "which is why absence proves nothing by default"
    assert isinstance(failed, Found)
    assert (failed.delivered, failed.reason) == (False, Reason.SUSPENDED)


@pytest.mark.parametrize("mishap", ["reset_after", "reset_before", "http_502_after", "garbage_body", "http_500"])
async def test_mas_cannot_be_asked_and_a_lost_answer_leaves_a_receipt_of_an_unknown_group(
    county: County, mishap: str
) -> None:
    mas = county.channels[MAS]
    await county.misbehave("mas", [mishap])
    [outcome] = await mas.send([a_payment(1)], "n45-0")
    assert isinstance(outcome, Unsure)
    assert isinstance(await mas.ask(a_payment(1), "n45-0", datetime.now(UTC)), NoAnswer)
    if mishap in ("reset_after", "http_502_after", "garbage_body"):
        [receipt] = await county.told(lambda one: isinstance(one, Receipt))
        assert isinstance(receipt, Receipt)
        assert (receipt.out_id, bool(receipt.provider_ref), receipt.delivered) == (None, True, True)


@BOTH
async def test_throttling_postpones_and_the_next_call_goes_through(county: County, name: str, gateway: str) -> None:
    channel = county.channels[name]
    await county.misbehave(gateway, ["throttle"], [])
    throttled, taken = await channel.send([a_payment(1)], "n45-0"), await channel.send([a_payment(1)], "n46-0")
    assert isinstance(throttled[0], Postponed)
    assert isinstance(taken[0], Accepted)


async def test_tencent_refuses_one_number_and_takes_its_neighbours(county: County) -> None:
    letters = [*a_broadcast(2), Letter(3, "12345", POLICY, {})]
    first, second, bad = await county.channels[TENCENT].send(letters, "n47-0")
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert bad == Refused("InvalidParameterValue.IncorrectPhoneNumber", Scope.NUMBER, Reason.DEAD_NUMBER)


async def test_the_same_words_twice_within_thirty_seconds_wait_at_tencent(county: County) -> None:
    tencent = county.channels[TENCENT]
    await tencent.send([a_payment(1)], "n1-0")
    [again] = await tencent.send([a_payment(1)], "n2-0")
    [other] = await tencent.send([a_payment(2, a_payment(1).address)], "n3-0")
    assert again == Postponed("LimitExceeded.PhoneNumberThirtySecondLimit", timedelta(seconds=31))
    assert isinstance(other, Accepted)


async def test_one_bad_number_makes_a_call_of_mas_be_taken_apart(county: County) -> None:
    mas = county.channels[MAS]
    good, bad = Letter(1, "19900000001", POLICY, {}), Letter(2, "12345", POLICY, {})
    assert list(await mas.send([good, bad], "n1-0")) == [Postponed("batch_refused:InvalidMessage", timedelta(0))] * 2
    assert isinstance((await mas.send([good], "n2-0"))[0], Accepted)
    assert list(await mas.send([bad], "n3-0")) == [Refused("InvalidMessage", Scope.MESSAGE, Reason.CONTENT)]


async def test_a_free_text_of_mas_reads_as_it_was_filled(county: County) -> None:
    letter = Letter(1, "19900000001", FREE_TEXT, {"title": "秋播补贴", "tel": "0954-7012345"})
    [outcome] = await county.channels[MAS].send([letter], "n1-0")
    assert isinstance(outcome, Accepted)
    reply = await county.wire.get(str(county.gateways.make_url("/sandbox/records")))
    assert "【彭阳惠农】惠民政策：秋播补贴，详询0954-7012345。".encode() in reply.body


async def test_an_unknown_template_of_tencent_is_refused_for_all(county: County) -> None:
    outcomes = await county.channels[TENCENT].send([Letter(n, f"199{n:08d}", "1", {}) for n in (1, 2)], "n48-0")
    refused = Refused("FailedOperation.TemplateIncorrectOrUnapproved", Scope.TEMPLATE, Reason.CONTENT)
    assert list(outcomes) == [refused] * 2


@BOTH
@pytest.mark.parametrize("mishap", ["receipt_early", "receipt_doubled", "receipt_unknown", "receipt_garbled"])
async def test_receipts_that_come_early_twice_with_strangers_or_garbage_are_read(
    county: County, name: str, gateway: str, mishap: str
) -> None:
    await county.misbehave(gateway, [mishap])
    [outcome] = await county.channels[name].send([a_payment(1)], "n49-0")
    assert isinstance(outcome, Accepted)

    def is_ours(one: Inbound) -> bool:
        return isinstance(one, Receipt) and one.provider_ref == outcome.provider_ref

    told = await county.told(is_ours, 2 if mishap == "receipt_doubled" else 1)
    assert len(set(map(repr, told))) == 1


@BOTH
async def test_a_persons_answer_is_heard(county: County, name: str, gateway: str) -> None:
    await county.order("reply", gateway=gateway, phone="19900000001", content="退订")
    [heard] = await county.told(lambda one: isinstance(one, Heard))
    assert isinstance(heard, Heard)
    assert (heard.address, heard.text) == ("19900000001", "退订")
    assert heard.key.startswith(f"{name}:")
    assert abs(heard.at - datetime.now(UTC)) < timedelta(seconds=5)
