"""The register, uploads, sources and policies in a real browser: wide and narrow, light and dark."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from tests.registry.rosters import a_row, write_book
from tests.report import ground
from tests.web.front import Front
from tests.web.test_in_a_browser import DESK, OVERFLOW, PHONE, a_visitor, browser
from tests.web.test_policy_pages import desk as judged
from tests.web.test_upload_pages import desk

__all__ = ["browser", "desk", "judged"]
PAGES = (
    "/households",
    "/households/1007",
    "/households/1001/merge?other=1007",
    "/shared-phones",
    "/followers",
    "/regions",
    "/uploads",
    "/policies",
    "/policies/3",
    "/policies/decisions",
    "/sources",
    "/matching",
)


@pytest.mark.timeout(120)
async def test_a_clerk_hands_in_a_roster_and_finds_every_page_readable(
    browser: Browser, desk: Front, judged: Front, screenshots: Path, tmp_path: Path
) -> None:
    visitor = await a_visitor(browser, desk, screenshots, "guanli", DESK)
    page = visitor.page
    await visitor.open("/uploads")
    rows = [a_row(n, 行政村="白阳样例一村") for n in (1, 2, 3)] + [a_row(4, 行政村="没有的村")]
    await page.set_input_files("input[name=file]", write_book(tmp_path / "名册.xlsx", rows))
    await page.click("text=上传并预览")
    await page.click("button:has-text('保存')")  # when the preview has come by itself
    await page.wait_for_selector("text=下载退回的行")
    await visitor.keep("upload-desk")
    await visitor.open("/households")
    await page.fill("input[name=words]", "王样2")
    await page.click("button:has-text('查找')")
    await page.click("table a")
    await page.wait_for_selector("text=家庭成员")
    assert "王样" not in page.url
    grave = []
    for number, path in enumerate(PAGES):
        await visitor.open(path)
        name = path.strip("/").split("?")[0].replace("/", "-")
        for device, size in (("desk", DESK), ("phone", PHONE)):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            assert await page.evaluate(OVERFLOW) <= 0, f"{path} is wider than a {device}"
            await visitor.keep(f"{name}-{device}")
        await page.emulate_media(color_scheme="dark" if number % 2 else "light", reduced_motion="reduce")
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        found = (await Axe().run(page)).response["violations"]
        grave += [
            (path, one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
        ]
    assert not grave, grave
    assert ground.NAMES[0] not in await page.content()
    assert visitor.complaints == []
