"""A farmer's page behind its link: it knows one household, says how much and why, and hears what they say."""

import re
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.messages import Medium
from notifier.domain.settings import Inquiries
from notifier.store import tally
from notifier.store.farmer_links import LENGTH, link_code
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.track.farmers import FarmerDesk
from notifier.web import farmer
from notifier.web.voice import Voice
from tests.day.planting import A, openid, phone, plant_campaign, plant_lines, settle_in
from tests.report.ground import NOW
from tests.web.front import Front, FrozenClock, a_front

HOTLINE = "0954-7010000"


async def _tell(ledger: Ledger) -> None:
    """Household 1 by SMS, household 2 by WeChat: a payment line each, told; owed rows unreached and reached."""
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET id = id + 100"))
    await settle_in(ledger, [A([phone(1)]), A([None], openid(2))])
    await plant_lines(ledger, 50, [(1, 10), (2, 20)], 500)
    await plant_campaign(ledger, 50, "disbursement", "微信优先", "paid", NOW)
    async with ledger.writing() as c:
        await c.execute(text("UPDATE payment SET told_person_id = person_id, told_retry = 0 WHERE benefit_id = 50"))
        for n, state in ((1, "unreached"), (2, "pending")):
            await c.execute(
                text(
                    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, "
                    "state_at) VALUES (:id, 50, :n, '640425100201', '', :state, 0, 0)"
                ),
                {"id": 7000 + n, "n": n, "state": state},
            )
            await c.execute(
                text(
                    "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, "
                    "notice_id, chunk_id, region_code, state, state_at) VALUES (:id, :id, 50, :person, :contact, "
                    ":medium, 0, 0, 1, 1, '640425100201', 'silent', :at)"
                ),
                {
                    "id": 7000 + n, "person": 10 * n, "contact": 100 * n + (n == 2), "at": int(NOW.timestamp() * 1e6),
                    "medium": "sms" if n == 1 else "wechat",
                },
            )  # fmt: skip
        await tally.count(c, "owed", "o.id > 7000", {})
        await tally.count(c, "message", "m.id > 7000", {})


@pytest.fixture
async def front(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Front]:
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    clock = FrozenClock()
    desk = FarmerDesk(ledger, clock, Inquiries(), HOTLINE, timedelta(days=90), timedelta(days=7))
    front = await a_front(ledger, farmers=desk, clock=clock)
    front.clock = clock
    await _tell(ledger)
    yield front
    await front.client.close()
    await ledger.close()


def link(front: Front, n: int = 1) -> str:
    medium, address = (Medium.SMS, phone(1)) if n == 1 else (Medium.WECHAT, openid(2))
    return f"/f/{link_code(front.ledger.vault, 7000 + n, medium, address)}"


async def owed(front: Front, n: int) -> tuple[str, str | None]:
    async with front.ledger.reading() as c:
        row = (await c.execute(text("SELECT state, level FROM owed WHERE id = :id"), {"id": 7000 + n})).one()
    return row.state, row.level


async def post(front: Front, path: str, **form: str) -> int:
    return (await front.client.post(path, data=form, allow_redirects=False)).status


async def test_it_says_how_much_and_why_and_nothing_of_anybody_else(front: Front) -> None:
    answer = await front.client.get(link(front))
    page = await answer.text()
    assert "12.5 亩 × 95 元 = 1187.50 元" in page
    assert "2026年" in page
    assert HOTLINE in page
    assert "样例1，您好" in page
    assert "样例2" not in page
    assert phone(1) not in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in answer.headers
    assert len(page.encode()) < 10_000
    assert 'id="speak" hidden' in page
    assert "<audio" not in page


async def test_a_text_of_a_person_s_own_is_shown_with_its_braces_filled(front: Front) -> None:
    async with front.ledger.writing() as c:
        await c.execute(
            text("UPDATE campaign SET kind = 'policy', purpose = 'tell', free_text = :words WHERE id = 50"),
            {"words": "{姓名}：{村}明天停水，问{咨询电话}"},
        )
    page = await (await front.client.get(link(front))).text()
    assert f"样例1：白阳样例一村明天停水，问{HOTLINE}" in page


async def test_a_link_cannot_be_guessed_and_is_no_other_household_s(front: Front) -> None:
    code = link(front).removeprefix("/f/")
    assert len(code) == LENGTH
    other = link(front, 2).removeprefix("/f/")
    for forged in (code[:8] + other[8:], other[:8] + code[8:], "a" * LENGTH, code[:-2] + "aa", "7" * LENGTH):
        assert forged not in (code, other)
        assert (await front.client.get(f"/f/{forged}")).status == 404
        assert await post(front, f"/f/{forged}/read") == 404
    assert await owed(front, 1) == ("unreached", None)
    assert (await front.client.get("/f/short")).status == 404
    assert code not in await (await front.client.get("/metrics")).text()
    async with front.ledger.reading() as c:
        kept = [str(row) for row in await c.execute(text("SELECT * FROM message WHERE id > 7000"))]
    assert not any(code in row for row in kept)


async def test_a_link_ends_kindly_with_where_to_ask(front: Front) -> None:
    front.clock.at += timedelta(days=91)
    answer = await front.client.get(link(front))
    assert answer.status == 410
    assert "已经过期" in await answer.text()
    assert HOTLINE in await answer.text()
    assert await post(front, f"{link(front)}/read") == 410
    assert await owed(front, 1) == ("unreached", None)


@pytest.mark.parametrize("n", [1, 2])
async def test_who_says_that_they_know_is_reached_as_a_person(front: Front, n: int) -> None:
    for _ in range(2):
        assert await post(front, f"{link(front, n)}/read") == 303
    assert await owed(front, n) == ("reached", "acknowledged")
    page = await (await front.client.get(f"{link(front, n)}?done=read")).text()
    assert "您已经知道了" in page
    assert "我已知晓" not in page
    assert await tally.check(front.ledger) == []


async def test_a_question_is_one_inquiry_and_its_answer_stands_on_the_page(front: Front) -> None:
    page = await (await front.client.get(link(front))).text()
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    for _ in range(2):
        await post(front, f"{link(front)}/ask", words="我家的<b>面积</b>少了", once=found[1])
    async with front.ledger.reading() as c:
        rows = (await c.execute(text("SELECT id, kind, channel, region_code, household_id FROM inquiry"))).all()
    assert [tuple(row)[1:] for row in rows] == [("咨询", "网页", "640425100202", 1)]
    async with front.ledger.writing() as c:
        sealed = front.ledger.vault.seal_text("inquiry_step.text_sealed", 9, "已核实，下月补发")
        await c.execute(
            text(
                "INSERT INTO inquiry_step (id, inquiry_id, what, by_user, at, text_sealed, delivery) "
                "VALUES (9, :inquiry, 'answer', 'cunguan', 0, :sealed, 'pending')"
            ),
            {"inquiry": rows[0].id, "sealed": sealed},
        )
    page = await (await front.client.get(link(front))).text()
    assert "我家的&lt;b&gt;面积&lt;/b&gt;少了" in page
    assert "已核实，下月补发" in page
    assert "cunguan" not in page
    assert "已核实" not in await (await front.client.get(link(front, 2))).text()
    async with front.ledger.reading() as c:
        assert (await c.execute(text("SELECT delivery FROM inquiry_step"))).scalar() == "seen"


async def test_questions_without_end_are_referred_to_the_telephone(front: Front) -> None:
    for n in range(10):
        assert await post(front, f"{link(front)}/ask", words=f"第{n}问") == 303
    assert await post(front, f"{link(front)}/ask", words="第十一问") == 410
    assert await post(front, f"{link(front)}/ask", words=" ") == 303


async def test_a_wrong_number_shows_nothing_any_more_and_opens_a_correction(front: Front) -> None:
    assert await post(front, f"{link(front)}/wrong") == 303
    page = await (await front.client.get(link(front))).text()
    assert "1187.50" not in page
    assert "样例1" not in page
    assert await post(front, f"{link(front)}/read") == 410
    async with front.ledger.reading() as c:
        assert (await c.execute(text("SELECT reason FROM correction_task"))).scalar() == "wrong_number"
        assert (await c.execute(text("SELECT state FROM contact WHERE id = 100"))).scalar() == "wrong"


async def test_an_engine_reads_the_page_where_the_browser_has_no_voice(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tmp_path / "bin" / "espeak-ng"
    engine.parent.mkdir()
    engine.write_text(f'#!/bin/sh\nprintf RIFF; tee -a {tmp_path}/heard; echo "$@" >> {tmp_path}/arguments\n')
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
    assert not Voice("no-such-engine").is_there
    assert (await front.client.get(f"{link(front)}/voice.wav")).status == 404
    monkeypatch.setenv("PATH", f"{engine.parent}:/usr/bin:/bin")
    monkeypatch.setattr(front.client.app[farmer.VOICE], "_path", Voice()._path)
    assert "<audio" in await (await front.client.get(link(front))).text()
    for _ in range(2):
        answer = await front.client.get(f"{link(front)}/voice.wav")
        assert answer.content_type == "audio/wav"
        assert (await answer.read()).startswith(b"RIFF")
    heard = (tmp_path / "heard").read_text()
    assert heard.count("样例1，您好") == 1
    assert "12.5 亩 乘 95 元 等于 1187.50 元" in heard
    assert "样例1" not in (tmp_path / "arguments").read_text()
