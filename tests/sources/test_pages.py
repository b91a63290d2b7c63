"""Pages, lists and feeds as sites really send them; and no way into the inner network."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.benefits import Finding, Policy
from notifier.domain.errors import SourceError
from notifier.sandbox.site import SiteState, build_site
from notifier.sources.articles import Reading, read_article
from notifier.sources.encodings import decode
from notifier.sources.feed import FeedSource
from notifier.sources.headers import load_aliases
from notifier.sources.lists import ListSource
from notifier.sources.looking import Means
from notifier.sources.registry import KINDS, build
from notifier.wire import Reply, Visit, Wire
from tests.registered import FrozenClock

TODAY = date(2026, 11, 24)
ALIASES = load_aliases(Path("config/headers.toml"), "payments")
PAGE = b"<h1>\xe5\x85\xac\xe5\x91\x8a</h1><div class=t>\xe6\xad\xa3\xe6\x96\x87\xe3\x80\x82</div>"


class ScriptedWire:
    """Answers by address; what it was asked is in `asked`."""

    def __init__(self, answers: Mapping[str, Reply | Exception]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def fetch(self, visit: Visit) -> Reply:
        self.asked.append(visit.url)
        answer = self.answers[visit.url]
        if isinstance(answer, Exception):
            raise answer
        return answer


def html(text: str, **headers: str) -> Reply:
    return Reply(200, {"content-type": "text/html; charset=utf-8", **headers}, text.encode())


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        ("惠民政策".encode(), "text/html"), ("惠民政策".encode("gb18030"), "text/html; charset=gb2312"),
        ("<meta charset='gb2312'>惠民政策㐂".encode("gb18030"), "text/html"),
        ("惠民政策".encode("gb18030"), "text/html; charset=ISO-8859-1"),
        ("惠民政策".encode(), "text/html; charset=gibberish"),
        ("惠民政策".encode("utf-8-sig"), ""),
    ],
)  # fmt: skip
def test_encodings_of_real_sites(raw: bytes, content_type: str) -> None:
    assert "惠民政策" in decode(raw, content_type)


@settings(max_examples=60)
@given(st.binary(max_size=300), st.text(max_size=30))
def test_random_pages_raise_nothing(raw: bytes, content_type: str) -> None:
    read_article(raw, {"content-type": content_type}, Reading(body="div.t", date="span.d"))


def test_a_one_sentence_notice_is_not_lost_to_its_navigation_bar() -> None:
    bar = "<div class='nav'><ul>" + "<li><a href='/'>首页</a></li>" * 10 + "</ul></div>"
    notice = "今年的高龄津贴已发放到一卡通，请注意查收，有疑问请咨询村委会。"
    page = f"<html><body>{bar}<div><p>{notice}</p></div></body></html>"
    assert "高龄津贴" in read_article(page.encode(), {}, Reading()).body


@pytest.fixture
async def site() -> AsyncIterator[tuple[SiteState, TestServer]]:
    state = SiteState(lambda: TODAY)
    server = TestServer(build_site(state))
    async with server:
        yield state, server


def a_source(site: TestServer, wire: Wire, **other: Any) -> ListSource | FeedSource:
    said = {
        "kind": "html_list", "name": "s", "title": "样例站", "allow_private": True,
        "url": str(site.make_url("/xxgk_13872/zfxxgkml/wjfb/list.html")), "item": "div.boxcon div > ul",
        "link": "li:nth-child(2) a", "date": "li:nth-child(3)", "body": "div.zz-xl-sec", "next_page": "list_{n}.html",
        "max_pages": 5, "pause": 0,
    } | other  # fmt: skip
    if said["kind"] == "feed":
        said = {key: said[key] for key in ("kind", "name", "title", "allow_private", "url")}
    built = build(KINDS[str(said["kind"])].definition.model_validate(said), Means(wire, FrozenClock(), ALIASES))
    assert isinstance(built, ListSource | FeedSource)
    return built


async def policies(source: ListSource | FeedSource, memory: Mapping[str, str] | None = None) -> list[Policy]:
    found: list[Finding] = [finding async for finding in source.look(memory or {})]
    return [finding.benefit for finding in found if isinstance(finding.benefit, Policy)]


async def test_the_countys_list_is_read_whole_with_number_date_and_text(
    site: tuple[SiteState, TestServer], wire: Wire
) -> None:
    state, server = site
    source = a_source(server, wire)
    found = await policies(source)
    assert len(found) == len(state.in_column("wjfb"))
    assert source.left_out == []
    grassland = next(one for one in found if "草原" in one.title)
    assert grassland.document_number is not None
    assert grassland.document_number.startswith("彭政办发〔20")
    assert grassland.issuer == "彭阳县人民政府办公室"
    assert grassland.published_on is not None
    assert "禁牧补助每年每亩7.5元" in grassland.body
    assert "首页" not in grassland.body
    dates = [one.published_on for one in found if one.published_on]
    assert dates == sorted(dates)


async def test_a_gb2312_page_that_lies_about_itself_is_read(site: tuple[SiteState, TestServer], wire: Wire) -> None:
    state, server = site
    found = await policies(a_source(server, wire, url=str(server.make_url("/xxgk_13872/zfxxgkml/zcjd/list.html"))))
    assert {one.title for one in found} == {article.title for article in state.in_column("zcjd")}


async def test_feed_and_list_know_each_others_items(site: tuple[SiteState, TestServer], wire: Wire) -> None:
    _, server = site
    by_list = [f async for f in a_source(server, wire).look({})]
    by_feed = [f async for f in a_source(server, wire, kind="feed", url=str(server.make_url("/rss.xml"))).look({})]
    shown = {identity for finding in by_feed for identity in finding.identities}
    assert all(shown & set(finding.identities) for finding in by_list)


async def test_a_republished_policy_keeps_an_identity(site: tuple[SiteState, TestServer], wire: Wire) -> None:
    state, server = site
    source = a_source(server, wire)
    before = {identity for finding in [f async for f in source.look({})] for identity in finding.identities}
    state.republish("grassland")
    after = [f async for f in source.look({})]
    assert all(before & set(finding.identities) for finding in after)
    urls = {finding.benefit.url for finding in after if isinstance(finding.benefit, Policy)}
    assert not urls <= {identity.removeprefix("url|") for identity in before}


def scripted_list(listed: str, pages: Mapping[str, str]) -> ListSource:
    home = "http://93.184.215.14/"
    answers: dict[str, Reply | Exception] = {home: html(listed)}
    answers |= {home + path: html(page) for path, page in pages.items()}
    said = {"kind": "html_list", "name": "s", "title": "样例", "url": home, "item": "li", "body": "div.t", "pause": 0}
    definition = KINDS["html_list"].definition.model_validate(said)
    built = build(definition, Means(ScriptedWire(answers), FrozenClock(), ALIASES))
    assert isinstance(built, ListSource)
    return built


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<h1>甲</h1><meta name=PubDate content=2026-11-25><div class=t>正文。</div>", "将来"),
        ("<h1>甲</h1><meta name=PubDate content=2026-11-24><div class=t> </div>", "正文"),
    ],
)
async def test_future_and_empty_items_are_refused(page: str, said: str) -> None:
    source = scripted_list("<li><a href=a.html>甲</a></li>", {"a.html": page})
    assert await policies(source) == []
    assert said in source.left_out[0].why


async def test_an_undated_item_comes_without_a_date_for_a_person_to_give_one() -> None:
    source = scripted_list("<li><a href=a.html>甲</a></li>", {"a.html": "<h1>甲</h1><div class=t>正文。</div>"})
    assert [one.published_on for one in await policies(source)] == [None]


async def test_an_item_on_another_site_is_reported_not_fetched() -> None:
    source = scripted_list("<li><a href='http://93.184.215.15/x'>甲</a></li>", {})
    assert await policies(source) == []
    assert "allow_hosts" in source.left_out[0].why


async def test_a_list_without_items_says_that_its_layout_changed() -> None:
    with pytest.raises(SourceError, match="改版") as error:
        await policies(scripted_list("<p>维护中</p>", {}))
    assert not error.value.temporary


async def test_a_feed_body_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    item = "<item><title>秘密</title><link>http://x/</link><pubDate>2026-01-01</pubDate></item>"
    secret.write_text(f"<rss version='2.0'><channel>{item}</channel></rss>")
    home = "http://93.184.215.14/"
    wire = ScriptedWire({home: Reply(200, {}, str(secret).encode())})
    said = {"kind": "feed", "name": "s", "title": "样例", "url": home}
    source = build(KINDS["feed"].definition.model_validate(said), Means(wire, FrozenClock(), ALIASES))
    with pytest.raises(SourceError, match="订阅源"):
        [finding async for finding in source.look({})]


@settings(max_examples=60)
@given(st.binary(max_size=300))
async def test_random_feeds_raise_nothing_but_a_source_error(body: bytes) -> None:
    home = "http://93.184.215.14/"
    said = {"kind": "feed", "name": "s", "title": "样例", "url": home}
    means = Means(
        ScriptedWire({home: Reply(200, {}, b"<rss version='2.0'><channel><item>" + body)}), FrozenClock(), ALIASES
    )
    source = build(KINDS["feed"].definition.model_validate(said), means)
    with contextlib.suppress(SourceError):
        [finding async for finding in source.look({})]
