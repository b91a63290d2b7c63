"""A notice's whole life as the people of a county live it, each in a browser of their own, over the whole service.

A clerk's first login, a messy roster and its rejected rows, a policy from the web, a village's own notice through
three levels of review, launched, watched, paused, resumed, reported, and its last household visited.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright
from python_calamine import CalamineWorkbook

from notifier.accounts.desk import add_user
from notifier.accounts.managing import StaffDesk
from notifier.accounts.roles import Role, User
from notifier.domain.settings import Campaigns
from notifier.domain.watch import Watch
from notifier.sandbox.county.numbers import phone_number
from notifier.sandbox.site import SiteState, build_site
from notifier.store.registry_regions import keep_regions
from notifier.web.pages import LIBRARIES
from tests.registry.rosters import COUNTY, a_row, write_book
from tests.web.front import PASSWORD
from tests.web.house import House, a_house
from tests.web.test_in_a_browser import ARGUMENTS, DESK, OVERFLOW, PHONE

pytestmark = pytest.mark.skipif(
    not (LIBRARIES / "htmax.min.js").is_file(), reason="the console's assets are not built; build the wheel with npm"
)
CODES = {place.level: place.code for place in COUNTY[:3]}
BESIDE = "640425101000"
CLERK, NEW_PASSWORD = "xianguan", "山羊 river 三十六 只"
PEOPLE = (
    User("cunwen", Role.ADMINISTRATOR, CODES["village"]),
    User("cunshen", Role.REVIEWER, CODES["village"]),
    User("zhenshen", Role.REVIEWER, CODES["township"]),
    User("xianshen", Role.REVIEWER, CODES["county"]),
    User("cunguan", Role.OFFICER, CODES["village"]),
    User("linzhen", Role.ADMINISTRATOR, BESIDE),
)
SITE = """kind = "html_list"
name = "wjfb"
title = "县政府文件"
region = "640425000000"
issuer = "彭阳县人民政府"
url = "{site}/xxgk_13872/zfxxgkml/wjfb/list.html"
item = "div.boxcon div > ul"
link = "li:nth-child(2) a"
date = "li:nth-child(3)"
body = "div.zz-xl-sec"
next_page = "list_{{n}}.html"
max_pages = 5
pause = "PT0S"
allow_private = true
"""
TITLE = "冬季用煤安全提醒"
BY_HAND = Campaigns(launch_when_approved=False)
N_TOLD, WITHOUT_PHONE = 3, 4


@dataclass
class Town:
    """The service, the government's site, and everybody's browsers."""

    house: House
    site: SiteState
    browser: Browser
    one_time: str
    folder: Path
    addresses: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    async def sit_down(self, name: str, password: str = PASSWORD, size: dict[str, int] = DESK) -> Page:
        """Somebody's own browser, at the page that a login opens."""
        context = await self.browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
        page = await context.new_page()
        page.on("console", lambda one: self.complaints.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("framenavigated", lambda frame: self.addresses.add(frame.url))
        await page.goto(f"{self.house.root}/login")
        await page.fill("input[name=name]", name)
        await page.fill("input[name=password]", password)
        await page.click("main button")
        await page.wait_for_url(lambda url: not url.endswith("/login"))
        return page

    async def keep(self, page: Page, name: str) -> None:
        await page.screenshot(path=self.folder / f"journey-{name}.png", full_page=True)


@pytest.fixture
async def town(sqlite_ledger_url: str, tmp_path: Path, chromium: str, screenshots: Path) -> AsyncIterator[Town]:
    """A county without households; its clerk has a one-time password, the others have theirs."""
    site = SiteState()
    async with TestServer(build_site(site)) as server, async_playwright() as playwright:
        sources = tmp_path / "sources"
        sources.mkdir()
        (sources / "wjfb.toml").write_text(SITE.format(site=str(server.make_url("")).rstrip("/")), "utf-8")
        async with a_house(sqlite_ledger_url, tmp_path, watch=Watch(folder=sources), campaigns=BY_HAND) as house:
            ledger, clock = house.app.ledger, house.app.clock
            await keep_regions(ledger, COUNTY)
            one_time = await StaffDesk(ledger, clock).add(None, User(CLERK, Role.ADMINISTRATOR, CODES["county"]))
            for user in PEOPLE:
                await add_user(ledger, user, PASSWORD, clock.now())
            await house.do("watch")  # what stands on the site already is known, and told to nobody
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            yield Town(house, site, browser, one_time, screenshots)
            await browser.close()


async def enter_for_the_first_time(town: Town) -> Page:
    page = await town.sit_down(CLERK, town.one_time)
    await page.goto(f"{town.house.root}/households")
    assert page.url.endswith("/account/password"), "nothing else can be done before"
    await page.fill("input[name=old]", town.one_time)
    await page.fill("input[name=new]", NEW_PASSWORD)
    await page.fill("input[name=again]", NEW_PASSWORD)
    await page.click("main button")
    await page.goto(f"{town.house.root}/households")
    await page.wait_for_selector("h1:has-text('农户')")
    return page


async def hand_in_a_messy_roster(town: Town, page: Page, folder: Path) -> None:
    """Three households with a phone and one without; a sum, an empty line, a village and an id that do not exist."""
    rows = [a_row(n) for n in range(1, N_TOLD + 1)] + [a_row(WITHOUT_PHONE, 户联系电话=None)]
    messy = [*rows, [None] * 9, a_row(8, 行政村="没有的村"), a_row(9, 身份证号="64042519700308001"), ["合计", 6]]
    await page.click("text=导入名册或清单")
    await page.set_input_files("input[name=file]", write_book(folder / "花名册.xlsx", messy))
    await page.click("text=上传并预览")
    await page.wait_for_selector("text=还没有保存")
    await page.click("button:has-text('保存')")
    async with page.expect_download() as coming:
        await page.click("text=下载退回的行")
    back = folder / "退回.xlsx"
    await (await coming.value).save_as(back)
    returned = CalamineWorkbook.from_path(back).get_sheet_by_index(0).to_python()
    assert sum("没有的村" in map(str, row) for row in returned) == 1
    await town.keep(page, "roster")


async def accept_a_policy(town: Town, page: Page) -> None:
    """It is published, looked for by hand, understood, and its suggestion accepted."""
    [article] = town.site.publish("farmland-new")
    await page.goto(f"{town.house.root}/sources")
    await page.click("text=立即查看")
    await page.wait_for_selector("text=查看完成，新 1 条")
    await town.house.do("match")
    await page.click("nav >> text='政策'")
    await page.click(f"h2 a:has-text('{article.title}')")
    await page.wait_for_selector(f"text=将通知 {N_TOLD + 1} 户")
    await town.keep(page, "policy")
    await page.click("text=采纳建议")
    await page.wait_for_selector("text=已采纳")


async def write_a_notice(town: Town, page: Page) -> str:
    """A village's clerk drafts and submits it; its address."""
    await page.goto(f"{town.house.root}/drafts")
    await page.fill("input[name=title]", TITLE)
    await page.click("text=开始起草")
    await page.fill("[name=summary]", "烧煤取暖请开窗通风，睡前检查炉火和烟道")
    await page.wait_for_selector(".bubble:has-text('检查炉火')")
    await page.click("text=下一步：通知谁")
    await page.wait_for_selector(f".tile.main dd:has-text('{N_TOLD + 1} 户')")
    await page.click("text=下一步：何时发")
    await page.click("text=下一步：检查提交")
    for name in ("cunshen", "zhenshen", "xianshen"):
        await page.wait_for_selector(f"dd:has-text('{name}')")
    await town.keep(page, "check")
    await page.click("button:has-text('提交审核')")
    await page.wait_for_selector("text=等待村级审核（0/3）")
    return page.url


async def review(town: Town, name: str) -> None:
    page = await town.sit_down(name)
    await page.goto(f"{town.house.root}/reviews")
    article = page.locator(f"article:has-text('{TITLE}')")
    await article.locator("textarea").fill("同意")
    await article.locator("button:has-text('通过')").click()
    await page.wait_for_selector(".told")
    await page.context.close()


async def run_it(town: Town, page: Page, campaign: str) -> None:
    """Launched, paused before anything left, resumed; the page that is open moves by itself all the while."""
    house = town.house
    await page.goto(campaign)
    await page.click("button:has-text('启动')")
    await page.wait_for_selector(".state.running")
    await page.evaluate("document.body.dataset.same = 'page'")
    await house.do("match")
    await page.wait_for_selector(f".tile.due dd:has-text('{N_TOLD + 1}')")
    await page.click("button:has-text('暂停')")
    await page.wait_for_selector(".state.paused")
    await house.do("compose", "dispatch")
    assert not house.received(phone_number(1)), "what is paused sends nothing"
    await page.click("button:has-text('继续')")
    await page.wait_for_selector(".state.running")
    await page.evaluate("document.body.dataset.same = 'page'")
    for _ in range(2):
        await house.do("compose", "dispatch")
        await house.hear()
    await page.wait_for_selector(".tile.main dd:has-text('75.0%')")
    assert await page.evaluate("document.body.dataset.same") == "page", "the figures came without a reload"
    assert all("检查炉火" in house.received(phone_number(n))[-1] for n in range(1, N_TOLD + 1))
    await page.reload()
    await page.wait_for_selector("#places-chart canvas")
    await page.wait_for_selector("text=无号码")
    await town.keep(page, "report")


async def visit_the_last(town: Town) -> None:
    page = await town.sit_down("cunguan", size=PHONE)
    await page.goto(f"{town.house.root}/visits")
    assert await page.evaluate(OVERFLOW) <= 0
    await town.keep(page, "officer")
    await page.click("text=已告知，签收")
    await page.click("form[action$='/sign'] button")
    await page.wait_for_selector("text=没有等待入户的农户")
    await page.context.close()


async def be_of_another_township(town: Town) -> None:
    """Every address with a number in it that the others were at does not exist there, but the whole county's policy."""
    page = await town.sit_down("linzhen")
    paths = {one.removeprefix(town.house.root).partition("#")[0] for one in town.addresses}
    seen = {one for one in paths if re.search(r"/\d+", one) and not one.startswith("/policies/")}
    assert {one.split("/")[1] for one in seen} >= {"uploads", "drafts", "campaigns"}
    for address in sorted(seen):
        assert (await page.request.get(town.house.root + address)).status == 404, address
    await page.context.close()


@pytest.mark.timeout(240)
async def test_a_notice_from_the_first_login_to_the_last_household(town: Town, tmp_path: Path) -> None:
    clerk = await enter_for_the_first_time(town)
    await hand_in_a_messy_roster(town, clerk, tmp_path)
    await accept_a_policy(town, clerk)
    author = await town.sit_down("cunwen")
    campaign = await write_a_notice(town, author)
    for name in ("cunshen", "zhenshen", "xianshen"):
        await review(town, name)
    await run_it(town, author, campaign)
    await visit_the_last(town)
    await author.reload()  # a finished campaign's page is still
    await author.wait_for_selector(".tile.main dd:has-text('100.0%')")
    await be_of_another_township(town)
    assert town.complaints == []
