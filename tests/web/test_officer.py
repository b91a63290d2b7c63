"""The village officer's list against the real desk: reasons, calls, corrections, photos, forms sent twice."""

import re
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from aiohttp import FormData
from PIL import Image
from sqlalchemy import text

from notifier.domain.identity import normal_name
from notifier.store import tally, visit_photos
from notifier.store.audit import latest
from notifier.store.registry_contacts import INSERT_CONTACT, contact_values
from notifier.web import officer as pages
from notifier.web.officer import MOST_HOMES
from notifier.web.photos import LARGEST
from tests.report import ground
from tests.web.front import Front, csrf_in

PHONE, NEW = "19900001234", "19900005678"
PLACE = b"GPSLatitude-of-a-home"


@pytest.fixture
async def officer(front_at_work: Front) -> AsyncIterator[Front]:
    front = front_at_work
    async with front.ledger.writing() as c:
        await c.execute(text(INSERT_CONTACT), contact_values(front.ledger, (1, 1007, 1007), "phone", PHONE, 1))
        await c.execute(text("UPDATE counter SET next_id = 100 WHERE name = 'contact'"))
        await c.execute(text("INSERT INTO counter (name, next_id) VALUES ('contact', 100) ON CONFLICT DO NOTHING"))
        for n in (1007, 1008):
            name = ground.NAMES[n % 4]
            await c.execute(
                text("UPDATE person SET name_hash = :hash WHERE id = :id"),
                {"hash": front.ledger.vault.blind("name", normal_name(name)), "id": n},
            )
    await front.log_in("cunguan")
    yield front
    assert await tally.check(front.ledger) == []


def once_in(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def state(front: Front, visit: int) -> tuple[str, str, str]:
    async with front.ledger.reading() as c:
        row = (
            await c.execute(
                text("SELECT v.state, o.state AS owed, v.reason FROM visit v JOIN owed o ON o.id = v.owed_id "
                     "WHERE v.id = :id"), {"id": visit},
            )
        ).one()  # fmt: skip
    return row.state, row.owed, row.reason


def a_picture(side: int = 2000) -> bytes:
    told = BytesIO()
    notes = Image.Exif()
    notes[0x010E] = PLACE.decode()
    Image.new("RGB", (side, side // 2), (90, 160, 90)).save(told, "JPEG", exif=notes)
    return told.getvalue()


async def test_the_page_is_light_says_why_in_plain_words_and_who_to_call(officer: Front) -> None:
    page = await officer.page("/visits")
    homes = [len(one.encode()) for one in re.findall(r'<article class="home".*?</article>', page, re.DOTALL)]
    assert len(homes) == 2
    assert len(page.encode()) - sum(homes) + MOST_HOMES * max(homes) < 40_000
    assert f'href="tel:{PHONE}"' in page
    assert "登记的号码是空号" in page
    assert "白阳样例二村" not in page
    assert "htmax" not in page
    assert [one.what for one in await latest(officer.ledger, 2)] == ["visits.shown", "login"]
    await officer.log_in("guanli")
    assert PHONE not in await officer.page("/visits")


async def test_where_many_wait_a_village_is_chosen_first_and_search_goes_on(
    officer: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    await officer.log_in("guanli")
    listed = await officer.page(f"/visits?region={ground.COUNTY}")
    assert listed.count('class="home"') == 3
    monkeypatch.setattr(pages, "MOST_AT_ONCE", 2)
    page = await officer.page("/visits")
    assert 'class="home"' not in page
    assert f'href="/visits?region={ground.VILLAGE_1}">白阳样例一村 <b>2</b>' in page
    assert f'href="/visits?region={ground.VILLAGE_3}"' in page
    assert (await officer.page(f"/visits?region={ground.BAIYANG}")).count('class="home"') == 2
    assert (await officer.page(f"/visits?region={ground.VILLAGE_3}")).count('class="home"') == 1
    found = await (await officer.post("/visits/find", q=PHONE, region=ground.COUNTY)).text()
    assert found.count('class="home"') == 1
    await officer.log_in("cunguan")
    monkeypatch.setattr(pages, "MOST_AT_ONCE", 0)
    assert (await officer.page("/visits")).count('class="home"') == 2


async def test_a_household_is_found_by_name_part_or_phone_and_nothing_of_it_is_in_an_address(officer: Front) -> None:
    for said in (ground.NAMES[3], "古丽", "199 0000 1234"):
        answer = await officer.post("/visits/find", q=said, region=ground.VILLAGE_1)
        page = await answer.text()
        assert answer.status == 200
        assert page.count('class="home"') == 1, said
    assert "没有找到" in await (await officer.post("/visits/find", q="无此人")).text()
    assert (await officer.post("/visits/find", q="x", region=ground.VILLAGE_3)).status == 404


async def test_a_visit_with_a_photo_is_signed_once_however_often_the_form_is_sent(officer: Front) -> None:
    page = await officer.page("/visits?group=1%E7%BB%84")
    picture = a_picture()
    assert PLACE in picture
    for _ in range(2):
        form = FormData()
        said = {"_csrf": csrf_in(page), "once": once_in(page), "how": "当面告知", "remark": "已说明"}
        for key, value in said.items():
            form.add_field(key, value)
        form.add_field("at", "2026-11-24T09:30")
        form.add_field("list", "group=1%E7%BB%84&evil=//x")
        form.add_field("photo", picture, filename="a.jpg", content_type="image/jpeg")
        answer = await officer.client.post("/visits/1007/sign", data=form, allow_redirects=False)
        assert answer.headers["Location"] == "/visits?group=1%E7%BB%84"
        assert "已签收" in await officer.page("/visits")
    assert (await state(officer, 1007))[:2] == ("signed", "reached")
    kept = await visit_photos.photo_of(officer.ledger, 1007)
    assert kept is not None
    assert PLACE not in kept
    assert max(Image.open(BytesIO(kept)).size) == 1600
    answer = await officer.client.get("/visits/1007/photo")
    assert await answer.read() == kept
    assert (await latest(officer.ledger, 1))[0].what == "visit.photo"
    await officer.log_in("wangwa")
    assert (await officer.client.get("/visits/1007/photo")).status == 403


@pytest.mark.parametrize("raw", [b"no picture", b"\xff" * (LARGEST + 1)])
async def test_what_is_no_photo_is_refused_and_nothing_is_signed(officer: Front, raw: bytes) -> None:
    form = FormData({"_csrf": csrf_in(await officer.page("/visits")), "how": "当面告知"})
    form.add_field("photo", raw, filename="a.jpg", content_type="image/jpeg")
    await officer.client.post("/visits/1007/sign", data=form, allow_redirects=False)
    assert "照片" in await officer.page("/visits")
    assert (await state(officer, 1007))[0] == "open"


async def test_nobody_met_keeps_the_visit_and_an_excuse_needs_another_person(officer: Front) -> None:
    await officer.post("/visits/1007/absent", reason="away", remark="去外地打工")
    assert await state(officer, 1007) == ("open", "unreached", "away")
    assert "去外地打工" in await officer.page("/visits")
    await officer.post("/visits/1007/excuse", reason="moved")
    assert "等待另一人复核" in await officer.page("/visits")
    assert (await officer.post("/visits/1007/decline")).status == 403
    await officer.log_in("shenhe")
    await officer.post("/visits/1007/decline")
    assert await state(officer, 1007) == ("open", "unreached", "away")
    assert (await officer.post("/visits/1007/absent", reason="away")).status == 403


async def test_a_corrected_number_is_told_to_the_desk_that_sends_again(officer: Front) -> None:
    await officer.post("/visits/1007/phone", person="1007", phone="199-0000-5678")
    assert "号码已更正" in (page := await officer.page("/visits"))
    assert f'href="tel:{NEW}"' in page
    assert PHONE not in page
    await officer.post("/visits/1007/phone", person="1008", phone=NEW)
    assert "没有这位成员" in await officer.page("/visits")
    await officer.post("/visits/1007/phone", person="1007", phone="12345")
    assert "手机号" in await officer.page("/visits")


async def test_visits_of_two_households_are_not_signed_together(officer: Front) -> None:
    assert (await officer.post("/visits/1007/sign", how="当面告知", also="1008")).status == 400
    assert (await officer.post("/visits/1007/sign", how="当面告知", also="1017")).status == 404
    await officer.post("/visits/1007/sign", how="当面告知", at="2030-01-01T00:00")
    assert "不能晚于现在" in await officer.page("/visits")
    assert (await state(officer, 1007))[0] == "open"
