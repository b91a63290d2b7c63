"""空号: believed after distinct days, never for what is temporary, and forgotten when the number is reached."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.domain.outcomes import Reason
from notifier.store import verdicts
from notifier.store.corrections import dismiss_correction, open_corrections, open_tasks
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_policy

DEAD, OFF = "MK:0001", "MK:0010"
A_DAY = timedelta(days=1)


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened


async def tell(county: SmallCounty, campaign_id: int, code: str | None, day: int = 0) -> None:
    """A campaign to everybody on that day; phone 1 fails with the code, or is reached."""
    county.clock.ahead = day * A_DAY
    await county.misbehave("aliyun", failing={phone(1): code} if code else {})
    await tell_policy(county, campaign_id=campaign_id)
    await county.a_round()
    await county.track()


async def state_of(county: SmallCounty, n: int = 1) -> list[str]:
    hashed = county.ledger.vault.blind("phone", phone(n))
    return [state for (state,) in await county.rows("SELECT state FROM contact WHERE value_hash = :h", h=hashed)]


async def test_one_day_is_not_enough_and_the_second_opens_a_task_for_its_village(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]), A([phone(2)])])
    await tell(county, 1, DEAD)
    await tell(county, 2, DEAD)
    assert await state_of(county) == ["usable"]
    await tell(county, 3, DEAD, day=1)
    assert (await state_of(county), await state_of(county, 2)) == (["wrong"], ["usable"])
    (task,) = await open_tasks(county.ledger, "640425000000")
    assert (task.household_id, task.reason) == (1, "dead_number")
    n_before = len(county.received())
    await tell(county, 4, DEAD, day=2)
    assert len(county.received()) - n_before == 1  # the neighbour's


async def test_every_household_with_the_number_is_asked_for_another(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]), A([phone(1)])])
    await tell(county, 1, DEAD)
    await tell(county, 2, DEAD, day=1)
    assert await state_of(county) == ["wrong", "wrong"]
    tasks = await open_tasks(county.ledger, "640425000000")
    assert sorted(task.household_id for task in tasks) == [1, 2]


async def test_what_is_temporary_never_counts(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    for day in range(4):
        await tell(county, day + 1, OFF, day=day)
    assert await state_of(county) == ["usable"]
    assert await county.one("SELECT COUNT(*) FROM number_verdict") == 0


async def test_being_reached_begins_the_count_anew(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    for campaign, code in enumerate((DEAD, None, DEAD), 1):
        await tell(county, campaign, code, day=campaign)
    assert await state_of(county) == ["usable"]
    await tell(county, 4, DEAD, day=5)
    assert await state_of(county) == ["wrong"]


async def test_a_late_delivery_takes_the_number_back_and_the_task_away(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell(county, 1, DEAD)
    await tell(county, 2, DEAD, day=1)
    assert await state_of(county) == ["wrong"]
    (out_id, *_) = [one for (one,) in await county.rows("SELECT out_id FROM attempt ORDER BY id")]
    receipt = {"phone_number": phone(1), "success": True, "err_code": "DELIVERED", "out_id": out_id, "biz_id": "x"}
    await county.push("aliyun_sms", [receipt | {"report_time": "2026-11-24 10:00:00"}])
    await county.track()
    assert await state_of(county) == ["usable"]
    assert await open_tasks(county.ledger, "640425000000") == []


async def test_a_task_that_a_person_dismissed_is_not_opened_by_the_same_verdicts(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell(county, 1, DEAD)
    await tell(county, 2, DEAD, day=1)
    (task,) = await open_tasks(county.ledger, "640425000000")
    await dismiss_correction(county.ledger, task.task_id, "officer", county.clock.now())
    await county.track()
    assert await state_of(county) == ["usable"]
    assert await open_tasks(county.ledger, "640425000000") == []


async def test_a_number_that_a_person_disowned_stays_wrong_whatever_arrives(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell(county, 1, DEAD)
    await tell(county, 2, DEAD, day=1)
    async with county.ledger.writing() as c:
        contact = await county.one("SELECT id FROM contact")
        await open_corrections(c, county.ledger, [contact], Reason.WRONG_NUMBER, county.clock.now())
    async with county.ledger.writing() as c:
        message = await county.one("SELECT MIN(id) FROM message")
        await verdicts.forget_verdicts(c, county.ledger, [message], county.clock.now())
    assert await state_of(county) == ["wrong"]


async def test_verdicts_are_forgotten_after_half_a_year(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await tell(county, 1, DEAD)
    await tell(county, 2, DEAD, day=181)
    assert await state_of(county) == ["usable"]
    assert await verdicts.purge_verdicts(county.ledger, county.clock.now()) == 1
