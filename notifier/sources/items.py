"""What a list page shows, whatever it is written in: items with their link, title and date."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from notifier.domain.errors import SourceError
from notifier.sources.addresses import resolve
from notifier.sources.dates import date_in_address, read_date
from notifier.sources.encodings import decode
from notifier.sources.fetching import Page
from notifier.sources.json_paths import at_path, read_json, text_at
from notifier.sources.script_literals import array_named
from notifier.sources.web_definitions import (
    HtmlListDefinition,
    JsonListDefinition,
    ListDefinition,
    ScriptListDefinition,
)
from notifier.sources.wording import one_line, text_of

_RECORD = re.compile(r"<record>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</record>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>|&#?\w{2,8};")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; `listed_on` None when neither the list nor the address says a date."""

    url: str
    title: str
    listed_on: date | None


@dataclass(slots=True)
class Listed:
    """The items of one page in its order, and the titles of those whose link is none."""

    items: list[Item] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Raw:
    href: str
    title: str
    dated: str


def read_items(page: Page, text: str, definition: ListDefinition) -> Listed:
    """The items on one fetched list page; `text` is its body decoded. Raises SourceError when it is no list at all."""
    listed = Listed()
    kept = re.compile(definition.keep) if definition.keep else None
    for raw in _readers(definition)(text):
        try:
            url = resolve(page.url, raw.href)
        except SourceError:
            listed.damaged.append(raw.title)
            continue
        if url is None or (kept and not kept.search(url)):
            continue
        on = read_date(raw.dated, definition.date_formats) or date_in_address(url)
        listed.items.append(Item(url, raw.title, on))
    return listed


def page_text(page: Page, definition: ListDefinition) -> str:
    """A list page decoded."""
    return decode(page.body, page.headers.get("content-type", ""), definition.encoding)


def _readers(definition: ListDefinition) -> Callable[[str], Iterator[_Raw]]:
    if isinstance(definition, HtmlListDefinition):
        return lambda text: _in_html(_unwrapped(text, definition), definition)
    if isinstance(definition, JsonListDefinition):
        return lambda text: _in_json(text, definition)
    assert isinstance(definition, ScriptListDefinition), "every list definition has its reader"
    return lambda text: _in_script(text, definition)


def _unwrapped(text: str, definition: HtmlListDefinition) -> str:
    if definition.wrapped == "records":
        return "\n".join(_RECORD.findall(text))
    if definition.wrapped == "json":
        return text_at(read_json(text), definition.fragment)
    return text


def _in_html(html: str, definition: HtmlListDefinition) -> Iterator[_Raw]:
    for node in LexborHTMLParser(html).css(definition.item):
        link = node if node.tag == "a" else node.css_first(definition.link)
        href = (link.attributes.get("href") or "").strip() if link else ""
        if link is None or not href:
            continue
        at = (node.css_first(definition.title_at) if definition.title_at else None) or link
        title = one_line(at.attributes.get("title") or at.text(deep=True))
        yield _Raw(href, title, _dated(node, definition.date))


def _dated(node: LexborNode, selector: str | None) -> str:
    at = node.css_first(selector) if selector else None
    return at.text(deep=True) if at else ""


def _in_json(text: str, definition: JsonListDefinition) -> Iterator[_Raw]:
    items = at_path(read_json(text), definition.items)
    if items is None:
        raise SourceError(f"答复中没有 {definition.items}；接口可能已变更", temporary=False)
    for item in items if isinstance(items, list) else ():
        yield _raw(item, definition.link, definition.title_at, [definition.date] if definition.date else [])


def _raw(item: Any, link: str, title: str, dates: Sequence[str]) -> _Raw:
    said = text_at(item, title)
    return _Raw(text_at(item, link), _plain(said), "-".join(text_at(item, one) for one in dates))


def _plain(said: str) -> str:
    """A title that a search marked up, without its marks."""
    return one_line(text_of(said) if _TAG.search(said) else said)


def _in_script(text: str, definition: ScriptListDefinition) -> Iterator[_Raw]:
    dates = [definition.date] if isinstance(definition.date, str) else list(definition.date or ())
    if definition.items:
        for item in array_named(text, definition.items):
            yield _raw(item, definition.link, definition.title_at, dates)
        return
    columns = [array_named(text, name) for name in (definition.link, definition.title_at, *dates)]
    if len({len(column) for column in columns}) > 1:
        raise SourceError("脚本里各列表的长短不一，无法对应；页面可能已改版", temporary=False)
    for href, title, *dated in zip(*columns, strict=True):
        yield _Raw(str(href), _plain(str(title)), "-".join(map(str, dated)))
