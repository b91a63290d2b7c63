"""The policy site reads like the real ones: their lists, their odd addresses, their encodings, and a feed."""

import re
from collections.abc import AsyncIterator
from datetime import date

import feedparser
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from selectolax.lexbor import LexborHTMLParser

from notifier.sandbox.site import SiteState, UnknownArticle, build_site
from notifier.sandbox.site.pages import COLUMNS

TODAY = date(2026, 11, 24)
COUNTY_LIST = "/xxgk_13872/zfxxgkml/wjfb/list.html"
GBK_LIST = "/xxgk_13872/zfxxgkml/zcjd/list.html"
CITY_LIST = "/zwgk/zfxxgkml/hmzc/list.html"

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def state() -> SiteState:
    return SiteState(today=lambda: TODAY)


@pytest.fixture
async def site(state: SiteState) -> AsyncIterator[Client]:
    async with TestClient(TestServer(build_site(state))) as client:
        yield client


async def page(site: Client, path: str, encoding: str = "utf-8") -> LexborHTMLParser:
    async with site.get(path) as answer:
        assert answer.status == 200, path
        return LexborHTMLParser((await answer.read()).decode(encoding))


def test_at_least_twelve_old_notices_and_three_that_wait(state: SiteState) -> None:
    assert len(state.articles) >= 12
    assert {"farmland-new", "old-age-new", "traffic-new"} <= set(state.waiting)
    assert all(article.published_on is not None and article.published_on <= TODAY for article in state.articles)
    assert not any("{year}" in a.title + a.doc_number + "".join(a.paragraphs) for a in state.articles)
    assert len({article.number for article in state.articles}) == len(state.articles)


async def test_the_county_list_has_its_title_in_the_second_cell_and_pages_by_script(site: Client) -> None:
    first = await page(site, COUNTY_LIST)
    links = first.css("div.boxcon div ul li:nth-child(2) a")
    dates = [node.text() for node in first.css("div.boxcon div ul li:nth-child(3)")]
    assert len(links) == len(dates) == 5
    assert dates == sorted(dates, reverse=True)
    assert all(re.fullmatch(r"\./\d{6}/t\d{8}_\d+\.html", str(link.attributes["href"])) for link in links)
    assert 'createPageHTML(2, 0, "list", "html")' in str(first.html)
    second = await page(site, COUNTY_LIST.replace("list.html", "list_1.html"))
    assert 1 <= len(second.css("div.boxcon div ul li:nth-child(2) a")) < 5
    assert (await site.get(COUNTY_LIST.replace("list.html", "list_2.html"))).status == 404


async def test_the_city_list_shortens_titles_and_keeps_the_full_one_in_an_attribute(site: Client) -> None:
    listed = await page(site, CITY_LIST)
    links = listed.css("div.xxgk_wrap ul li.w383 a")
    assert any(link.text().endswith("...") for link in links)
    assert all(str(link.attributes["title"]).startswith(link.text().removesuffix("...")) for link in links)
    assert [re.fullmatch(r"\d{4}-\d\d-\d\d", n.text()) is not None for n in listed.css("li.w100 span")] == [True] * len(
        links
    )


async def test_a_page_that_claims_gb2312_is_gb18030_and_its_server_names_no_charset(site: Client) -> None:
    async with site.get(GBK_LIST) as answer:
        raw = await answer.read()
        assert answer.headers["Content-Type"] == "text/html"
    assert b"charset='gb2312'" in raw
    assert "雨露计划" in raw.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


async def test_every_listed_article_opens_with_metas_text_and_its_date(site: Client, state: SiteState) -> None:
    for column in COLUMNS:
        for article in state.in_column(column.key):
            opened = await page(site, column.folder + article.address, column.encoding)
            metas = {n.attributes["name"]: n.attributes["content"] for n in opened.css("meta[name]")}
            assert metas["ArticleTitle"] == article.title
            assert metas["PubDate"] == f"{article.published_on} 09:30"
            assert opened.css("table.info tr:first-child td:nth-child(3)")[0].text() == str(article.published_on)
            text = opened.css(f"div.{column.layout.body}")[0].text()
            assert all(paragraph in text for paragraph in article.paragraphs)
            assert opened.css("h1")[0].text() == article.title


async def test_an_article_that_never_was_is_not_found(site: Client) -> None:
    assert (await site.get("/xxgk_13872/zfxxgkml/wjfb/202601/t20260101_1.html")).status == 404


async def test_the_feed_holds_every_article_newest_first(site: Client, state: SiteState) -> None:
    async with site.get("/rss.xml") as answer:
        parsed = feedparser.parse(await answer.read())
    assert not parsed.bozo
    assert [entry.title for entry in parsed.entries] == [article.title for article in state.articles]
    link = parsed.entries[0].link
    async with ClientSession() as session, session.get(link) as answer:
        assert answer.status == 200


async def test_publishing_puts_all_that_wait_on_top_of_lists_and_feed(site: Client, state: SiteState) -> None:
    n_before = len(state.articles)
    async with site.post("/sandbox/site/publish") as answer:
        told = (await answer.json())["published"]
    assert {"farmland-new", "old-age-new", "traffic-new"} <= {row["slug"] for row in told}
    assert all(row["published_on"] == "2026-11-24" for row in told)
    assert len(state.articles) == n_before + len(told)
    top = (await page(site, COUNTY_LIST)).css("div.boxcon div ul li:nth-child(2) a")[0]
    assert top.text() == "关于印发《彭阳县2026年耕地地力保护补贴实施方案》的通知"
    async with site.post("/sandbox/site/publish") as answer:
        assert (await answer.json())["published"] == []


async def test_one_notice_is_published_by_its_slug_and_a_second_time_is_refused(site: Client) -> None:
    async with site.post("/sandbox/site/publish", json={"slug": "old-age-new"}) as answer:
        assert [row["topic"] for row in (await answer.json())["published"]] == ["高龄津贴"]
    async with site.post("/sandbox/site/publish", json={"slug": "old-age-new"}) as answer:
        assert answer.status == 404
        assert "没有等待发布的文章" in (await answer.json())["error"]
    async with site.get("/sandbox/site") as answer:
        assert "old-age-new" not in (await answer.json())["waiting"]


async def test_a_notice_can_move_to_a_new_address_with_the_same_words(site: Client, state: SiteState) -> None:
    old = next(article for article in state.articles if article.slug == "grassland")
    async with site.post("/sandbox/site/republish", json={"slug": "grassland"}) as answer:
        told = (await answer.json())["published"][0]
    assert told["title"] == old.title
    assert not told["url"].endswith(old.address)
    async with site.post("/sandbox/site/republish", json={"slug": "nothing"}) as answer:
        assert answer.status == 404


async def test_an_unchanged_page_is_not_sent_twice(site: Client) -> None:
    async with site.get(COUNTY_LIST) as answer:
        tag = answer.headers["ETag"]
    async with site.get(COUNTY_LIST, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    await site.post("/sandbox/site/publish")
    async with site.get(COUNTY_LIST, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


async def test_it_fails_as_often_as_told_and_then_recovers(site: Client) -> None:
    await site.post("/sandbox/site/misbehave", json={"status": 412, "times": 2})
    seen = []
    for _ in range(3):
        async with site.get(COUNTY_LIST) as answer:
            seen.append(answer.status)
    assert seen == [412, 412, 200]


async def test_a_redesigned_list_comes_without_items(site: Client) -> None:
    await site.post("/sandbox/site/misbehave", json={"blank": True})
    assert (await page(site, CITY_LIST)).css("li.w383") == []


@pytest.mark.parametrize("body", ["[]", "{", '{"status": 200}', '{"times": -1}'])
async def test_nonsense_at_the_levers_is_refused_in_words(site: Client, body: str) -> None:
    async with site.post("/sandbox/site/misbehave", data=body) as answer:
        assert answer.status == 400
        assert "应为" in await answer.text()


def test_what_waits_promises_land_age_and_animals_and_one_promises_nothing(state: SiteState) -> None:
    audience = {slug: article.audience for slug, article in state.waiting.items()}
    assert audience["farmland-new"] == "耕地"
    assert audience["old-age-new"] == "高龄"
    assert audience["traffic-new"] == ""


def test_a_slug_nobody_knows_is_named_in_the_error(state: SiteState) -> None:
    with pytest.raises(UnknownArticle, match="没有等待发布的文章“nothing”"):
        state.publish("nothing")


async def test_the_front_page_leads_to_every_list(site: Client) -> None:
    links = [str(node.attributes["href"]) for node in (await page(site, "/")).css("a")]
    assert {COUNTY_LIST, GBK_LIST, CITY_LIST, "/rss.xml"} <= set(links)
