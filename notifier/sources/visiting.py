"""Reading one item's page: its text, what it says of itself, and what hangs on it."""

from urllib.parse import urlsplit

from notifier.domain.benefits import Attachment
from notifier.domain.errors import NeedsPerson
from notifier.domain.free_text import masked_published
from notifier.sources.addresses import host_of, normal_url
from notifier.sources.articles import Reading, read_article
from notifier.sources.attachments import Attaching, is_file, with_text_of
from notifier.sources.challenges import challenge
from notifier.sources.document_numbers import own_number
from notifier.sources.encodings import decode
from notifier.sources.fetching import Asked, Fetcher, Manners, Page
from notifier.sources.items import Item
from notifier.sources.looking import LeftOut, Means, Published
from notifier.sources.web_definitions import WebDefinition


class Visitor:
    """Visits the pages of one source. `hosts` are those to which items may link."""

    def __init__(self, definition: WebDefinition, means: Means, reading: Reading) -> None:
        self._definition, self._reading = definition, reading
        home = urlsplit(normal_url(definition.url)).hostname or ""
        self.hosts = frozenset((home, *definition.allow_hosts))
        manners = Manners(
            definition.timeout,
            definition.allow_private,
            self.hosts,
            definition.headers,
            None if definition.certificate is None else bytes.fromhex(definition.certificate),
            definition.pause,
        )
        self.fetcher = Fetcher(means.wire, manners)
        self.missing: list[tuple[str, str]] = []
        self._attaching = Attaching(self.fetcher, self.hosts, definition.attachment_limit, means.payments)

    async def read(self, item: Item) -> Published:
        """The item with its page's text and attachments. Raises SourceError; what it lacked is told by `without`."""
        page = await self.fetcher.page(Asked(item.url, limit=self._definition.attachment_limit))
        if is_file(page):
            return await self._file(item, page)
        html = decode(page.body, page.headers.get("content-type", ""), self._reading.encoding)
        if why := challenge(page.body, html):
            raise NeedsPerson(f"{host_of(page.url)}：{why}，请人工查看")
        article = read_article(page.body, page.headers, self._reading)
        attachments: list[Attachment] = []
        if self._definition.attachments:
            attachments, missing = await self._attaching.of_page(html, page.url, article.body)
            self.missing += [(f"{article.title_for(item.title)} 的附件 {name}", why) for name, why in missing]
        body = with_text_of(article.body, attachments)
        return Published(
            url=item.url,
            title=article.title_for(item.title),
            issuer=article.issuer or self._definition.issuer,
            published_on=article.published_on or item.listed_on,
            document_number=article.document_number or own_number("", body),
            body=body,
            raw=page.body,
            attachments=attachments,
        )

    def without(self) -> list[LeftOut]:
        """The attachments that could not be had since the last time this was asked."""
        missing, self.missing = self.missing, []
        return [LeftOut(masked_published(what), why, again=False) for what, why in missing]

    async def _file(self, item: Item, page: Page) -> Published:
        file = await self._attaching.of_file(page, item.title)
        return Published(
            url=item.url,
            title=item.title,
            issuer=self._definition.issuer,
            published_on=item.listed_on,
            document_number=own_number(item.title, file.text),
            body=with_text_of("", [file]),
            raw=page.body,
            attachments=[file],
        )
