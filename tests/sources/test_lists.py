"""Lists of every shape: paging, arrays in scripts, links as editors paste them, and corrections looked for again."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from notifier.domain.errors import SourceError
from notifier.sources.addresses import is_at_home, resolve
from notifier.sources.articles import Reading, read_article
from notifier.sources.challenges import challenge
from notifier.sources.fetching import Page
from notifier.sources.items import Item, page_text, read_items
from notifier.sources.json_paths import at_path, read_json, text_at
from notifier.sources.looking import Means
from notifier.sources.paging import first_page, later_pages
from notifier.sources.registry import build
from notifier.sources.remembering import Delivered
from notifier.sources.script_literals import array_named
from notifier.sources.web_definitions import HtmlListDefinition, JsonListDefinition, ScriptListDefinition
from notifier.store.foreign import ForeignDatabases
from notifier.wire import Reply
from tests.registered import FrozenClock
from tests.sources.test_pages import ALIASES, ScriptedWire, html

HOME = "http://www.example.gov.cn/a/list.html"


def a_list(**keys: Any) -> HtmlListDefinition:
    said = {"kind": "html_list", "name": "s", "title": "样例", "url": HOME, "item": "li", "pause": 0, **keys}
    return HtmlListDefinition.model_validate(said)


@pytest.mark.parametrize(
    ("script", "pages"),
    [
        ('createPageHTML(3, 0, "list", "html");', ["list_1.html", "list_2.html"]),
        ("createPageHTML(2,0,'index','shtml')", ["index_1.shtml"]),
        ("createPageHTML('page_div', 3, 0, 'list', 'htm', 52);", ["list_1.htm", "list_2.htm"]),
        ('createPageHTML(1, 0, "list", "html");', []), ("createPageHTML();", []), ("", []),
    ],
)  # fmt: skip
def test_a_page_that_says_how_many_there_are_is_believed(script: str, pages: list[str]) -> None:
    definition = a_list(next_page="createPageHTML", max_pages=9)
    found = later_pages(definition, Page(HOME, {}, b""), f"<script>{script}</script>")
    assert [asked.url for asked in found] == [f"http://www.example.gov.cn/a/{name}" for name in pages]


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        ({"next_page": "list_{n}.html"}, [HOME, "…/list_1.html", "…/list_2.html"]),
        ({"next_page": "index_{n}.html", "page_from": 2}, [HOME, "…/index_2.html", "…/index_3.html"]),
        ({"next_page": "?page={n}", "page_from": 2}, [HOME, f"{HOME}?page=2", f"{HOME}?page=3"]),
        ({"next_page": "?s={start}&e={end}", "page_size": 15}, [HOME, f"{HOME}?s=16&e=30", f"{HOME}?s=31&e=45"]),
        ({"url": f"{HOME}?p={{n}}", "page_from": 0}, [f"{HOME}?p=0", f"{HOME}?p=1", f"{HOME}?p=2"]),
        ({}, [HOME]),
    ],
)  # fmt: skip
def test_paging_templates(keys: dict[str, Any], asked: list[str]) -> None:
    definition = a_list(max_pages=3, **keys)
    pages = [first_page(definition), *later_pages(definition, Page(HOME, {}, b""), "")]
    assert [one.url for one in pages] == [one.replace("…", "http://www.example.gov.cn/a") for one in asked]


def test_a_posted_body_is_a_form_or_json_with_the_page_in_it() -> None:
    form = first_page(a_list(send="webname=彭阳 县&start={start}&n={n}"))
    assert form.body == b"webname=%E5%BD%AD%E9%98%B3%20%E5%8E%BF&start=1&n=1"
    posted = first_page(a_list(send='{"page": {n}, "size": {size}}', send_as="json", page_size=5))
    assert (posted.body, posted.headers["Content-Type"][:16]) == (b'{"page": 1, "size": 5}', "application/json")


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("./202611/t1.html", "http://www.example.gov.cn/a/202611/t1.html"), ("//y.cn/b", "http://y.cn/b"),
        ("www.y.gov.cn/b.html", "http://www.y.gov.cn/b.html"), ("..\\b\\c.html", "http://www.example.gov.cn/b/c.html"),
        ("\n b.html\n", "http://www.example.gov.cn/a/b.html"), ("b.html;jsessionid=9A?x=1", "http://www.example.gov.cn/a/b.html?x=1"),
        ("javascript:void(0)", None), ("#top", None), ("mailto:a@b.cn", None), ("", None), ("/a b", "http://www.example.gov.cn/a%20b"),
    ],
)  # fmt: skip
def test_links_as_editors_paste_them(href: str, url: str | None) -> None:
    assert resolve(HOME, href) == url


def test_a_site_is_at_home_with_and_without_www_and_where_a_star_allows() -> None:
    hosts = frozenset({"www.a.gov.cn", "*.b.gov.cn"})
    assert [is_at_home(f"http://{host}/", hosts) for host in ("a.gov.cn", "zw.b.gov.cn", "b.gov.cn")] == [True] * 3
    assert [is_at_home(f"http://{host}/", hosts) for host in ("x.a.gov.cn", "evilb.gov.cn", "gov.cn")] == [False] * 3


@given(st.text(max_size=60))
def test_no_link_raises_anything_but_a_source_error(href: str) -> None:
    try:
        found = resolve(HOME, href)
    except SourceError:
        return
    assert found is None or resolve(HOME, found) == found


VALUES = st.recursive(
    st.one_of(st.text("ab'\"\\\n列:,[]{}", max_size=6), st.integers(), st.booleans(), st.none()),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), some, max_size=3),
    max_leaves=8,
)


@hypothesis_settings(max_examples=50)
@given(st.lists(VALUES, max_size=4))
def test_an_array_of_json_values_is_read_as_it_is(values: list[Any]) -> None:
    written = json.dumps(values, ensure_ascii=False)
    assert array_named(f"var x = 1; var rows ={written};", "rows") == values


@given(st.text("rows=[]{}'\",:\\/*x1 \n", max_size=40))
def test_no_script_raises(script: str) -> None:
    array_named(f"var rows = [{script}", "rows")
    array_named(script, "rows")


@pytest.mark.parametrize(
    ("script", "values"),
    [
        ("var rows = ['a', \"b\",];", ["a", "b"]), ("rows[1]='b';rows[0]='a';", ["a", "b"]),
        ("rows.push({t:'a'}); rows.push({t:'b',});", [{"t": "a"}, {"t": "b"}]), ("if (rows == ['x']) {}", []),
        ("window.rows = [/* 空 */ 'a' + 'b', // 完\n 1.5, null]", ["ab", 1.5, None]), ("var xrows = ['a']", []),
        ("var rows = ['\\u4e2d\\x41\\'']", ["中A'"]), ("var rows = [f('a')]", []), ("var rows = ['a'", []),
    ],
)  # fmt: skip
def test_arrays_as_pages_write_them(script: str, values: list[Any]) -> None:
    assert array_named(script, "rows") == values


def test_arrays_of_unlike_length_are_an_error_not_a_wrong_list() -> None:
    said = {"kind": "script_list", "name": "s", "title": "样例", "url": HOME, "link": "u", "title_at": "t"}
    definition = ScriptListDefinition.model_validate(said)
    page = Page(HOME, {}, "u=['a.html','b.html'];t=['甲']".encode())
    with pytest.raises(SourceError, match="长短不一"):
        read_items(page, page_text(page, definition), definition)


def test_json_is_read_by_paths_through_text_numbers_and_templates() -> None:
    value = read_json('cb({"a": [{"id": 7, "in": "{\\"t\\": \\"甲\\"}"}], "no": {}})')
    assert [text_at(value, path) for path in ("a.0.in.t", "a.0.id", "no", "a.9")] == ["甲", "7", "", ""]
    assert text_at(at_path(value, "a.0"), "/show/{id}.html") == "/show/7.html"
    assert text_at(at_path(value, "a.0"), "/show/{gone}.html") == ""
    with pytest.raises(SourceError, match="JSON"):
        read_json("<html>")
    said = {"kind": "json_list", "name": "s", "title": "样例", "url": HOME, "items": "data.rows"}
    with pytest.raises(SourceError, match=r"data\.rows"):
        read_items(Page(HOME, {}, b""), "{}", JsonListDefinition.model_validate(said))


def test_an_article_about_safety_checks_is_no_challenge() -> None:
    article = "<html><body>" + "<p>做好网络安全验证工作，访问被拒绝的情况要及时上报，落实各项措施。</p>" * 12
    assert challenge(article.encode(), article) is None
    assert challenge(b"", "") is None
    short = "<p>通知</p><script>document.cookie = 'n=1'</script>"
    assert challenge(short.encode(), short) is None


def test_a_page_says_its_date_beside_deadlines_and_its_issuer_beside_labels() -> None:
    page = (
        "<h1>关于申报的通知</h1><table><tr><td>发文机关：</td><td>彭阳县农业农村局</td><td>成文日期：2026年10月30日</td></tr>"
        "<tr><td>发布日期：</td><td>2026年11月 3日</td></tr></table><p>申报时间：2027年1月1日前。</p>"
    )
    article = read_article(page.encode(), {}, Reading(body="p"))
    assert (article.published_on, article.issuer) == (date(2026, 11, 3), "彭阳县农业农村局")
    undated = read_article("<h1>通知</h1><p>申报时间：2027年1月1日前。</p>".encode(), {}, Reading(body="p"))
    assert undated.published_on is None


async def test_a_page_is_read_again_after_a_day_and_when_its_listed_title_changes() -> None:
    home, clock = "http://93.184.215.14/", FrozenClock()
    on = "<meta name=PubDate content=2026-11-20>"
    answers: dict[str, Reply | Exception] = {
        home: html("<li><a href=a.html>甲</a></li><li><a href=b.html>乙</a></li>", etag='"1"'),
        home + "a.html": html(f"{on}<h1>甲</h1><div class=t>正文。</div>"),
        home + "b.html": html("<meta name=PubDate content=2026-09-20><h1>乙</h1><div class=t>旧文。</div>"),
    }
    wire = ScriptedWire(answers)
    definition = a_list(url=home, body="div.t")
    source = build(definition, Means(wire, clock, ALIASES, ForeignDatabases()))

    async def read(memory: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        wire.asked.clear()
        kept = dict(memory)
        async for finding in source.look(memory):
            kept |= finding.memory
        return [url.removeprefix(home) for url in wire.asked], kept

    asked, memory = await read({})
    assert asked == ["", "b.html", "a.html"]
    assert (await read(memory))[0] == [""]
    clock.move(timedelta(days=1))
    asked, memory = await read(memory)
    assert asked == ["", "a.html"]  # the old one is not looked at again
    answers[home] = html("<li><a href=a.html>甲</a></li><li><a href=b.html>乙（更正）</a></li>")
    assert (await read(memory))[0] == ["", "b.html"]


@given(st.text(max_size=80))
def test_no_memory_raises(seen: str) -> None:
    told = Delivered.read({"seen": seen}, a_list(), date(2026, 11, 24))
    told.has_due()
    told.wants(Item(HOME, "甲", None))
