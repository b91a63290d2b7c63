"""Farmers and village officers in a real browser, against the whole service: from the QR code to 我已知晓.

What axe finds serious on one of these pages fails the test.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import text

from notifier.accounts.desk import add_user
from notifier.accounts.roles import Role, User
from notifier.domain.regions import Region
from notifier.store import planning
from notifier.store.registry_contacts import INSERT_CONTACT, contact_values
from notifier.store.registry_regions import keep_regions
from tests.day.planting import plant_campaign, plant_lines
from tests.registered import COUNTY, TOWNSHIP, VILLAGE, Home, an_id, register
from tests.web.front import PASSWORD
from tests.web.house import House, a_house
from tests.web.test_in_a_browser import ARGUMENTS, OVERFLOW, PHONE

ME = "oSample000000000000000000077"
MINE, DEAD = "19900000077", "19900000078"
DARK_TOO = ("officer-signing", "mine", "farmer", "inquiry")
"""One page of each kind: the others are drawn with the same colours."""
SIZES = {"phone": PHONE, "desk": {"width": 1280, "height": 900}}


@pytest.fixture
async def house(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """Two households of a village, one with a phone, one with a number that does not exist; and their officer."""
    async with a_house(sqlite_ledger_url, tmp_path) as opened:
        ledger, clock = opened.app.ledger, opened.app.clock
        places = ((COUNTY, "彭阳县", "county", None), (TOWNSHIP, "白阳镇", "township", COUNTY))
        await keep_regions(
            ledger, [*(Region(*one) for one in places), Region(VILLAGE, "样例一村", "village", TOWNSHIP)]
        )
        await register(ledger, [Home("样例甲", an_id(1), group="1组"), Home("样例乙", an_id(2), group="2组")])
        async with ledger.writing() as c:
            await c.execute(text("INSERT INTO counter (name, next_id) VALUES ('contact', 200)"))
            for n, number in ((1, MINE), (2, DEAD)):
                await c.execute(text(INSERT_CONTACT), contact_values(ledger, (100 + n, n, n), "phone", number, 1))
        await add_user(ledger, User("cunguan", Role.OFFICER, VILLAGE), PASSWORD, clock.now())
        yield opened


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


async def a_page(browser: Browser, **options: bool) -> tuple[Page, list[str]]:
    """A phone's page, and what its browser complains of."""
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", **options)  # type: ignore[arg-type]
    page, complaints = await context.new_page(), []
    page.on("console", lambda one: complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


async def an_officer(house: House, browser: Browser) -> tuple[Page, list[str]]:
    """A phone's page on which the village's officer is logged in."""
    page, complaints = await a_page(browser)
    await page.goto(f"{house.root}/login")
    await page.fill("input[name=name]", "cunguan")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.wait_for_url(f"{house.root}/")
    return page, complaints


async def look_at(page: Page, folder: Path, name: str) -> None:
    """It fits a phone and a desk, axe finds nothing serious, and its picture is kept."""
    for device, size in SIZES.items():
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        assert await page.evaluate(OVERFLOW) <= 0, f"{name} is wider than a {device}"
        await page.screenshot(path=folder / f"{name}-{device}.png", full_page=True)
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for scheme in ("light", "dark") if name in DARK_TOO else ("light",):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = (await Axe().run(page)).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in grave]
        assert not grave, f"{name} in {scheme}: {told}"
        if scheme == "dark":
            await page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
    await page.emulate_media(color_scheme="light")


async def pay(house: House) -> None:
    """Both households are owed a payment and told, as far as they can be."""
    ledger = house.app.ledger
    await plant_lines(ledger, 2, [(1, 1), (2, 2)])
    await plant_campaign(ledger, 2, "disbursement", "微信优先", "paid", house.app.clock.now())
    await planning.plan(ledger, 2, house.app.clock)
    await house.order("mischief", gateway="aliyun", plan={"failing": {DEAD: "MK:0001"}})
    for _ in range(3):
        await house.do("compose", "dispatch")
        await house.hear()


async def state(house: House, home: int) -> tuple[str, str | None]:
    async with house.app.ledger.reading() as c:
        sql = "SELECT state, level FROM owed WHERE household_id = :home"
        row = (await c.execute(text(sql), {"home": home})).one()
    return row.state, row.level


async def follow_and_prove(house: House, page: Page, screenshots: Path) -> None:
    """The QR code is scanned, the greeting's link opened, WeChat says who it is, and the phone is proved."""
    await house.order("followers", follow=[ME], scene=f"village_{VILLAGE}")
    await house.hear()
    [greeting] = house.received(ME)
    found = re.search(r"http://\S+", greeting)
    assert found is not None
    await house.order("visitor", openid=ME)
    await page.goto(found[0])
    assert page.url.partition("#")[0] == f"{house.root}/wechat/bind"
    await look_at(page, screenshots, "bind-phone")
    await page.fill("#phone", MINE)
    await page.click("text=发验证码")
    await page.wait_for_selector("#code")
    await look_at(page, screenshots, "bind-code")
    code = re.search(r"\d{6}", house.received(MINE)[-1])
    assert code is not None
    await page.fill("#code", code[0])
    await page.click("text=下一步")


async def test_a_farmer_scans_binds_reads_and_says_that_they_know(
    house: House, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await a_page(browser)
    await follow_and_prove(house, page, screenshots)
    await page.fill("#name", "样例甲")
    await page.fill("#tail", an_id(1)[-4:])
    await look_at(page, screenshots, "bind-person")
    await page.click("button.main")
    await page.wait_for_selector("text=绑定成功")
    await pay(house)
    await page.goto(f"{house.root}/wechat/mine")
    await page.wait_for_selector("text=12.5 亩 × 95 元 = 1187.50 元")
    await page.wait_for_selector("#notices button")
    await look_at(page, screenshots, "mine")
    await page.click("#notices button")
    await page.wait_for_selector("text=已记下。以后有新政策")
    await house.hear()
    await page.reload()
    await page.wait_for_selector("text=您已同意用微信接收新政策")
    link = (await house.order("tap", openid=ME))["link"]
    await page.goto(link)
    await page.wait_for_selector("text=样例甲，您好")
    await page.fill("#words", "面积好像少了半亩")
    await page.click("text=提交问题")
    await page.wait_for_selector(".told")
    await look_at(page, screenshots, "farmer")
    await page.click("text=我已知晓")
    await page.wait_for_selector("text=您已经知道了")
    assert await state(house, 1) == ("reached", "acknowledged")
    await page.goto(link[:-3] + "aaa")
    await look_at(page, screenshots, "farmer-closed")
    assert [one for one in complaints if "404" not in one] == []


async def test_the_farmer_s_page_works_without_scripts(house: House, browser: Browser) -> None:
    async with house.app.ledger.writing() as c:
        await c.execute(text(INSERT_CONTACT), contact_values(house.app.ledger, (150, 1, 1), "openid", ME, 1))
    await pay(house)
    page, _ = await a_page(browser, java_script_enabled=False)
    await page.goto((await house.order("tap", openid=ME))["link"])
    assert not await page.is_visible("#speak")
    await page.fill("#words", "什么时候到账")
    await page.click("text=提交问题")
    await page.wait_for_selector("text=什么时候到账")
    await page.click("button:has-text('不是我家的')")
    await page.wait_for_selector("text=已经记下")
    assert "1187.50" not in await page.content()


async def test_an_officer_finds_out_why_corrects_the_number_and_signs_off(
    house: House, browser: Browser, screenshots: Path
) -> None:
    await pay(house)
    assert await state(house, 2) == ("unreached", None)
    page, complaints = await an_officer(house, browser)
    await page.goto(f"{house.root}/visits")
    await page.wait_for_selector("text=登记的号码是空号")
    assert not await page.is_visible(f"a[href='tel:{DEAD}']")
    await look_at(page, screenshots, "officer")
    await page.click("text=打电话")
    assert await page.is_visible(f"a[href='tel:{DEAD}']")
    await page.click("text=更正号码")
    await page.fill("input[name=phone]", "19900000079")
    await page.click("text=保存，并发到新号码")
    await page.wait_for_selector("text=号码已更正")
    await house.do("compose", "dispatch")
    assert "1187.50元" in house.received("19900000079")[-1]
    await page.click("text=已告知，签收")
    await page.fill("form[action$='/sign'] input[name=remark]", "电话里说清楚了")
    await look_at(page, screenshots, "officer-signing")
    await page.click("form[action$='/sign'] button")
    await page.wait_for_selector("text=没有等待入户的农户")
    assert await state(house, 2) == ("reached", "acknowledged")
    await look_at(page, screenshots, "officer-done")
    assert complaints == []


async def test_an_officer_enters_a_call_and_answers_a_text_by_a_text(
    house: House, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await an_officer(house, browser)
    await page.goto(f"{house.root}/inquiries/new")
    await page.fill("textarea", "问低保怎么办")
    await page.fill("input[name=phone]", MINE)
    await look_at(page, screenshots, "inquiry-new")
    await page.click("main form button:has-text('登记')")
    await page.wait_for_selector("text=办理")
    await look_at(page, screenshots, "inquiry")
    await house.order("reply", gateway="aliyun", phone=MINE, content="补贴几时到账")
    await house.hear()
    await page.goto(f"{house.root}/inquiries")
    await look_at(page, screenshots, "inquiries")
    await page.click("article:has-text('补贴几时到账') >> text=办理")
    await page.fill("textarea", "本月二十八日")
    await page.click("button:has-text('答复')")
    await page.wait_for_selector("text=答复已发出")
    assert "答复如下：本月二十八日。" in house.received(MINE)[-1]
    assert complaints == []
