"""A code proves a phone to whoever asked for it: once, soon, after few guesses, and not too often."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.accounts.codes import LASTS, MOST_TRIES, CodeDesk
from notifier.domain.codes import Asker, CodePurpose
from notifier.domain.direct import Direct
from notifier.domain.errors import InputError
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.store.codes import forget_codes
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys

PHONE, OTHER = "19900000001", "19900000002"
WANG, LI = Asker("wang", "10.0.0.1"), Asker("li", "10.0.0.1")
ALERTS, BINDING = CodePurpose.ALERTS, CodePurpose.BINDING


@dataclass
class Gateway:
    """The door for texts, and the clock beside it."""

    at: datetime = datetime(2026, 11, 24, 2, tzinfo=UTC)
    outcome: Outcome = field(default_factory=lambda: Accepted("ref"))
    sent: list[Direct] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def send(self, direct: Direct) -> Outcome:
        self.sent.append(direct)
        return self.outcome

    @property
    def code(self) -> str:
        return self.sent[-1].facts["code"]


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def codes(ledger: Ledger, gateway: Gateway) -> CodeDesk:
    return CodeDesk(ledger, gateway, gateway.send)


async def test_the_code_that_was_texted_proves_the_phone_once(codes: CodeDesk, gateway: Gateway) -> None:
    assert await codes.send_code(" 199-0000-0001 ", ALERTS, WANG) == gateway.at + LASTS
    assert (gateway.sent[0].address, gateway.sent[0].kind) == (PHONE, "login")
    assert re.fullmatch(r"\d{6}", gateway.code)
    assert await codes.check_code(PHONE, ALERTS, WANG, f" {gateway.code}") == PHONE
    with pytest.raises(InputError, match="失效"):
        await codes.check_code(PHONE, ALERTS, WANG, gateway.code)


async def test_a_code_is_its_asker_s_its_phone_s_and_its_purpose_s(codes: CodeDesk, gateway: Gateway) -> None:
    await codes.send_code(PHONE, ALERTS, WANG)
    for phone, purpose, asker in ((PHONE, ALERTS, LI), (OTHER, ALERTS, WANG), (PHONE, BINDING, WANG)):
        with pytest.raises(InputError, match="失效"):
            await codes.check_code(phone, purpose, asker, gateway.code)
    assert await codes.check_code(PHONE, ALERTS, WANG, gateway.code) == PHONE


async def test_guesses_and_time_use_a_code_up(codes: CodeDesk, gateway: Gateway) -> None:
    await codes.send_code(PHONE, ALERTS, WANG)
    wrong = "000000" if gateway.code != "000000" else "111111"
    for _ in range(MOST_TRIES):
        with pytest.raises(InputError, match="不对"):
            await codes.check_code(PHONE, ALERTS, WANG, wrong)
    with pytest.raises(InputError, match="失效"):
        await codes.check_code(PHONE, ALERTS, WANG, gateway.code)
    gateway.at += timedelta(minutes=2)
    await codes.send_code(PHONE, ALERTS, WANG)
    gateway.at += LASTS
    with pytest.raises(InputError, match="失效"):
        await codes.check_code(PHONE, ALERTS, WANG, gateway.code)


async def test_codes_are_not_had_too_often(codes: CodeDesk, gateway: Gateway) -> None:
    for _ in range(5):
        await codes.send_code(PHONE, ALERTS, WANG)
        with pytest.raises(InputError, match="60 秒"):
            await codes.send_code(PHONE, ALERTS, LI)
        gateway.at += timedelta(minutes=1)
    with pytest.raises(InputError, match="55 分钟"):
        await codes.send_code(PHONE, ALERTS, LI)
    for n in range(15):
        await codes.send_code(f"199{90000000 + n}", ALERTS, Asker(f"somebody {n}", "10.0.0.1"))
    with pytest.raises(InputError, match="频繁"):
        await codes.send_code("19977777777", ALERTS, Asker("one more", "10.0.0.1"))
    await codes.send_code("19977777777", ALERTS, Asker("one more", "10.0.0.2"))


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Refused("x", Scope.NUMBER, Reason.DEAD_NUMBER), "号码"),
        (Refused("no_text", Scope.TEMPLATE, Reason.CONTENT), "运维"),
        (Postponed("number_cap", timedelta(minutes=5)), "5 分钟"),
    ],
)
async def test_a_text_that_did_not_leave_is_said_and_its_code_is_void(
    codes: CodeDesk, gateway: Gateway, outcome: Outcome, why: str
) -> None:
    gateway.outcome = outcome
    with pytest.raises(InputError, match=why):
        await codes.send_code(PHONE, ALERTS, WANG)
    with pytest.raises(InputError, match="失效"):
        await codes.check_code(PHONE, ALERTS, WANG, gateway.code)


async def test_a_text_that_may_have_left_counts_as_sent_and_no_phone_stands_in_the_ledger(
    codes: CodeDesk, gateway: Gateway, ledger: Ledger
) -> None:
    gateway.outcome = Unsure("timeout")
    await codes.send_code(PHONE, ALERTS, WANG)
    async with ledger.reading() as c:
        row = (await c.execute(text("SELECT * FROM verification_code"))).mappings().one()
    assert not any(said in str(dict(row)) for said in (PHONE, "wang", gateway.code))
    assert await codes.check_code(PHONE, ALERTS, WANG, gateway.code) == PHONE
    assert await forget_codes(ledger, gateway.at + timedelta(days=3)) == 1
