"""A roster handed in and its people found again in a real browser; `test_every_page` looks at the pages."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.registry.rosters import a_row, write_book
from tests.report import ground
from tests.web.front import Front
from tests.web.test_in_a_browser import DESK, a_visitor, browser
from tests.web.test_upload_pages import desk

__all__ = ["browser", "desk"]


@pytest.mark.timeout(120)
async def test_a_clerk_hands_in_a_roster_and_finds_its_people(
    browser: Browser, desk: Front, screenshots: Path, tmp_path: Path
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
    assert ground.NAMES[0] not in await page.content()
    assert visitor.complaints == []
