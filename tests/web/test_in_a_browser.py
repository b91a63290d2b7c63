"""The console as people see it: a real Chromium, the real stylesheet and charts, on a desk and on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright
from sqlalchemy import text

from notifier.store.tally import count, uncount
from notifier.web.pages import LIBRARIES
from tests.web.front import PASSWORD, Front

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
DRAWN = """id => {
  const canvas = document.querySelector(`#${id} canvas`);
  if (!canvas) return 0;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3]) colours.add(pixels.slice(i, i + 3).join());
  return colours.size;
}"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

pytestmark = pytest.mark.skipif(
    not (LIBRARIES / "echarts.min.js").is_file(), reason="the console's assets are not built; build the wheel with npm"
)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


class Visitor:
    """A page that is logged in and remembers what the browser complained of."""

    def __init__(self, page: Page, root: str, folder: Path) -> None:
        self.page, self.root, self.folder = page, root, folder
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def open(self, path: str) -> None:
        await self.page.goto(self.root + path)

    async def keep(self, name: str) -> None:
        await self.page.screenshot(path=self.folder / f"{name}.png", full_page=True)


async def a_visitor(browser: Browser, front: Front, folder: Path, name: str, size: dict[str, int]) -> Visitor:
    context: BrowserContext = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, locale="zh-CN"
    )
    visitor = Visitor(await context.new_page(), str(front.client.make_url("")).rstrip("/"), folder)
    await visitor.open("/login")
    await visitor.page.fill("input[name=name]", name)
    await visitor.page.fill("input[name=password]", PASSWORD)
    await visitor.page.click("button")
    await visitor.page.wait_for_selector("#live")
    return visitor


@pytest.mark.parametrize(("size", "device"), [(DESK, "desk"), (PHONE, "phone")])
async def test_the_report_page_draws_its_charts_and_fits_the_screen(
    browser: Browser, front: Front, screenshots: Path, size: dict[str, int], device: str
) -> None:
    visitor = await a_visitor(browser, front, screenshots, "guanli", size)
    await visitor.keep(f"overview-{device}")
    await visitor.open("/campaigns/1")
    await visitor.page.wait_for_selector("#places-chart canvas")
    assert await visitor.page.evaluate(DRAWN, "places-chart") > 5
    assert await visitor.page.evaluate(DRAWN, "reasons-chart") > 5
    option = await visitor.page.evaluate(
        "echarts.getInstanceByDom(document.getElementById('places-chart')).getOption().series.map(s => s.data)"
    )
    assert sum(sum(values) for values in option) == 18
    assert await visitor.page.evaluate(OVERFLOW) <= 0
    await visitor.keep(f"report-{device}")
    assert visitor.complaints == []


async def test_a_running_campaign_s_figures_and_chart_move_by_themselves(
    browser: Browser, front: Front, screenshots: Path
) -> None:
    visitor = await a_visitor(browser, front, screenshots, "guanli", DESK)
    await visitor.open("/campaigns/2")
    await visitor.page.wait_for_selector("#places-chart canvas")
    await visitor.page.evaluate("document.body.dataset.same = 'page'")
    async with front.ledger.writing() as c:
        await uncount(c, "owed", "o.campaign_id = 2", {})
        await c.execute(text("UPDATE owed SET state = 'reached', level = 'handset' WHERE campaign_id = 2"))
        await count(c, "owed", "o.campaign_id = 2", {})
        await c.execute(text("UPDATE campaign SET state = 'finished' WHERE id = 2"))
    await visitor.page.wait_for_selector(".tile.main dd:has-text('100.0%')")
    assert await visitor.page.evaluate("document.body.dataset.same") == "page"
    await visitor.page.wait_for_function(
        "echarts.getInstanceByDom(document.getElementById('places-chart')).getOption().series[1].data[0] === 5"
    )
    assert await visitor.page.locator("#live[hx-get]").count() == 0
    assert visitor.complaints == []


async def test_a_campaign_is_paused_by_its_button_and_cancelled_only_after_a_question(
    browser: Browser, front: Front, screenshots: Path
) -> None:
    visitor = await a_visitor(browser, front, screenshots, "guanli", DESK)
    questions: list[str] = []

    async def decline(dialog: object) -> None:
        questions.append(getattr(dialog, "message", ""))
        await getattr(dialog, "dismiss")()  # noqa: B009 - playwright's Dialog is not needed otherwise

    visitor.page.on("dialog", decline)
    await visitor.open("/campaigns/2")
    await visitor.page.click("text=取消任务")
    await visitor.page.click("text=暂停")
    await visitor.page.wait_for_selector(".told")
    assert front.deeds.done == [("pause", 2, "guanli")]
    assert len(questions) == 1
    await visitor.keep("paused-desk")


async def test_the_report_prints_without_buttons(browser: Browser, front: Front, screenshots: Path) -> None:
    visitor = await a_visitor(browser, front, screenshots, "guanli", DESK)
    await visitor.open("/campaigns/1")
    await visitor.page.wait_for_selector("#places-chart canvas")
    await visitor.page.emulate_media(media="print")
    assert not await visitor.page.is_visible("header.top")
    assert not await visitor.page.is_visible("text=导出 Excel")
    assert await visitor.page.is_visible("text=82.3%")
    await visitor.keep("report-print")
