"""An RSS or Atom feed: its entries as policies, the newest last."""

import calendar
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from notifier.domain.benefits import Finding
from notifier.domain.errors import NeedsPerson, SourceError
from notifier.domain.free_text import masked_published
from notifier.sources.addresses import host_of, normal_url
from notifier.sources.articles import Reading
from notifier.sources.challenges import challenge
from notifier.sources.dates import date_in_address, read_date, today
from notifier.sources.document_numbers import own_number
from notifier.sources.encodings import decode
from notifier.sources.fetching import Asked, Page
from notifier.sources.items import Item
from notifier.sources.looking import LeftOut, Means, Preview, Published, Unusable, policy_finding, url_identity
from notifier.sources.remembering import conditional, remembered
from notifier.sources.visiting import Visitor
from notifier.sources.web_definitions import FeedDefinition
from notifier.sources.wording import one_line, text_of

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
        self.n_listed: int | None = None
        self._clock = means.clock
        reading = Reading(
            definition.body, definition.date, definition.date_formats, definition.encoding, definition.page_title
        )
        self._visitor = Visitor(definition, means, reading)

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The feed's entries, oldest first; nothing when the server says that it is unchanged. Raises SourceError."""
        page = await self._fetched(conditional(memory))
        if page.is_same:
            return
        found = await self._findings(page, _entries(page)[::-1])
        # The feed may only be called unchanged when nothing of it was left out, which is known at its end.
        keep = {} if self.left_out else remembered(page)
        for finding in found:
            yield replace(finding, memory=keep)

    async def preview(self, n_pages: int) -> Preview:
        """The feed's entries in its order, and the first read; nothing is remembered. Raises SourceError."""
        page = await self._fetched({})
        entries = _entries(page)
        self.n_listed = len(entries)
        items = [Item(self._url(one, page), _title(one), _dated(one)) for one in entries if one.get("link")]
        return Preview(items, await self._findings(page, entries[:n_pages]))

    async def _fetched(self, headers: Mapping[str, str]) -> Page:
        self.left_out, self.n_listed = [], None
        page = await self._visitor.fetcher.page(Asked(self.definition.url, headers))
        if not page.is_same and (why := challenge(page.body, decode(page.body, ""))):
            raise NeedsPerson(f"{host_of(page.url)}：{why}，请人工查看")
        return page

    async def _findings(self, page: Page, entries: Sequence[Mapping[str, Any]]) -> list[Finding]:
        found: list[Finding] = []
        self.n_listed = len(entries)
        for entry in entries:
            try:
                found.append(policy_finding(self.definition, await self._published(entry, page), self._clock))
            except SourceError as error:
                self._leave(entry, page, str(error), again=error.temporary)
            except Unusable as why:
                self._leave(entry, page, str(why), again=False)
        self.left_out += self._visitor.without()
        return found

    def _leave(self, entry: Mapping[str, Any], page: Page, why: str, *, again: bool) -> None:
        try:
            identities: tuple[str, ...] = (url_identity(self._url(entry, page)),)
        except SourceError:
            identities = ()
        what = masked_published(_title(entry)) or "无标题条目"
        self.left_out.append(LeftOut(what, why, again, identities))

    def _url(self, entry: Mapping[str, Any], page: Page) -> str:
        return normal_url(urljoin(page.url, str(entry.get("link") or "")))

    async def _published(self, entry: Mapping[str, Any], page: Page) -> Published:
        url, title = self._url(entry, page), _title(entry)
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
        said = await self._visitor.read(Item(published.url, published.title, published.published_on))
        return replace(
            said,
            title=published.title or said.title,
            issuer=said.issuer or published.issuer,
            published_on=published.published_on or said.published_on,
            document_number=said.document_number or published.document_number,
            body=said.body or published.body,
        )


def _title(entry: Mapping[str, Any]) -> str:
    return one_line(text_of(str(entry.get("title", ""))))


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
