"""A government list page by selectors: every item's page is read, its date and text judged, the newest last."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from notifier.domain.benefits import Finding
from notifier.domain.errors import SourceError
from notifier.sources.articles import Reading, decode, one_line, read_article
from notifier.sources.dates import date_in_address, read_date
from notifier.sources.definitions import HtmlListDefinition
from notifier.sources.fetching import Fetcher, Page, normal_url
from notifier.sources.looking import LeftOut, Means, Published, Unusable, policy_finding

_KEY_BYTES = 6


@dataclass(frozen=True, slots=True)
class _Item:
    url: str
    title: str
    listed_on: date | None


class HtmlListSource:
    """Watches one list. Pages that an earlier look delivered are not fetched again."""

    def __init__(self, definition: HtmlListDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self._clock = means.clock
        self._fetcher = Fetcher(means.wire, definition.timeout, allow_private=definition.allow_private)
        self._hosts = {urlsplit(normal_url(definition.url)).hostname, *definition.allow_hosts}
        self._reading = Reading(definition.body, definition.page_date, definition.date_formats, definition.encoding)

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The list's items that `memory` does not hold, oldest first. Raises SourceError when the list is not there."""
        self.left_out = []
        first = await self._fetcher.page(self.definition.url, conditional(memory))
        if first.is_same:
            return
        items = await self._items(first)
        told = set(memory.get("seen", "").split())
        seen = told & {_key(item.url) for item in items}
        found: list[Finding] = []
        for item in items:
            if _key(item.url) not in told and (finding := await self._finding(item)):
                # What was quarantined is not among them: its page is read again until it can be used.
                seen.add(_key(item.url))
                found.append(finding)
        # The list may only be called unchanged when nothing of it was left out, which is known at its end.
        keep = {"seen": " ".join(sorted(seen))} | ({} if self.left_out else remembered(first))
        for finding in found:
            yield replace(finding, memory=keep)

    async def _items(self, first: Page) -> list[_Item]:
        found = dict.fromkeys(self._listed(first))
        if not found and not self.left_out:
            raise SourceError("列表页上一个条目也没有找到，可能已改版；请检查来源定义中的 item 选择器", temporary=False)
        for n in range(1, self.definition.max_pages if self.definition.next_page else 1):
            url = urljoin(first.url, str(self.definition.next_page).replace("{n}", str(n)))
            try:
                more = [item for item in self._listed(await self._fetcher.page(url)) if item not in found]
            except SourceError as error:
                if error.temporary:
                    self.left_out.append(LeftOut(f"第{n + 1}页", str(error), again=True))
                break
            if not more:
                break
            found |= dict.fromkeys(more)
        newest = list(found)[: self.definition.max_items]
        newest.reverse()
        newest.sort(key=lambda item: item.listed_on or date.min)
        return newest

    def _listed(self, page: Page) -> Iterator[_Item]:
        html = decode(page.body, page.headers.get("content-type", ""), self.definition.encoding)
        for node in LexborHTMLParser(html).css(self.definition.item):
            link = node.css_first(self.definition.link)
            href = (link.attributes.get("href") or "").strip() if link else ""
            if link is None or not href or href.startswith(("javascript:", "#")):
                continue
            title = self._title(node, link)
            try:
                url = normal_url(urljoin(page.url, href))
            except (SourceError, ValueError):
                self.left_out.append(LeftOut(title, "链接无法识别", again=False))
                continue
            yield _Item(url, title, self._listed_on(node, url))

    def _title(self, node: LexborNode, link: LexborNode) -> str:
        at = node.css_first(self.definition.title_at) if self.definition.title_at else link
        at = at or link
        return one_line(at.attributes.get("title") or at.text(deep=True))

    def _listed_on(self, node: LexborNode, url: str) -> date | None:
        at = node.css_first(self.definition.date) if self.definition.date else None
        return (read_date(at.text(deep=True), self.definition.date_formats) if at else None) or date_in_address(url)

    async def _finding(self, item: _Item) -> Finding | None:
        if urlsplit(item.url).hostname not in self._hosts:
            self._leave(item, "链接到别的网站；需要时请在来源定义中写入 allow_hosts", again=False)
            return None
        try:
            page = await self._fetcher.page(item.url)
            article = read_article(page.body, page.headers, self._reading)
            published = Published(
                url=item.url,
                title=article.title or item.title,
                issuer=article.issuer or self.definition.issuer,
                published_on=article.published_on or item.listed_on,
                document_number=article.document_number,
                body=article.body,
                raw=page.body,
            )
            return policy_finding(self.definition, published, self._clock)
        except SourceError as error:
            self._leave(item, str(error), again=error.temporary)
        except Unusable as why:
            self._leave(item, str(why), again=False)
        return None

    def _leave(self, item: _Item, why: str, *, again: bool) -> None:
        self.left_out.append(LeftOut(item.title or item.url, why, again))


def conditional(memory: Mapping[str, str]) -> dict[str, str]:
    """The request headers by which a server may answer that nothing changed."""
    told = {"If-None-Match": memory.get("etag"), "If-Modified-Since": memory.get("last_modified")}
    return {name: value for name, value in told.items() if value}


def remembered(page: Page) -> dict[str, str]:
    """What the next look gives `conditional`."""
    told = {"etag": page.headers.get("etag"), "last_modified": page.headers.get("last-modified")}
    return {name: value for name, value in told.items() if value}


def _key(url: str) -> str:
    return hashlib.blake2b(url.encode(), digest_size=_KEY_BYTES).hexdigest()
