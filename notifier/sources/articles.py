"""An item's page as text: by the county's selectors first, by the standard metas, and by extraction where both fail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from notifier.sources.dates import read_date
from notifier.sources.document_numbers import own_number
from notifier.sources.encodings import decode
from notifier.sources.wording import block_text, one_line

_TITLES = ("ArticleTitle", "og:title")
_DATES = ("PubDate", "firstpublishedtime", "publishdate", "article:published_time", "HtmlGenerateTime")
_ISSUERS = ("ContentSource", "Source")
_A_DATE = r"\s*[:：]?\s*(.{0,4}\d.{6,24}|[一二][〇○零].{8,16})"
_SAID_DATES = (
    re.compile(rf"(?:发布|公开|发文)(?:日期|时间){_A_DATE}"),
    # Without a word before it: 申报时间 is somebody's deadline.
    re.compile(rf"^\s*(?:时间|日期){_A_DATE}", re.MULTILINE),
    re.compile(rf"成文日期{_A_DATE}"),
)
_SAID_ISSUER = re.compile(
    r"(?:发文机关|发布机构|发布机关|发文单位|发布单位|公开主体)\s*[:：]?\s*([\u4e00-\u9fff、（）()]{3,40})"
)
_LABELS = re.compile(r"(?:文号|发文字号|发布日期|发布时间|公开日期|索引号|主题分类|成文日期|效力|公开方式).*$")
_HEAD = 1500
"""Characters of a page in which what is said about it stands."""
_CUT = ("...", "…", "‥")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where on a page things are."""

    body: str | None = None
    date: str | None = None
    date_formats: Sequence[str] = ()
    encoding: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says; None where it does not say it; `body` may be empty. `heading` is what stands biggest on it."""

    title: str | None
    heading: str | None
    published_on: date | None
    issuer: str | None
    document_number: str | None
    body: str

    def title_for(self, listed: str) -> str:
        """The title of an item that its list calls `listed`: a list cuts titles short, a heading may be the site's."""
        if self.title:
            return self.title
        is_cut = listed.endswith(_CUT)
        if self.heading and (not listed or (is_cut and self.heading.startswith(listed.rstrip(".…‥ ")))):
            return self.heading
        return listed


def read_article(raw: bytes, headers: Mapping[str, str], reading: Reading) -> Article:
    """The page's title, date, issuer and text. Raises nothing: what cannot be found is None or empty."""
    html = decode(raw, headers.get("content-type", ""), reading.encoding)
    tree = LexborHTMLParser(html)
    title = _selected(tree, reading.title) or _meta(tree, _TITLES)
    heading = _selected(tree, "h1")
    said_on, said_by = _selected(tree, reading.date) or "", _meta(tree, _ISSUERS)
    meta_on = _meta(tree, _DATES) or ""
    whole = LexborHTMLParser(html).body
    words = block_text(whole) if whole else ""
    head = words[:_HEAD]
    published_on = read_date(said_on, reading.date_formats) or read_date(meta_on, reading.date_formats)
    return Article(
        title=title,
        heading=heading,
        published_on=published_on or _said_date(head),
        issuer=said_by or _said_issuer(head),
        document_number=own_number(title or heading or "", words),
        body=_body(tree, html, reading),
    )


def _body(tree: LexborHTMLParser, html: str, reading: Reading) -> str:
    if reading.body and (node := tree.css_first(reading.body)) and (said := block_text(node)):
        return said
    # Precision first: by default a one-sentence notice loses against its navigation bar.
    try:
        return trafilatura.extract(html, favor_precision=True, include_comments=False) or ""
    except (ValueError, TypeError, AttributeError, RecursionError):  # lxml on hostile pages
        return ""


def _selected(tree: LexborHTMLParser, selector: str | None) -> str | None:
    node = tree.css_first(selector) if selector else None
    return one_line(node.text(deep=True)) or None if node else None


def _meta(tree: LexborHTMLParser, names: Sequence[str]) -> str | None:
    for name in names:
        for node in tree.css(f'meta[name="{name}" i], meta[property="{name}" i]'):
            if said := one_line(node.attributes.get("content") or ""):
                return said
    return None


def _said_date(head: str) -> date | None:
    for pattern in _SAID_DATES:
        for found in pattern.finditer(head):
            if on := read_date(found[1]):
                return on
    return None


def _said_issuer(head: str) -> str | None:
    found = _SAID_ISSUER.search(head)
    return _LABELS.sub("", found[1]).strip("、（）()") or None if found else None
