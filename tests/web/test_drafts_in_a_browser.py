"""Writing a campaign in a real Chromium: what is typed shows on a phone, whom it reaches is counted as one chooses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright
from sqlalchemy import text

from notifier.web.pages import LIBRARIES
from notifier.web.watchers import WATCHERS
from tests.web.front import Front
from tests.web.test_in_a_browser import ARGUMENTS, DESK, OVERFLOW, PHONE, a_visitor

pytestmark = pytest.mark.skipif(
    not (LIBRARIES / "htmax.min.js").is_file(), reason="the console's assets are not built; build the wheel with npm"
)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


async def test_a_clerk_sees_what_a_household_will_and_counts_whom_it_reaches(
    browser: Browser, front: Front, screenshots: Path
) -> None:
    visitor = await a_visitor(browser, front, screenshots, "guanli", DESK)
    page = visitor.page
    await visitor.open("/drafts")
    await page.fill("input[name=title]", "冬季用煤安全提醒")
    await page.click("text=开始起草")
    await page.check("[name=kind][value=free]")
    await page.fill("#text", "您好，烧煤请开窗通风。")
    await page.click("[data-insert='{咨询电话}']")
    await page.wait_for_selector(".bubble:has-text('开窗通风。0954-7010000')")
    assert await page.input_value("#text") == "您好，烧煤请开窗通风。{咨询电话}"
    await visitor.keep("draft-words-desk")
    await page.click("text=下一步：通知谁")
    await page.click("text=＋条件")
    await page.select_option("[name=r1-what]", "within")
    await page.wait_for_selector("input[name=r1-value]")
    await page.fill("[name=r1-value]", "白阳镇")
    await page.press("[name=r1-value]", "Tab")
    await page.wait_for_selector(".tile.main dd:has-text('18 户')")
    for size, device in ((DESK, "desk"), (PHONE, "phone")):
        await page.set_viewport_size({"width": size["width"], "height": size["height"]})
        assert await page.evaluate(OVERFLOW) <= 0
        await visitor.keep(f"draft-audience-{device}")
    await page.click("text=下一步：何时发")
    await page.click("text=下一步：检查提交")
    await page.wait_for_selector("text=县级（彭阳县）：shenhe")
    assert await page.evaluate(OVERFLOW) <= 0
    await visitor.keep("draft-check-phone")
    await page.click("button:has-text('提交审核')")
    await page.wait_for_selector("text=等待县级审核")
    assert visitor.complaints == []


async def test_a_live_page_comes_back_by_itself_after_a_broken_line(
    browser: Browser, front: Front, screenshots: Path
) -> None:
    watchers = front.client.app[WATCHERS]
    watchers._every_s = 0.05
    visitor = await a_visitor(browser, front, screenshots, "guanli", DESK)
    await visitor.open("/campaigns/2")
    await visitor.page.wait_for_selector(".rate")
    await watchers.end()  # as when the service is started anew
    watchers._is_over = False
    async with front.ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'paused', paused_why = '模板停用' WHERE id = 2"))
    await visitor.page.wait_for_selector("text=模板停用")
    await visitor.page.wait_for_selector("button:has-text('继续')")
    assert visitor.complaints == []
