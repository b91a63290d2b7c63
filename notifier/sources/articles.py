"""An item's page as text: by the county's selectors first, by the standard metas, and by extraction where both fail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import trafilatura
from selectolax.lexbor import LexborHTMLParser, LexborNode

from notifier.sources.dates import read_date
from notifier.sources.document_numbers import own_number

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_META_WITHIN = 4096
_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
# Servers send Latin-1 when nobody told them better; on a Chinese page it is never true.
_NEVER = frozenset(("iso-8859-1", "latin-1", "latin1", "windows-1252", "ascii", "us-ascii"))
_BLOCKS = "p, div, br, tr, li, h1, h2, h3, h4, h5, h6, section, article, table, dd, dt"
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0\u3000]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where on a page things are."""

    body: str | None = None
    date: str | None = None
    date_formats: Sequence[str] = ()
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says; None where it does not say it; `body` may be empty."""

    title: str | None
    published_on: date | None
    issuer: str | None
    document_number: str | None
    body: str


def decode(raw: bytes, content_type: str, override: str | None = None) -> str:
    """The text of a page: by override, header, meta, UTF-8, in this order, else GB18030 with marks for damage."""
    told = [override or "", *_charsets(content_type.encode("ascii", "ignore")), *_charsets(raw[:_META_WITHIN])]
    for charset in (*told, "utf-8-sig"):
        name = charset.lower()
        if not name or name in _NEVER:
            continue
        try:
            return raw.decode(_CHINESE.get(name, name))
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("gb18030", errors="replace")


def _charsets(place: bytes) -> list[str]:
    return [found.decode("ascii") for found in _CHARSET.findall(place)[:1]]


def read_article(raw: bytes, headers: Mapping[str, str], reading: Reading) -> Article:
    """The page's title, date, issuer and text. Raises nothing: what cannot be found is None or empty."""
    html = decode(raw, headers.get("content-type", ""), reading.encoding)
    tree = LexborHTMLParser(html)
    heading = tree.css_first("h1")
    title = _meta(tree, "ArticleTitle") or (one_line(heading.text()) if heading else None)
    said_on = _meta(tree, "PubDate") or ""
    if reading.date and (node := tree.css_first(reading.date)):
        said_on = node.text() or said_on
    published_on = read_date(said_on, reading.date_formats)
    whole = LexborHTMLParser(html).body
    number = own_number(title or "", block_text(whole) if whole else "")
    return Article(title or None, published_on, _meta(tree, "ContentSource"), number, _body(tree, html, reading))


def _body(tree: LexborHTMLParser, html: str, reading: Reading) -> str:
    if reading.body and (node := tree.css_first(reading.body)) and (said := block_text(node)):
        return said
    # Precision first: by default a one-sentence notice loses against its navigation bar.
    try:
        return trafilatura.extract(html, favor_precision=True, include_comments=False) or ""
    except (ValueError, TypeError, AttributeError, RecursionError):  # lxml on hostile pages
        return ""


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    node = tree.css_first(f'meta[name="{name}" i]')
    return one_line(node.attributes.get("content") or "") or None if node else None


def text_of(fragment: str) -> str:
    """The text of an HTML fragment, a block a line; empty for nothing."""
    body = LexborHTMLParser(fragment).body
    return block_text(body) if body else ""


def block_text(node: LexborNode) -> str:
    """The text under a node, a block a line, without scripts, styles and empty lines. The tree is used up by it."""
    for unread in node.css("script, style, noscript"):
        unread.decompose()
    for block in node.css(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (_BLANKS.sub(" ", line).strip() for line in node.text(deep=True, separator="").split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """A text without line breaks and doubled blanks."""
    return " ".join(text.split())
