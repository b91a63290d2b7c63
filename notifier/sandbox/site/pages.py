"""The pages as two real systems of this county and its city lay them out, and the feed; pure functions of articles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from email.utils import format_datetime
from html import escape
from zoneinfo import ZoneInfo

from notifier.sandbox.site.articles import Article

PAGE_SIZE = 5
_SHORT_TITLE = 18
_OFFICE_HOUR = time(9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a column looks: one row of its list, its wrapping element, and where an article keeps its text."""

    row: Callable[[int, Article], str]
    wrapper: str
    body: str


@dataclass(frozen=True, slots=True)
class Column:
    """One list: its folder, name and layout. `declared` is the charset its pages claim, `encoding` the true one."""

    key: str
    folder: str
    name: str
    layout: Layout
    encoding: str = "utf-8"
    declared: str = "utf-8"


def _county_row(index: int, article: Article) -> str:
    return (
        f"<ul><li>{index}</li><li><a href='./{article.address}' target='_blank'>{escape(article.title)}</a></li>"
        f"<li>{article.published_on}</li></ul>"
    )


def _city_row(index: int, article: Article) -> str:
    short = article.title if len(article.title) <= _SHORT_TITLE else article.title[:_SHORT_TITLE] + "..."
    return (
        f"<ul><li class='w50'>{index}</li><li class='w383'><a href=\"./{article.address}\" "
        f'title="{escape(article.title)}">{escape(short)}</a></li>'
        f"<li class='w150'>{escape(article.doc_number)}</li>"
        f"<li class='w100'><span>{article.published_on}</span></li></ul>"
    )


_COUNTY = Layout(_county_row, "<div class='boxcon'><div>{rows}</div></div>", "zz-xl-sec")
_CITY = Layout(_city_row, "<div class='xxgk_wrap'>{rows}</div>", "TRS_Editor")

COLUMNS: tuple[Column, ...] = (
    Column("wjfb", "/xxgk_13872/zfxxgkml/wjfb/", "文件发布", _COUNTY),
    # real sites declare gb2312 and send what only gb18030 can read
    Column("zcjd", "/xxgk_13872/zfxxgkml/zcjd/", "政策解读", _COUNTY, "gb18030", "gb2312"),
    Column("hmzc", "/zwgk/zfxxgkml/hmzc/", "惠民政策", _CITY),
)


def n_pages(n_articles: int) -> int:
    """How many list pages that many articles take; an empty column still has one."""
    return max(1, -(-n_articles // PAGE_SIZE))


def list_page(column: Column, articles: Sequence[Article], page: int) -> str:
    """Page `page` (from 0) of the column's list."""
    shown = articles[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    rows = "\n".join(column.layout.row(page * PAGE_SIZE + at, a) for at, a in enumerate(shown, 1))
    pager = f'createPageHTML({n_pages(len(articles))}, {page}, "list", "html");'
    return _page(
        column,
        column.name,
        "",
        f"{column.layout.wrapper.format(rows=rows)}\n<div class='page'><script>{pager}</script></div>",
    )


def article_page(column: Column, article: Article) -> str:
    """The article with the metas, the table of particulars and the text of its layout."""
    assert article.published_on is not None
    metas = {
        "SiteName": "彭阳县人民政府（样例站）",
        "ArticleTitle": article.title,
        "PubDate": f"{article.published_on} 09:30",
        "ContentSource": article.issuer,
        "ColumnName": column.name,
    }
    head = "".join(f"<meta name='{name}' content='{escape(text)}'>\n" for name, text in metas.items())
    text = "\n".join(f"<p>　　{escape(paragraph)}</p>" for paragraph in article.paragraphs)
    table = (
        f"<table class='info'><tr><td>发布机构：{escape(article.issuer)}</td>"
        f"<td>文号：{escape(article.doc_number)}</td><td>{article.published_on}</td></tr>"
        f"<tr><td>索引号：640425-{article.number}</td><td>效力：有效</td><td>公开方式：主动公开</td></tr></table>"
    )
    body = f"{table}\n<h1>{escape(article.title)}</h1>\n<div class='{column.layout.body}'>\n{text}\n</div>"
    return _page(column, article.title, head, body)


def _page(column: Column, title: str, metas: str, body: str) -> str:
    return (
        f"<!DOCTYPE html>\n<html><head>\n<meta charset='{column.declared}'>\n<title>{escape(title)}</title>\n"
        f"{metas}<meta name='generator' content='notifier sandbox'>\n</head><body>\n"
        "<div class='nav'><ul><li><a href='/'>首页</a></li><li><a href='/rss.xml'>订阅</a></li></ul></div>\n"
        f"{body}\n<div class='footer'><p>本站为演示用样例网站，内容均为虚构</p></div>\n</body></html>\n"
    )


def front_page() -> str:
    """Links to every list and to the feed."""
    links = "".join(f"<li><a href='{c.folder}list.html'>{c.name}</a></li>" for c in COLUMNS)
    return _page(COLUMNS[0], "彭阳县人民政府（样例站）", "", f"<ul>{links}<li><a href='/rss.xml'>RSS</a></li></ul>")


def feed(origin: str, articles: Sequence[Article]) -> str:
    """An RSS 2.0 feed of all articles, newest first; `origin` is scheme and host without a slash."""
    folders = {column.key: column.folder for column in COLUMNS}
    items = "".join(_item(f"{origin}{folders[article.column]}{article.address}", article) for article in articles)
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n<rss version='2.0'><channel>"
        f"<title>彭阳县人民政府（样例站）</title><link>{origin}/</link>"
        f"<description>惠民政策</description>{items}</channel></rss>\n"
    )


def _item(link: str, article: Article) -> str:
    assert article.published_on is not None
    return (
        f"<item><title>{escape(article.title)}</title><link>{link}</link>"
        f"<guid isPermaLink='true'>{link}</guid><pubDate>{_stamp(article.published_on)}</pubDate>"
        f"<author>{escape(article.issuer)}</author>"
        f"<description>{escape(''.join(article.paragraphs))}</description></item>\n"
    )


def _stamp(on: date) -> str:
    return format_datetime(datetime.combine(on, _OFFICE_HOUR))
