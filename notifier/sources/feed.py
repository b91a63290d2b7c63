"""An RSS or Atom feed: its entries as policies, the newest last."""

import calendar
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from notifier.domain.benefits import Finding
from notifier.domain.errors import SourceError
from notifier.sources.articles import Reading, one_line, read_article, text_of
from notifier.sources.dates import date_in_address, read_date, today
from notifier.sources.definitions import FeedDefinition
from notifier.sources.document_numbers import own_number
from notifier.sources.fetching import Fetcher, Page, normal_url
from notifier.sources.html_list import conditional, remembered
from notifier.sources.looking import LeftOut, Means, Published, Unusable, policy_finding

# What feedparser's many parsers let through on damaged input.
_PARSER_ERRORS = (
    *(ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError, OverflowError, OSError),
    SAXException,
)


class FeedSource:
    """Watches one feed."""

    def __init__(self, definition: FeedDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self._clock = means.clock
        self._fetcher = Fetcher(means.wire, definition.timeout, allow_private=definition.allow_private)
        self._reading = Reading(definition.body, definition.date, definition.date_formats, definition.encoding)

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The feed's entries, oldest first; nothing when the server says that it is unchanged. Raises SourceError."""
        self.left_out = []
        page = await self._fetcher.page(self.definition.url, conditional(memory))
        if page.is_same:
            return
        found: list[Finding] = []
        for entry in reversed(_entries(page)):
            title = one_line(text_of(str(entry.get("title", ""))))
            try:
                found.append(policy_finding(self.definition, await self._published(entry, title, page), self._clock))
            except SourceError as error:
                self.left_out.append(LeftOut(title or "无标题条目", str(error), again=error.temporary))
            except Unusable as why:
                self.left_out.append(LeftOut(title or "无标题条目", str(why), again=False))
        # The feed may only be called unchanged when nothing of it was left out, which is known at its end.
        keep = {} if self.left_out else remembered(page)
        for finding in found:
            yield replace(finding, memory=keep)

    async def _published(self, entry: Mapping[str, Any], title: str, page: Page) -> Published:
        url = normal_url(urljoin(page.url, str(entry.get("link") or "")))
        contents = [str(part.get("value", "")) for part in entry.get("content", ())]
        body = text_of(max([str(entry.get("summary", "")), *contents], key=len))
        published = Published(
            url=url,
            title=title,
            issuer=one_line(str(entry.get("author") or "")) or self.definition.issuer,
            published_on=_dated(entry) or date_in_address(url),
            document_number=own_number(title, body),
            body=body,
            raw=page.body,
        )
        return await self._whole(published) if self.definition.fetch_pages else published

    async def _whole(self, published: Published) -> Published:
        page = await self._fetcher.page(published.url)
        article = read_article(page.body, page.headers, self._reading)
        return replace(
            published,
            issuer=article.issuer or published.issuer,
            published_on=published.published_on or article.published_on,
            document_number=article.document_number or published.document_number,
            body=article.body or published.body,
            raw=page.body,
        )


def _entries(page: Page) -> list[Mapping[str, Any]]:
    # As a stream: given text, feedparser would take it for an address or the name of a file and open that.
    headers = {"content-location": page.url, "content-type": page.headers.get("content-type", "")}
    try:
        parsed = feedparser.parse(io.BytesIO(page.body), response_headers=headers)
    except _PARSER_ERRORS as error:
        raise SourceError(f"订阅源无法解析（{type(error).__name__}）", temporary=False) from None
    if not parsed.entries and not parsed.get("version"):
        raise SourceError("地址给出的不是 RSS 或 Atom 订阅源", temporary=False)
    return list(parsed.entries)


def _dated(entry: Mapping[str, Any]) -> date | None:
    for name in ("published", "updated", "created"):
        if (parsed := entry.get(f"{name}_parsed")) is not None:
            try:
                return today(datetime.fromtimestamp(calendar.timegm(parsed), UTC))
            except (ValueError, OverflowError, OSError):
                pass
        if found := read_date(str(entry.get(name) or "")):
            return found
    return None
