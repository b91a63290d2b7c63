"""Visits as officers work them off: signed, excused by two people, overtaken by a late receipt."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.errors import InputError
from notifier.domain.outcomes import Reason
from notifier.store import audit, tally
from notifier.store.visits import Report
from notifier.track.visiting import VisitDesk
from tests.day.county import A, SmallCounty, settle_in, small_county, tell_policy

COUNTY = "640425000000"


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    """Three households without a phone, a visit open for each."""
    async with small_county(ledger_url, tmp_path) as opened:
        await settle_in(opened.ledger, [A([None])] * 3)
        await tell_policy(opened)
        await opened.compose()
        await opened.track()
        yield opened
        assert await tally.check(opened.ledger) == []
        assert await audit.verify(opened.ledger) == []


@pytest.fixture
def desk(county: SmallCounty) -> VisitDesk:
    return VisitDesk(county.ledger, county.clock)


def said(desk: VisitDesk, remark: str | None = None, once: str | None = None) -> Report:
    return Report("村干部甲", desk.clock.now(), "上门", remark, once=once)


async def test_they_are_listed_by_region_with_masked_names_page_by_page(desk: VisitDesk) -> None:
    found = await desk.open_visits(COUNTY)
    assert [(one.reason, one.group_name) for one in found] == [("no_contact", "1组")] * 3
    assert {one.householder.strip("*") for one in found} == {"样"}
    assert [one.visit_id for one in await desk.open_visits(COUNTY, after=found[0].visit_id)] == [
        one.visit_id for one in found[1:]
    ]
    village = found[0].region_code
    assert [one.region_code for one in await desk.open_visits(village)] == [village]
    assert await desk.open_visits("640422000000") == []


async def test_a_signed_visit_reaches_the_household_by_a_persons_word(county: SmallCounty, desk: VisitDesk) -> None:
    first = (await desk.open_visits(COUNTY))[0]
    await desk.sign_off(first.visit_id, "村干部甲", "上门", "已当面告知")
    assert await county.owed() == {"reached": 1, "unreached": 2}
    assert await county.one("SELECT level FROM owed WHERE state = 'reached'") == "acknowledged"
    with pytest.raises(InputError, match="已经处理过"):
        await desk.sign_off(first.visit_id, "村干部甲", "上门")
    assert len(await desk.open_visits(COUNTY)) == 2


async def test_an_excuse_needs_a_second_person_and_a_reason_that_is_one(county: SmallCounty, desk: VisitDesk) -> None:
    first = (await desk.open_visits(COUNTY))[0].visit_id
    with pytest.raises(InputError, match="去世销户"):
        await desk.ask_excuse(first, Reason.AWAY, said(desk))
    with pytest.raises(InputError, match="没有待确认"):
        await desk.confirm_excuse(first, "镇干部乙")
    await desk.ask_excuse(first, Reason.DECEASED, said(desk))
    with pytest.raises(InputError, match="自己提出"):
        await desk.confirm_excuse(first, "村干部甲")
    assert await county.owed() == {"unreached": 3}
    await desk.confirm_excuse(first, "镇干部乙")
    assert await county.owed() == {"excused": 1, "unreached": 2}
    assert await county.one("SELECT reason FROM owed WHERE state = 'excused'") == "deceased"
    with pytest.raises(InputError, match="没有待确认"):
        await desk.confirm_excuse(first, "镇干部丙")


async def test_a_household_for_which_an_excuse_was_asked_can_be_told_after_all(
    county: SmallCounty, desk: VisitDesk
) -> None:
    first = (await desk.open_visits(COUNTY))[0].visit_id
    await desk.ask_excuse(first, Reason.MOVED, said(desk))
    await desk.sign_off(first, "村干部甲", "电话")
    assert await county.owed() == {"reached": 1, "unreached": 2}
    with pytest.raises(InputError, match="没有待确认"):
        await desk.confirm_excuse(first, "镇干部乙")


async def test_every_deed_is_on_the_audit_trail_and_a_refused_one_is_not(county: SmallCounty, desk: VisitDesk) -> None:
    one, two, _ = [one.visit_id for one in await desk.open_visits(COUNTY)]
    await desk.sign_off(one, "村干部甲", "上门")
    await desk.ask_excuse(two, Reason.MISLISTED, said(desk))
    with pytest.raises(InputError):
        await desk.confirm_excuse(two, "村干部甲")
    await desk.confirm_excuse(two, "镇干部乙")
    assert [entry.what for entry in await audit.latest(county.ledger, 9)] == [
        "visit.confirm_excuse",
        "visit.ask_excuse",
        "visit.sign",
    ]


async def test_a_visit_that_does_not_exist_is_said_in_a_sentence(desk: VisitDesk) -> None:
    with pytest.raises(InputError, match="不存在"):
        await desk.sign_off(999, "村干部甲", "上门")
