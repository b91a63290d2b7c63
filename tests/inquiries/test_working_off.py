"""Inquiries worked off: answered where they came from, settled, opened again, handed over, and counted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.domain.errors import InputError
from notifier.domain.inquiries import InquiryState
from notifier.domain.messages import ContactKind
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Unsure
from notifier.domain.replies import InquiryKind
from notifier.domain.settings import Inquiries
from notifier.inquiries.answering import Given, InquiryDesk
from notifier.store import audit
from notifier.store.inquiries import Asked, add_inquiry
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from tests.registered import COUNTY, NOW, OTHER_VILLAGE, VILLAGE, FrozenClock, Home, register

OPENID = "oSample000000000000000000001"


@dataclass
class Account:
    """An official account that answers as it is told to."""

    outcome: Outcome
    said: list[tuple[str, str]] = field(default_factory=list)

    async def reply(self, openid: str, text: str) -> Outcome:
        self.said.append((openid, text))
        return self.outcome


@dataclass
class Office:
    ledger: Ledger
    clock: FrozenClock
    account: Account
    desk: InquiryDesk

    async def asked(self, channel: str = "wechat", text: str = "低保怎么申请", village: str = VILLAGE) -> int:
        async with self.ledger.writing() as c:
            now = self.clock.now()
            contact = (ContactKind.OPENID, OPENID) if channel == "wechat" else (ContactKind.PHONE, "19900000001")
            asked = Asked(InquiryKind.QUESTION, channel, contact, None, village, text, now, now + timedelta(days=7))
            return await add_inquiry(c, self.ledger, asked)

    async def rate(self, region: str = COUNTY) -> tuple[str, int]:
        found = await self.desk.rate(region)
        return found.rate, found.n_overdue


@pytest.fixture
async def office(ledger_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    ledger = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await register(ledger, [Home("样例甲")])
    clock, account = FrozenClock(), Account(Accepted("1"))
    yield Office(ledger, clock, account, InquiryDesk(ledger, clock, Inquiries(), {"wechat": account}))
    assert await audit.verify(ledger) == []
    await ledger.close()


@pytest.mark.parametrize(
    ("outcome", "delivery"),
    [(Accepted("1"), "sent"), (Postponed("closed", timedelta(hours=1)), "pending"), (Unsure("reset"), "unsure")],
)
async def test_an_answer_goes_back_the_way_the_question_came(office: Office, outcome: Outcome, delivery: str) -> None:
    office.account.outcome = outcome
    number = await office.asked()
    assert await office.desk.answer(number, "cunguan", "请到村委会") == delivery
    assert office.account.said == [(OPENID, "请到村委会")]
    (found,) = await office.desk.waiting(VILLAGE)
    assert (found.state, found.contact) == (InquiryState.ANSWERED, "微信")
    assert [(step.what, step.by_user, step.text, step.delivery) for step in found.steps] == [
        ("answer", "cunguan", "请到村委会", delivery)
    ]


async def test_an_answer_to_an_sms_waits_to_be_told_otherwise(office: Office) -> None:
    number = await office.asked("aliyun_sms")
    assert await office.desk.answer(number, "cunguan", "下周到账") == "pending"
    assert office.account.said == []
    (found,) = await office.desk.waiting(VILLAGE)
    assert "00000001" not in f"{found.contact}{found!r}"


async def test_the_rate_is_of_what_came_and_stands_as_it_stood_then(office: Office) -> None:
    assert await office.rate() == ("—", 0)
    first, second, third = [await office.asked() for _ in range(3)]
    await office.desk.answer(first, "cunguan", "好")
    await office.desk.close(first, "cunguan")
    await office.desk.close(second, "cunguan", "重复来信")
    assert await office.rate() == ("66.6%", 0)
    at = office.clock.now()
    assert await office.desk.rate(COUNTY, at) == await office.desk.rate(COUNTY)
    office.clock.move(timedelta(days=8))
    await office.desk.reopen(second, "guanli")
    assert await office.rate() == ("33.3%", 2)
    assert (await office.desk.rate(COUNTY, at)).rate == "66.6%"
    assert (await office.desk.rate(COUNTY, NOW - timedelta(days=1))).rate == "—"
    assert [one.inquiry_id for one in await office.desk.waiting(COUNTY)] == [second, third]
    assert [one.inquiry_id for one in await office.desk.waiting(COUNTY, settled=True)] == [first]


async def test_an_inquiry_is_seen_and_counted_where_it_was_handed_to(office: Office) -> None:
    number = await office.asked()
    assert await office.rate(OTHER_VILLAGE) == ("—", 0)
    await office.desk.assign(number, "guanli", OTHER_VILLAGE)
    assert await office.desk.waiting(VILLAGE) == []
    assert [one.inquiry_id for one in await office.desk.waiting(OTHER_VILLAGE)] == [number]
    assert await office.rate(OTHER_VILLAGE) == ("0.0%", 0)
    with pytest.raises(InputError, match="没有代码为 640425999999"):
        await office.desk.assign(number, "guanli", "640425999999")


async def test_what_came_by_telephone_is_entered_by_hand(office: Office) -> None:
    number = await office.desk.add(Given(InquiryKind.COMPLAINT, "电话", VILLAGE, "样例的问题"), "guanli")
    (found,) = await office.desk.waiting(VILLAGE)
    assert (found.inquiry_id, found.kind, found.channel, found.contact) == (number, "投诉", "电话", "未留联系方式")
    assert found.due_at > found.received_at + timedelta(days=5)
    with pytest.raises(InputError, match="没有代码为"):
        await office.desk.add(Given(InquiryKind.COMPLAINT, "电话", "640425999999", "x"), "guanli")
    with pytest.raises(InputError, match="请写明"):
        await office.desk.add(Given(InquiryKind.COMPLAINT, "电话", VILLAGE, "  "), "guanli")


async def test_what_an_inquiry_s_state_does_not_allow_is_refused_in_a_sentence(office: Office) -> None:
    number = await office.asked()
    with pytest.raises(InputError, match="待答复"):
        await office.desk.reopen(number, "guanli")
    with pytest.raises(InputError, match="请写明原因"):
        await office.desk.close(number, "guanli")
    with pytest.raises(InputError, match="请写答复"):
        await office.desk.answer(number, "guanli", " ")
    with pytest.raises(InputError, match="最多 600"):
        await office.desk.answer(number, "guanli", "长" * 601)
    with pytest.raises(InputError, match="没有编号为 999"):
        await office.desk.close(999, "guanli", "x")
    await office.desk.close(number, "guanli", "当面解释")
    for deed in (office.desk.answer(number, "guanli", "再答"), office.desk.assign(number, "guanli", OTHER_VILLAGE)):
        with pytest.raises(InputError, match="已办结"):
            await deed
    assert office.account.said == []
    assert [one.region_code for one in await office.desk.waiting(VILLAGE, settled=True)] == [VILLAGE]
