"""Every page of the service as a person sees it: pictures on request, and what would trouble a reader fails the test.

`pytest tests/web --screenshots DIR` keeps a picture of every page; the most used ones also dark and on a phone.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, TimeoutError

from notifier.accounts.one_time import begin_totp, confirm_totp
from notifier.store.factors import FactorKind, factors_of
from notifier.web.application import ROUTES
from tests.registry.rosters import a_row, write_book
from tests.web.foreign import SPOKEN_FOR, every_request, lay_foreign
from tests.web.front import PASSWORD, Front
from tests.web.test_in_a_browser import DESK, OVERFLOW, PHONE, a_visitor, browser
from tests.web.test_pages import lay_unmatched
from tests.web.test_policy_pages import desk as judged
from tests.web.test_upload_pages import desk

__all__ = ["browser", "desk", "judged"]
NO_PAGE = frozenset(
    {
        *("/health", "/ready", "/metrics", "/part", "/account/totp.svg", "/account/wechat.svg", "/matching/queue.xlsx"),
        *("/campaigns/{campaign}/report.xlsx", "/campaigns/{campaign}/live", "/drafts/{campaign}/papers"),
        *("/drafts/{campaign}/rejected.xlsx", "/visits/{visit}/photo", "/uploads/{upload}/rejected.xlsx"),
        *("/policies/{campaign}/audience", "/reviews/{campaign}/audience", "/callbacks/wechat/{secret}"),
        *("/f/{code}/voice.wav", "/wechat/back", "/wechat/staff/{mark}"),
    }
)
"""Addresses that answer a browser with a picture, a file, a stream, figures, a part of a page or another address."""
ELSEWHERE = {
    "/f/{code}": ("test_people_in_a_browser.py", '"farmer"'),
    "/wechat/bind": ("test_people_in_a_browser.py", '"bind-phone"'),
    "/wechat/mine": ("test_people_in_a_browser.py", '"mine"'),
    "/wechat/staff": ("test_staff_wechat.py", "/wechat/staff"),
}
"""Pages that WeChat opens, and the test that looks at them."""
BEFORE_LOGIN = ("/login", "/login/code")
MOST_USED = frozenset(
    {"/", "/campaigns/{campaign}", "/drafts", "/drafts/{campaign}/words", "/drafts/{campaign}/audience", "/policies"}
    | {"/households", "/households/{household}", "/visits", "/inquiries", "/uploads", "/help/{screen}", "/login"}
)
FOR_PROGRAMMERS = "/api-guide"
WORD_OF_OURS = re.compile(
    r"(?<![-\w])(?:[a-z]+_[a-z_]+|pending|reached|unreached|excused|delivered|failed|silent|accepted|unsure|draft|approved|"
    r"returned|running|paused|finished|cancelled|scheduled|open|closed|sms|county|township|village|officer|"
    r"administrator|reviewer|None|True|False|null|undefined|NaN)\b"
)
"""Names that the program uses inside and that no page may show; what stands in <code> is meant for programmers."""
WORDS = """() => {
  const copy = document.querySelector('main').cloneNode(true);
  copy.querySelectorAll('code, pre, script, textarea, style').forEach(one => one.remove());
  const said = [copy.textContent];
  copy.querySelectorAll('[title], [aria-label], [placeholder]').forEach(one =>
    said.push(one.title, one.getAttribute('aria-label') || '', one.getAttribute('placeholder') || ''));
  return said.join('\\n');
}"""
NAMELESS = """() => [...document.querySelectorAll('button, a[href], summary')]
  .filter(one => !one.textContent.trim() && !one.getAttribute('aria-label') && !one.querySelector('img[alt], svg'))
  .map(one => one.outerHTML)"""


def plain(route: str) -> str:
    """The route without the patterns of its variables."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", route)


def pages_of_the_service() -> set[str]:
    every = [one for routes in ROUTES for one in routes if isinstance(one, web.RouteDef) and one.method == "GET"]
    return {plain(one.path) for one in every if not one.path.startswith("/api/")} - NO_PAGE


@dataclass
class Looker:
    """Looks at one page after the other; `faults` is what would trouble a reader."""

    page: Page
    folder: Path
    keeps: bool
    seen: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    async def look(self, route: str) -> None:
        """At the page that is open now."""
        self.seen.add(route)
        name = re.sub(r"\W+", "-", route.replace("{", "").replace("}", "")).strip("-") or "overview"
        await self._read(route)
        await self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        await self._examine(route, "light")
        await self._keep(name)
        await self.page.set_viewport_size({"width": 640, "height": 740})  # as a desk's browser shows it at 200 %
        await self._fits(route, "at 200 %")
        await self.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        await self._fits(route, "on a phone")
        if route in MOST_USED:
            await self._keep(f"{name}-360")
        await self.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
        await self.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        await self._examine(route, "dark")
        if route in MOST_USED:
            await self._keep(f"{name}-dark")
        await self.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    async def _read(self, route: str) -> None:
        said = "" if route == FOR_PROGRAMMERS else await self.page.evaluate(WORDS)
        self.faults += [f"{route} says {word}" for word in sorted(set(WORD_OF_OURS.findall(said)))]
        self.faults += [f"{route} has {one} without a word" for one in await self.page.evaluate(NAMELESS)]

    async def _fits(self, route: str, where: str) -> None:
        try:  # a chart is drawn anew a moment after its window changed
            await self.page.wait_for_function(f"() => {OVERFLOW} <= 0", timeout=5000)
        except TimeoutError:
            self.faults.append(f"{route} is too wide {where}")

    async def _examine(self, route: str, scheme: str) -> None:
        """In the dark only the colours are other ones."""
        only = {"runOnly": ["color-contrast"]} if scheme == "dark" else {"resultTypes": ["violations"]}
        found = (await Axe().run(self.page, options=only)).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [f"{one['id']}: {node['html'][:160]}" for one in grave for node in one["nodes"][:3]]
        self.faults += [f"{route} in {scheme}: {one}" for one in told]

    async def _keep(self, name: str) -> None:
        if self.keeps:
            await self.page.screenshot(path=self.folder / f"page-{name}.png", full_page=True)


def test_every_page_is_looked_at_by_a_test() -> None:
    walked = {plain(one.route) for one in every_request("0" * 32) if one.method == "GET"} | set(BEFORE_LOGIN)
    assert pages_of_the_service() - walked == set(ELSEWHERE)
    assert {one for one in pages_of_the_service() if one.startswith(tuple(SPOKEN_FOR))} == set(ELSEWHERE)
    for file, words in ELSEWHERE.values():
        assert words in (Path(__file__).parent / file).read_text("utf-8")


@pytest.fixture
async def looker(
    browser: Browser, desk: Front, judged: Front, screenshots: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Looker]:
    """Logged in as the county's administrator, with a draft begun."""
    visitor = await a_visitor(browser, desk, screenshots, "guanli", DESK)
    await visitor.page.emulate_media(reduced_motion="reduce")
    yield Looker(visitor.page, screenshots, request.config.getoption("--screenshots") is not None)
    assert [one for one in visitor.complaints if "404" not in one] == []


async def want_a_code(front: Front) -> None:
    """guanli logs in with a one-time password from now on."""
    at = front.clock.at
    await begin_totp(front.ledger, "guanli", at)
    secret = (await factors_of(front.ledger, "guanli"))[FactorKind.TOTP].value
    await confirm_totp(front.ledger, "guanli", pyotp.TOTP(secret).at(at), at)


async def begin_a_draft(page: Page, root: str) -> str:
    """Its number."""
    await page.goto(f"{root}/drafts")
    await page.fill("input[name=title]", "冬季用煤安全提醒")
    await page.click("text=开始起草")
    return page.url.split("/")[-2]


async def hand_in_a_roster(page: Page, root: str, folder: Path) -> str:
    """Its number; three households of it are saved, one row is rejected."""
    rows = [a_row(n, 行政村="白阳样例一村") for n in (1, 2, 3)] + [a_row(4, 行政村="没有的村")]
    await page.goto(f"{root}/uploads")
    await page.set_input_files("input[name=file]", write_book(folder / "名册.xlsx", rows))
    await page.click("text=上传并预览")
    await page.click("button:has-text('保存')")  # when the preview has come by itself
    await page.wait_for_selector("text=下载退回的行")
    return page.url.split("/")[-1]


@pytest.mark.timeout(240)
async def test_no_page_troubles_its_reader(looker: Looker, desk: Front, tmp_path: Path) -> None:
    await lay_unmatched(desk)
    colleague = await lay_foreign(desk)
    page, root = looker.page, str(desk.client.make_url("")).rstrip("/")
    draft, upload = await begin_a_draft(page, root), ""
    for asked in every_request(colleague):
        route = plain(asked.route)
        if asked.method != "GET" or route not in pages_of_the_service() or route in BEFORE_LOGIN:
            continue
        if route == "/uploads/{upload}":
            upload = await hand_in_a_roster(page, root, tmp_path)
        path = re.sub(r"/drafts/\d+", f"/drafts/{draft}", asked.path)
        path = {
            "/policies/{campaign}": "/policies/3",
            "/uploads/{upload}": f"/uploads/{upload}",
            "/households/{household}/merge": "/households/2000/merge?other=2001",
        }.get(route, path)
        answer = await page.goto(root + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        await looker.look(route)
    await page.context.clear_cookies()
    await page.goto(f"{root}/login")
    await looker.look("/login")
    await page.fill("input[name=name]", "guanli")
    await page.fill("input[name=password]", PASSWORD)
    await want_a_code(desk)
    await page.click("main button")
    await looker.look("/login/code")
    assert pages_of_the_service() - looker.seen == set(ELSEWHERE)
    assert not looker.faults, "\n".join(looker.faults)
