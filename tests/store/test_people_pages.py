"""What officers, farmers and followers read and leave, on both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.messages import ContactKind, Followed, Medium
from notifier.domain.outcomes import Reason
from notifier.domain.replies import InquiryKind
from notifier.store import binding, tally
from notifier.store.binding import Claim
from notifier.store.farmer_links import link_code, opened_by
from notifier.store.farmer_pages import tellings_of_households
from notifier.store.farmer_words import Reader, answers_for, note_answers_seen, note_question, question
from notifier.store.following import take_in
from notifier.store.forms import forget_forms, is_first
from notifier.store.greetings import take_greetings
from notifier.store.inquiries import Sift, list_inquiries, one_inquiry
from notifier.store.inquiry_rates import rates_below
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.visit_homes import (
    Wanted,
    count_homes,
    find_homes,
    groups_and_reasons,
    homes_to_visit,
    places_of_visits,
)
from notifier.store.visit_photos import Photo, keep_photo, photo_of, purge_photos
from notifier.store.visits import Report, ask_excuse, decline_excuse, note_absence, sign
from tests.day.planting import A, openid, phone, plant_campaign, plant_lines, settle_in
from tests.report import ground
from tests.report.ground import NOW

ME = openid(9)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """Three households of the county's villages, paid once; the first two wait for a visit."""
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await ground.lay_regions(opened)
    await settle_in(opened, [A([phone(1)]), A([phone(2), phone(3)]), A([None])])
    await plant_lines(opened, 7, [(1, 10), (2, 20), (2, 21)])
    await plant_campaign(opened, 7, "disbursement", "短信必达", "paid", NOW)
    async with opened.writing() as c:
        for n in (1, 2):
            row = {"id": n, "region": ("640425100202", "640425101201")[n - 1]}
            await c.execute(
                text(
                    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, reason, composed_step, "
                    "state_at) VALUES (:id, 7, :id, :region, '', 'unreached', 'dead_number', 0, 0)"
                ),
                row,
            )
            await c.execute(
                text(
                    "INSERT INTO visit (id, owed_id, region_code, reason, state, opened_at) "
                    "VALUES (:id, :id, :region, 'dead_number', 'open', 0)"
                ),
                row,
            )
        await tally.count(c, "owed", "o.campaign_id = 7", {})
        await c.execute(
            text(
                "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, "
                "chunk_id, region_code, state, state_at) VALUES (70000000001, 2, 7, 20, 200, 'sms', 0, 0, 1, 1, 'r', "
                "'silent', 0)"
            )
        )
        await tally.count(c, "message", "m.campaign_id = 7", {})
    yield opened
    await opened.close()


async def test_households_are_listed_sifted_and_found(ledger: Ledger) -> None:
    county = Wanted(ground.COUNTY)
    first, second = await homes_to_visit(ledger, county, clear=True)
    assert [one.household_id for one in (first, second)] == [1, 2]
    assert [(e.amount_fen, e.n_lines, e.reason) for e in second.errands] == [(237500, 2, "dead_number")]
    assert [(who.is_householder, who.phones) for who in second.residents] == [
        (True, [(phone(2), "usable")]),
        (False, [(phone(3), "usable")]),
    ]
    assert [one.household_id for one in await homes_to_visit(ledger, county, skip=1)] == [2]
    assert await count_homes(ledger, Wanted(ground.COUNTY, "1组", "dead_number")) == 2
    assert await count_homes(ledger, Wanted(ground.COUNTY, "2组")) == 0
    assert await groups_and_reasons(ledger, ground.COUNTY) == (["1组"], {"dead_number": 2})
    assert await find_homes(ledger, ground.COUNTY, phone(3)) == [2]
    assert await find_homes(ledger, ground.COUNTY, "样例1") == [1]
    assert await find_homes(ledger, "640425101201", "样") == [2]
    assert {one.household_id for one in await places_of_visits(ledger, [1, 2, 3])} == {1, 2}


async def test_what_comes_of_a_visit(ledger: Ledger) -> None:
    report = Report("cunguan", NOW, "上门", "没有人", once="a form")
    assert await note_absence(ledger, 1, Reason.AWAY, report, NOW)
    assert not await note_absence(ledger, 1, Reason.AWAY, report, NOW)
    assert await ask_excuse(ledger, 1, Reason.MOVED, Report("cunguan", NOW, "免通知"), NOW)
    await decline_excuse(ledger, 1, "shenhe", NOW)
    assert await sign(ledger, [1], Report("cunguan", NOW, "上门", photo=Photo(b"jpeg", "cunguan")), NOW)
    assert await photo_of(ledger, 1) == b"jpeg"
    assert await purge_photos(ledger, NOW + timedelta(days=2), timedelta(days=1)) == 1
    assert await tally.check(ledger) == []
    async with ledger.writing() as c:
        await keep_photo(c, ledger, 1, Photo(b"one", "cunguan"), NOW)
        await keep_photo(c, ledger, 1, Photo(b"two", "cunguan"), NOW)
        assert not await is_first(c, ledger, "a form", NOW)
    assert await photo_of(ledger, 1) == b"two"
    assert await forget_forms(ledger, NOW + timedelta(days=2), timedelta(days=1)) == 1


async def test_a_link_opens_its_message_and_the_question_asked_there_is_answered_there(ledger: Ledger) -> None:
    code = link_code(ledger.vault, 70000000001, Medium.SMS, phone(2))
    opened = await opened_by(ledger, code, timedelta(days=1))
    assert opened is not None
    assert (opened.owed_id, opened.person_id, opened.address) == (2, 20, phone(2))
    reader = Reader(ContactKind.PHONE, phone(2), 2)
    async with ledger.writing() as c:
        number = await note_question(c, ledger, question(reader, opened.region_code, "何时", NOW, 5))
        sealed = ledger.vault.seal_text("inquiry_step.text_sealed", 1, "明天")
        await c.execute(
            text(
                "INSERT INTO inquiry_step (id, inquiry_id, what, by_user, at, text_sealed, delivery) "
                "VALUES (1, :inquiry, 'answer', 'x', 0, :sealed, 'pending')"
            ),
            {"inquiry": number, "sealed": sealed},
        )
        [answered] = await answers_for(c, ledger, reader)
        assert [words for _, words in answered.answers] == ["明天"]
        assert await note_answers_seen(c, ledger, reader) == 1
    assert (await one_inquiry(ledger, number)) is not None
    assert len(await list_inquiries(ledger, ground.COUNTY, Sift(kind="咨询", due_before=NOW + timedelta(9)))) == 1
    assert await list_inquiries(ledger, ground.COUNTY, Sift(kind=InquiryKind.COMPLAINT.value)) == []
    [rate] = await rates_below(ledger, ground.COUNTY, NOW)
    assert (rate.region_code, rate.rate, rate.n_received) == (ground.WANGWA, "0.0%", 1)


async def test_an_openid_is_bound_greeted_only_before_and_reads_its_households(ledger: Ledger) -> None:
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE person SET id_sealed = :sealed WHERE id = 20"),
            {"sealed": ledger.vault.seal_text("person.id_sealed", 20, "640425197001010011")},
        )
        await c.execute(text("INSERT INTO counter (name, next_id) VALUES ('contact', 9000)"))
        await take_in(c, ledger, [Followed(ME, True, None, NOW)] * 2)
    assert await take_greetings(ledger, NOW, timedelta(minutes=1)) == [ME]
    assert await binding.bind(ledger, ME, Claim(phone(2), "样例2", "0012"), NOW) is None
    for _ in range(2):
        assert await binding.bind(ledger, ME, Claim(phone(2), "样例2", "0011"), NOW) == 2
    assert [(one.person_id, one.is_following) for one in await binding.bound_to(ledger, ME)] == [(20, True)]
    async with ledger.writing() as c:
        await take_in(c, ledger, [Followed(ME, True, None, NOW + timedelta(seconds=5))])
        [told] = await tellings_of_households(c, ledger, [2], 9)
    assert [(name, line.amount_fen) for name, line in told.lines] == [("样例2", 118750)] * 2
    assert await take_greetings(ledger, NOW, timedelta(minutes=1)) == []
    await binding.note_try(ledger, ME, "wrong", NOW)
    assert await binding.n_tries(ledger, ME, "wrong", NOW - timedelta(days=1)) == 1
    assert await binding.unbind(ledger, ME, 20, NOW)
    assert not await binding.unbind(ledger, ME, 20, NOW)
