"""A list issued again: its lines correct the old ones, and households hear of it only after somebody approved."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.campaigns.deciding import CampaignDesk
from notifier.domain.benefits import Issue
from notifier.match.step import step as match
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.store.campaigns import CampaignRow, list_campaigns
from notifier.store.ledger import Ledger
from notifier.store.repeated import settle_repeated
from notifier.watch.importing import BatchReport, Handed, import_payments
from tests.day.county import SmallCounty, phone, small_county
from tests.registered import TITLE, Home, a_line, a_workbook, an_id, register

ALIASES = load_aliases(Path("config/headers.toml"), "payments")
CORRECTED = "彭阳县2026年耕地地力保护补贴发放清册（更正）"
PLAIN = "彭阳县2026年耕地地力保护补贴发放清册"
_CONTACT = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared) "
    "VALUES (:id, :id, :id, 'phone', 1, :sealed, :hash, 'usable', 0)"
)


@pytest.fixture
async def county(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(sqlite_ledger_url, tmp_path) as opened:
        await three_homes(opened.ledger)
        yield opened


@pytest.fixture
async def either_county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        await three_homes(opened.ledger)
        yield opened


async def three_homes(ledger: Ledger) -> None:
    """甲, 乙, 丙 with ids and phones 1 to 3."""
    ids = await register(ledger, [Home(name, an_id(n)) for n, name in enumerate("甲乙丙", 1)])
    vault = ledger.vault
    rows = [
        {
            "id": n,
            "sealed": vault.seal_text("contact.value_sealed", n, phone(n)),
            "hash": vault.blind("phone", phone(n)),
        }
        for n in ids
    ]
    async with ledger.writing() as c:
        await c.execute(text(_CONTACT), rows)


async def hand_in(county: SmallCounty, folder: Path, areas: dict[int, float], **how: object) -> BatchReport:
    """The list of those (number of the home -> its area) as a workbook; `title` and `filing` are in `how`."""
    title, filing = str(how.get("title", PLAIN)), str(how.get("filing", TITLE))
    file = folder / "list.xlsx"
    lines = [a_line("甲乙丙"[n - 1], an_id(n), area=area) for n, area in areas.items()]
    file.write_bytes(a_workbook(lines, titles=[title, filing]))
    report = await import_payments(county.ledger, file, county.clock, Handed(ALIASES))
    return report.batches[0]


async def a_day(county: SmallCounty) -> None:
    """Proposed, launched where nothing must be approved, planned, told, heard."""
    desk = CampaignDesk(county.ledger, county.clock, launches_approved=True)
    await match(county.ledger, Settings(), county.clock)
    await desk.launch_approved()
    await match(county.ledger, Settings(), county.clock)
    await county.a_round()


async def corrections(county: SmallCounty) -> list[CampaignRow]:
    return [one for one in await list_campaigns(county.ledger) if one.purpose == "correction"]


async def approve(county: SmallCounty, campaign_id: int) -> None:
    await CampaignDesk(county.ledger, county.clock, launches_approved=True).review(campaign_id, "shenhe", approves=True)


def texts(county: SmallCounty) -> list[tuple[str, str]]:
    return [(one.address, one.text) for one in county.received()]


async def test_only_who_was_told_wrong_hears_of_it_after_somebody_approved(county: SmallCounty, tmp_path: Path) -> None:
    await hand_in(county, tmp_path, {1: 10, 2: 10, 3: 10})
    await a_day(county)
    assert len(county.received()) == 3
    again = await hand_in(county, tmp_path, {1: 12, 2: 10, 3: 10}, title=CORRECTED)
    assert (again.n_new, again.n_changed, again.n_absent) == (0, 1, 0)
    await a_day(county)
    (draft,) = await corrections(county)
    assert (draft.state, draft.reviews_needed, len(county.received())) == ("in_review", 1, 3)
    await approve(county, draft.campaign_id)
    await a_day(county)
    (address, said) = texts(county)[3]
    assert (address, len(county.received())) == (phone(1), 4)
    assert "原通知986.00元有误，更正为1183.20元" in said
    assert await county.rows("SELECT old_amount_fen, new_amount_fen FROM payment_change") == [(98600, 118320)]
    await hand_in(county, tmp_path, {1: 12, 2: 10, 3: 10}, title=CORRECTED)
    await a_day(county)
    assert len(county.received()) == 4
    assert await county.owed() == {"reached": 4}


async def test_a_second_correction_takes_the_place_of_one_that_nobody_heard(
    either_county: SmallCounty, tmp_path: Path
) -> None:
    county = either_county
    await hand_in(county, tmp_path, {1: 10, 2: 10, 3: 10})
    await a_day(county)
    await hand_in(county, tmp_path, {1: 12, 2: 12, 3: 10})
    await a_day(county)
    await hand_in(county, tmp_path, {1: 13, 2: 12, 3: 10})
    await a_day(county)
    latest, first = await corrections(county)
    assert (first.state, latest.state) == ("cancelled", "in_review")
    await approve(county, latest.campaign_id)
    await a_day(county)
    told = dict(texts(county)[3:])
    assert set(told) == {phone(1), phone(2)}
    assert "原通知986.00元有误，更正为1281.80元" in told[phone(1)]
    assert "原通知986.00元有误，更正为1183.20元" in told[phone(2)]


async def test_what_is_corrected_back_in_time_needs_no_word(county: SmallCounty, tmp_path: Path) -> None:
    await hand_in(county, tmp_path, {1: 10, 2: 10})
    assert (await hand_in(county, tmp_path, {1: 11, 2: 10})).n_changed == 1
    await a_day(county)
    assert {said for _, said in texts(county) if "1084.60" in said} == {
        said for to, said in texts(county) if to == phone(1)
    }
    await hand_in(county, tmp_path, {1: 12, 2: 10})
    # Typed anew, in another order: the very file of the first day again would be known, and change nothing.
    await hand_in(county, tmp_path, {2: 10, 1: 11})
    await a_day(county)
    assert await corrections(county) == []
    assert len(county.received()) == 2


async def test_more_lines_are_no_correction(county: SmallCounty, tmp_path: Path) -> None:
    await hand_in(county, tmp_path, {1: 10, 2: 10})
    more = await hand_in(county, tmp_path, {3: 10})
    assert (more.n_new, more.n_changed) == (1, 0)
    file = tmp_path / "two.xlsx"
    plots = [a_line("甲", an_id(1)), a_line("甲", an_id(1), area=3), a_line("乙", an_id(2)), a_line("丙", an_id(3))]
    file.write_bytes(a_workbook(plots))
    second = (await import_payments(county.ledger, file, county.clock, Handed(ALIASES))).batches[0]
    assert (second.n_new, second.n_changed) == (1, 0)
    part = a_workbook([a_line("乙", an_id(2), area=4)])
    file.write_bytes(part)
    only = await import_payments(county.ledger, file, county.clock, Handed(ALIASES, issue=Issue.PART))
    assert (only.batches[0].n_new, only.batches[0].n_changed) == (1, 0)


async def test_the_same_line_in_another_batch_waits_for_a_person(county: SmallCounty, tmp_path: Path) -> None:
    await hand_in(county, tmp_path, {1: 10, 2: 10})
    await a_day(county)
    other = TITLE.replace("12号", "13号")
    twice = await hand_in(county, tmp_path, {1: 10, 3: 10}, filing=other)
    assert (twice.n_new, twice.n_repeated) == (2, 1)
    await a_day(county)
    assert [to for to, _ in texts(county)] == [phone(1), phone(2), phone(3)]
    async with county.ledger.writing() as c:
        assert await settle_repeated(c, twice.benefit_id or 0, "xian", tells=True) == 1
    await a_day(county)
    assert [to for to, _ in texts(county)][3:] == [phone(1)]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.integers(1, 3), st.integers(1, 4), min_size=1), min_size=1, max_size=4))
async def test_however_often_a_list_comes_again_each_line_says_what_came_last(
    county: SmallCounty, tmp_path: Path, lists: list[dict[int, int]]
) -> None:
    async with county.ledger.writing() as c:
        for table in ("payment", "payment_change", "benefit", "identity", "campaign"):
            await c.execute(text(f"DELETE FROM {table}"))
    expected: dict[int, int] = {}
    for n, areas in enumerate(lists):
        if areas in lists[:n]:
            continue  # the very same file again is an old copy, and changes nothing
        await hand_in(county, tmp_path, {n: float(area) for n, area in areas.items()}, title=CORRECTED)
        expected |= areas
    held = await county.rows("SELECT area_mu FROM payment ORDER BY area_mu")
    assert [int(area) for (area,) in held] == sorted(area * 1000 for area in expected.values())
