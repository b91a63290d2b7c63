"""A list of any shape: every new item's page is read with its attachments, the newest last."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import date

from notifier.domain.benefits import Finding, Policy
from notifier.domain.errors import NeedsPerson, SourceError
from notifier.domain.free_text import masked_published
from notifier.sources.addresses import host_of, is_at_home
from notifier.sources.articles import Reading
from notifier.sources.challenges import challenge
from notifier.sources.dates import today
from notifier.sources.fetching import Asked, Page
from notifier.sources.items import Item, page_text, read_items
from notifier.sources.looking import LeftOut, Means, Preview, Unusable, policy_finding, url_identity
from notifier.sources.paging import first_page, later_pages
from notifier.sources.remembering import Delivered, conditional, remembered
from notifier.sources.visiting import Visitor
from notifier.sources.web_definitions import ListDefinition


class ListSource:
    """Watches one list. Pages that an earlier look delivered are read again only now and then, for corrections."""

    def __init__(self, definition: ListDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self.n_listed: int | None = None
        self._clock = means.clock
        reading = Reading(
            definition.body, definition.page_date, definition.date_formats, definition.encoding, definition.page_title
        )
        self._visitor = Visitor(definition, means, reading)

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The list's items that `memory` does not hold, oldest first. Raises SourceError when the list is not there."""
        told = Delivered.read(memory, self.definition, today(self._clock.now()))
        first = await self._first({} if told.has_due() else conditional(memory))
        if first.is_same:
            return
        items = await self._items(first)
        waiting: Finding | None = None
        for item in items:
            if not told.wants(item) or (finding := await self._finding(item)) is None:
                # What was left out is not remembered: its page is read again until it can be used.
                continue
            self.left_out += self._visitor.without()
            told.note(item, finding.benefit.published_on if isinstance(finding.benefit, Policy) else None)
            if waiting is not None:
                yield waiting
            waiting = finding
        if waiting is not None:
            # The list may only be called unchanged when nothing of it was left out, which is known at its end.
            yield replace(waiting, memory={"seen": told.kept(items)} | ({} if self.left_out else remembered(first)))

    async def preview(self, n_pages: int) -> Preview:
        """The list newest first, and its first items read; nothing is remembered. Raises SourceError."""
        items = (await self._items(await self._first({})))[::-1]
        read = [await self._finding(item) for item in items[:n_pages]]
        self.left_out += self._visitor.without()
        return Preview(items, [finding for finding in read if finding])

    async def _first(self, headers: Mapping[str, str]) -> Page:
        self.left_out, self.n_listed = [], None
        asked = first_page(self.definition)
        return await self._visitor.fetcher.page(replace(asked, headers={**asked.headers, **headers}))

    async def _items(self, first: Page) -> list[Item]:
        text = page_text(first, self.definition)
        found = dict.fromkeys(self._listed(first, text))
        self.n_listed = len(found)
        if not found and not self.left_out:
            raise SourceError("列表页上一个条目也没有找到，可能已改版；请检查来源定义中的选择器或路径", temporary=False)
        for n, asked in enumerate(later_pages(self.definition, first, text), 2):
            if not (more := [item for item in await self._later(asked, n) if item not in found]):
                break
            found |= dict.fromkeys(more)
        self.n_listed = len(found)
        newest = list(found)[: self.definition.max_items]
        newest.reverse()
        newest.sort(key=lambda item: item.listed_on or date.min)
        return newest

    async def _later(self, asked: Asked, n: int) -> list[Item]:
        try:
            page = await self._visitor.fetcher.page(asked)
            return self._listed(page, page_text(page, self.definition))
        except SourceError as error:
            if error.temporary:
                self.left_out.append(LeftOut(f"第{n}页", str(error), again=True))
            return []

    def _listed(self, page: Page, text: str) -> list[Item]:
        try:
            listed = read_items(page, text, self.definition)
        except SourceError:
            self._refuse_challenge(page, text)
            raise
        if not listed.items:
            self._refuse_challenge(page, text)
        self.left_out += [LeftOut(masked_published(title), "链接无法识别", again=False) for title in listed.damaged]
        return listed.items

    def _refuse_challenge(self, page: Page, text: str) -> None:
        if why := challenge(page.body, text):
            raise NeedsPerson(f"{host_of(page.url)}：{why}，请人工查看")

    async def _finding(self, item: Item) -> Finding | None:
        if not is_at_home(item.url, self._visitor.hosts):
            why = "链接到别的网站；需要时请在来源定义中写入 allow_hosts"
            self._leave(item, LeftOut(item.title, why, again=False))
            return None
        try:
            published = await self._visitor.read(item)
            return policy_finding(self.definition, published, self._clock)
        except SourceError as error:
            for_person = isinstance(error, NeedsPerson)
            self._leave(item, LeftOut(item.title, str(error), again=error.temporary, for_person=for_person))
        except Unusable as why:
            self._leave(item, LeftOut(item.title, str(why), again=False))
        return None

    def _leave(self, item: Item, left: LeftOut) -> None:
        what = masked_published(left.what or item.url)
        self.left_out.append(replace(left, what=what, identities=(url_identity(item.url),)))
